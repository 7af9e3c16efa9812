"""Files on their way in through the screen: what lies where, how it is to be read, and which jobs try and write it. Each person's own."""

from collections.abc import Iterable, Mapping as Map
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, RowMapping, String, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice import files
from crm.backoffice.entities import Base
from crm.backoffice.exchange import row_log
from crm.backoffice.exchange.batches import BATCH
from crm.backoffice.exchange.mapping import Mapping, parse_mapping
from crm.backoffice.exchange.mapping_text import as_tree
from crm.backoffice.exchange.profile import Profile, from_dict
from crm.backoffice.guard import DataSession
from crm.backoffice.jobs import TABLE as JOB, UNDER_WAY
from crm.backoffice.types import UtcMoment
from crm.errors import NotFound
from crm.messages import m

KEPT = timedelta(days=30)  # after the last step the file and what was seen of it are forgotten; the mapping stays for the next one
OF_SOURCE = 20  # files of one source that are compared together, the latest
REMEMBERED = 20  # mappings that are looked through for one that fits a new file


class ImportUpload(Base):
    """One file brought by one person. `trial_of` is the digest of the mapping that the trial tried: another mapping asks for another trial."""

    __tablename__ = "import_upload"
    __table_args__ = (Index("ix_import_upload_made_by_id", "made_by_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    entity: Mapped[str] = mapped_column(String(64))
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(UtcMoment())
    moved_at: Mapped[datetime] = mapped_column(UtcMoment())
    file_key: Mapped[str] = mapped_column(String(32))  # "" when the file is forgotten
    file_name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)
    profile: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    why: Mapped[dict[str, Any]] = mapped_column(JSON)
    trial_of: Mapped[str | None] = mapped_column(String(64))
    trial_job_id: Mapped[int | None]
    run_job_id: Mapped[int | None]
    batch: Mapped[str | None] = mapped_column(String(64), index=True)
    figures_job_id: Mapped[int | None]  # the job that compared the file with what it became
    source: Mapped[str | None] = mapped_column(String(80))  # the kit or named source that it is mapped by


TABLE = ImportUpload.__table__


@dataclass(frozen=True)
class Upload:
    """A row of it, read. `why` says by column where its target came from, with "?" behind what a person should look at."""

    id: int
    key: str
    entity: str
    made_by: int | None
    made_at: datetime
    moved_at: datetime
    file_key: str
    file_name: str
    size: int
    mapping: Mapping
    profile: Profile | None
    why: Map[str, str]
    trial_of: str | None = None
    trial_job: int | None = None
    run_job: int | None = None
    batch: str | None = None
    source: str | None = None
    figures_job: int | None = None

    @property
    def is_tried(self) -> bool:
        """Whether the last trial tried the mapping as it stands now."""
        return self.trial_of is not None and self.trial_of == digest(self.mapping)

    def doubtful(self, column: str) -> bool:
        return self.why.get(column, "").endswith("?")


def digest(mapping: Mapping) -> str:
    """Tells one mapping from another."""
    return sha256(dumps(as_tree(mapping), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def add(
    session: DataSession, entity: str, file: files.Kept, file_name: str, mapping: Mapping, profile: Profile, why: Map[str, str], source: str | None = None,
) -> Upload:
    """Keep a new upload in this session's name; the caller commits."""
    now = datetime.now(UTC)
    key, name = uuid4().hex, file_name[:255]
    number = session.kernel(insert(TABLE).values(
        key=key, entity=entity, made_by_id=session.actor_id, made_at=now, moved_at=now, file_key=file.key, file_name=name, size=file.size,
        mapping=as_tree(mapping), profile=profile.as_dict(), why=dict(why), source=source,
    ).returning(TABLE.c.id)).scalar_one()
    return Upload(number, key, entity, session.actor_id, now, now, file.key, name, file.size, mapping, profile, why, source=source)


def find(session: DataSession, key: str, entity: str | None = None) -> Upload:
    """One's own upload. Raises NotFound, alike for another's, for one of another entity, and for none."""
    mine = (TABLE.c.key == key) & (TABLE.c.made_by_id == session.actor_id)
    row = session.kernel(select(TABLE).where(mine)).mappings().first()
    if row is None or (entity is not None and row["entity"] != entity):
        raise NotFound(m("There is no such import."))
    return _upload(row)


def of_batch(session: DataSession, batch: str) -> Upload | None:
    """One's own upload that became this import, or is on the way to it; None when it came another way."""
    begun = select(BATCH.c.upload_key).where(BATCH.c.key == batch).scalar_subquery()
    which = or_(TABLE.c.batch == batch, TABLE.c.key == begun) & (TABLE.c.made_by_id == session.actor_id)
    row = session.kernel(select(TABLE).where(which).limit(1)).mappings().first()
    return _upload(row) if row is not None else None


def of_source(session: DataSession, upload: Upload) -> list[Upload]:
    """One's own finished imports of the same entity from the same source whose files are still there, this one among them; newest first."""
    if upload.source is None:
        return [upload]
    mine = (TABLE.c.made_by_id == session.actor_id) & (TABLE.c.entity == upload.entity) & (TABLE.c.source == upload.source)
    kept = (TABLE.c.file_key != "") & TABLE.c.profile.is_not(None)
    query = select(TABLE).join(BATCH, (BATCH.c.key == TABLE.c.batch) & (BATCH.c.state == "done")).where(mine, kept)
    return [_upload(row) for row in session.kernel(query.order_by(TABLE.c.id.desc()).limit(OF_SOURCE)).mappings()]


def at_work(session: DataSession, keys: Iterable[str]) -> set[str]:
    """Those of the uploads that a job is writing, or is going to."""
    going = select(TABLE.c.key).join(JOB, JOB.c.id == TABLE.c.run_job_id).where(TABLE.c.key.in_(list(keys)), UNDER_WAY)
    return set(session.kernel(going).scalars())


def unfinished(session: DataSession, limit: int = 20) -> list[Upload]:
    """One's own uploads that became no import yet and whose file is still there, newest first."""
    mine = (TABLE.c.made_by_id == session.actor_id) & TABLE.c.batch.is_(None) & (TABLE.c.file_key != "")
    return [_upload(row) for row in session.kernel(select(TABLE).where(mine).order_by(TABLE.c.id.desc()).limit(limit)).mappings()]


def change(session: DataSession, upload: Upload, **values: Any) -> Upload:
    """The upload with other values (of Upload's names), stored; the caller commits."""
    changed = replace(upload, **values, moved_at=datetime.now(UTC))
    profile = changed.profile.as_dict() if changed.profile is not None else None
    session.kernel(update(TABLE).where(TABLE.c.key == upload.key).values(
        mapping=as_tree(changed.mapping), profile=profile, why=dict(changed.why), trial_of=changed.trial_of, trial_job_id=changed.trial_job,
        run_job_id=changed.run_job, batch=changed.batch, file_key=changed.file_key, moved_at=changed.moved_at, source=changed.source,
        figures_job_id=changed.figures_job,
    ))
    return changed


def used_before(session: DataSession, entity: str, columns: tuple[str, ...]) -> Mapping | None:
    """What this person used for the file most like one of these columns, among those he imported lately. At least half must be the same."""
    mine = (TABLE.c.made_by_id == session.actor_id) & (TABLE.c.entity == entity) & TABLE.c.batch.is_not(None)
    best: tuple[float, Mapping] | None = None
    for (tree,) in session.kernel(select(TABLE.c.mapping).where(mine).order_by(TABLE.c.id.desc()).limit(REMEMBERED)):
        mapping = parse_mapping(tree)
        known = set(mapping.columns or {}) | mapping.ignore
        share = len(known & set(columns)) / max(len(columns), 1)
        if share >= 0.5 and (best is None or share > best[0]):
            best = (share, mapping)
    return best[1] if best is not None else None


def forget(session: DataSession, upload: Upload, folder: Path) -> None:
    """Remove the file and what was seen of it; the caller commits."""
    files.remove(folder, upload.file_key)
    row_log.forget(session, [upload.id])
    change(session, upload, file_key="", profile=None)


def sweep(session: DataSession, folder: Path) -> int:
    """Forget the files that nobody has touched for long, whoever brought them; how many. The caller commits."""
    old = (TABLE.c.moved_at < datetime.now(UTC) - KEPT) & (TABLE.c.file_key != "")
    gone = session.kernel(select(TABLE.c.id, TABLE.c.file_key).where(old).limit(200)).all()
    for row in gone:
        files.remove(folder, row.file_key)
    if gone:
        numbers = [row.id for row in gone]
        row_log.forget(session, numbers)
        session.kernel(update(TABLE).where(TABLE.c.id.in_(numbers)).values(file_key="", profile=None))
    return len(gone)


def _upload(row: RowMapping) -> Upload:
    seen = from_dict(row["profile"]) if row["profile"] is not None else None
    return Upload(
        row["id"], row["key"], row["entity"], row["made_by_id"], row["made_at"], row["moved_at"], row["file_key"], row["file_name"], row["size"],
        parse_mapping(row["mapping"]), seen, row["why"], row["trial_of"], row["trial_job_id"], row["run_job_id"], row["batch"], row["source"],
        row["figures_job_id"],
    )
