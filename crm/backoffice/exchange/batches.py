"""The log of imports: what was asked, how far it came. It moves on in the transaction of the rows it counts, so it never lies."""

from collections.abc import Iterable, Mapping as Map, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, ForeignKey, Index, String, delete, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.exchange.convert import Wanted
from crm.backoffice.guard import DataSession
from crm.backoffice.types import UtcMoment
from crm.errors import BramaError
from crm.messages import m

COUNTS = ("created", "updated", "unchanged", "skipped", "failed")


class ImportBatch(Base):
    """One import. `key` groups its journal rows; `fingerprint` knows the same file with the same mapping again; `runner` is whoever
    writes now: a second process that takes the import over stops the first."""

    __tablename__ = "import_batch"
    __table_args__ = (Index("ix_import_batch_fingerprint", "fingerprint", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    entity: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    state: Mapped[str] = mapped_column(String(8))  # running, done, failed, undoing, undone
    runner: Mapped[str] = mapped_column(String(32))
    position: Mapped[int] = mapped_column(default=0)  # number of the last row handled
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    started_at: Mapped[datetime] = mapped_column(UtcMoment())
    moved_at: Mapped[datetime] = mapped_column(UtcMoment())
    error_file: Mapped[str | None] = mapped_column(String(64))  # its name in the folder of error files
    upload_key: Mapped[str | None] = mapped_column(String(32))  # the file brought on the screen, so that the work can be taken up there
    undo_job_id: Mapped[int | None]  # the job that takes it back, asked for on the screen
    undo_key: Mapped[str | None] = mapped_column(String(64))  # of the journal rows that take it back
    undo_to: Mapped[str | None] = mapped_column(String(8))  # the state it comes to then
    undo_position: Mapped[int] = mapped_column(default=0)  # how many of the records that it wrote have been gone through


class ImportLater(Base):
    """A reference to a row of the file that was not written yet when its own row was."""

    __tablename__ = "import_later"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), index=True)
    record_id: Mapped[int]
    field: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(String(4000))


BATCH, LATER = ImportBatch.__table__, ImportLater.__table__


class TakenOver(BramaError):
    """Another process goes on with this import."""

    code = "taken_over"
    status = 409

    def __init__(self) -> None:
        super().__init__(m("Another process has taken this import over and goes on with it."))


def begin(session: DataSession, *, entity: str, file_name: str, fingerprint: str, upload: str | None = None) -> Map[str, Any]:
    """The row of an unfinished import of the same file, taken over, or of a new one."""
    runner, now = uuid4().hex, datetime.now(UTC)
    found = unfinished(session, fingerprint, lock=True)
    if found is not None:
        session.kernel(update(BATCH).where(BATCH.c.id == found["id"]).values(runner=runner, moved_at=now))
        return {**found, "runner": runner}
    row = {
        "key": uuid4().hex, "entity": entity, "file_name": file_name[:255], "fingerprint": fingerprint, "actor_id": session.actor_id, "state": "running",
        "runner": runner, "position": 0, "counts": {**dict.fromkeys(COUNTS, 0), "related": {}}, "started_at": now, "moved_at": now,
        "upload_key": upload,
    }
    made = session.kernel(insert(BATCH).values(row).returning(BATCH.c.id)).scalar_one()
    return {**row, "id": made}


def unfinished(session: DataSession, fingerprint: str, *, lock: bool = False) -> Map[str, Any] | None:
    """The row of an import of the same file that was interrupted, None when there is none. With `lock` as it stands once a transaction
    that a killed process left behind has ended: its last rows may still be committed."""
    mine = (BATCH.c.fingerprint == fingerprint) & (BATCH.c.state == "running")
    query = select(BATCH).where(mine).order_by(BATCH.c.id.desc()).limit(1)
    row = session.kernel(query.with_for_update() if lock else query).mappings().first()
    return dict(row) if row is not None else None


def half_undone(session: DataSession, fingerprint: str) -> Map[str, Any] | None:
    """The row of an import of the same file whose way back was interrupted."""
    mine = (BATCH.c.fingerprint == fingerprint) & (BATCH.c.state == "undoing")
    row = session.kernel(select(BATCH).where(mine).order_by(BATCH.c.id.desc()).limit(1)).mappings().first()
    return dict(row) if row is not None else None


def begin_undo(session: DataSession, batch: Map[str, Any], to: str) -> Map[str, Any]:
    """The batch on its way back, which goes on where an earlier one was cut off; who goes on stops whoever was at it."""
    values = {"state": "undoing", "undo_key": batch["undo_key"] or uuid4().hex, "undo_to": batch["undo_to"] or to, "runner": uuid4().hex}
    session.kernel(update(BATCH).where(BATCH.c.id == batch["id"]).values(moved_at=datetime.now(UTC), **values))
    return {**batch, **values}


def undone_up_to(session: DataSession, batch: Map[str, Any], position: int) -> None:
    """Note how far the way back has come, in the transaction of the records. Raises TakenOver."""
    here = update(BATCH).where(BATCH.c.id == batch["id"], BATCH.c.runner == batch["runner"])
    if session.kernel(here.values(undo_position=position, moved_at=datetime.now(UTC))).rowcount != 1:  # type: ignore[attr-defined]
        raise TakenOver


def advance(session: DataSession, batch: Map[str, Any], *, position: int, counts: Map[str, Any]) -> None:
    """Note how far the import has come, in the transaction of the rows. Raises TakenOver."""
    values = {"position": position, "counts": dict(counts), "state": "running", "moved_at": datetime.now(UTC)}
    done = session.kernel(update(BATCH).where(BATCH.c.id == batch["id"], BATCH.c.runner == batch["runner"]).values(**values))
    if done.rowcount != 1:  # type: ignore[attr-defined]  # an update's result counts rows
        raise TakenOver


def postpone(session: DataSession, batch: Map[str, Any], record_id: int, later: Map[str, Sequence[Wanted]]) -> None:
    """Keep references that must wait for other rows of the file."""
    waiting = ((key, w) for key, several in later.items() for w in several)
    rows = [{"batch_id": batch["id"], "record_id": record_id, "field": key, "by": w.by, "text": w.text[:4000]} for key, w in waiting]
    session.kernel(insert(LATER), rows)


def postponed(session: DataSession, batch: Map[str, Any], size: int) -> list[Map[str, Any]]:
    """The next of them."""
    return [dict(row) for row in session.kernel(select(LATER).where(LATER.c.batch_id == batch["id"]).order_by(LATER.c.id).limit(size)).mappings()]


def settle(session: DataSession, rows: list[Map[str, Any]]) -> None:
    """They are written."""
    session.kernel(delete(LATER).where(LATER.c.id.in_([row["id"] for row in rows])))


def find(session: DataSession, key: str) -> Map[str, Any] | None:
    """The import with this key."""
    row = session.kernel(select(BATCH).where(BATCH.c.key == key)).mappings().first()
    return dict(row) if row is not None else None


def close(session: DataSession, batch: Map[str, Any], state: str, *, error_file: str | None = None) -> None:
    """The import has ended; nothing waits any more. `error_file` is where the rows that failed are told."""
    session.kernel(delete(LATER).where(LATER.c.batch_id == batch["id"]))
    told = {"error_file": PurePath(error_file).name} if error_file else {}
    session.kernel(update(BATCH).where(BATCH.c.id == batch["id"]).values(state=state, moved_at=datetime.now(UTC), **told))


def asked_to_undo(session: DataSession, batch: Map[str, Any], job_id: int) -> None:
    """Remember which job takes the import back."""
    session.kernel(update(BATCH).where(BATCH.c.id == batch["id"]).values(undo_job_id=job_id))


def page(session: DataSession, *, whose: int | None, entities: Iterable[str], before: int | None, size: int) -> list[Map[str, Any]]:
    """Imports, newest first, older than the one numbered `before`: those of the person `whose`, and with None all of `entities`."""
    mine = BATCH.c.actor_id == (whose if whose is not None else session.actor_id)
    query = select(BATCH).where(mine if whose is not None else or_(mine, BATCH.c.entity.in_(list(entities))))
    if before is not None:
        query = query.where(BATCH.c.id < before)
    return [dict(row) for row in session.kernel(query.order_by(BATCH.c.id.desc()).limit(size)).mappings()]
