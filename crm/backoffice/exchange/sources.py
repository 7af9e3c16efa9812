"""Named sources of files: “export of leads from our old system” with its mapping, known again by the columns, in versions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, RowMapping, String, UniqueConstraint, delete, func, insert, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.exchange.kits import ENOUGH, LEAST
from crm.backoffice.exchange.mapping import Mapping, parse_mapping
from crm.backoffice.exchange.mapping_text import as_tree
from crm.backoffice.guard import DataSession
from crm.backoffice.types import UtcMoment
from crm.errors import NotFound
from crm.messages import m

MOST = 100  # sources of an entity that are offered
VERSIONS = 10  # of a source that are kept
MAX_NAME = 120


class ImportSource(Base):
    """One version of a source. Others than who made it see and use it when it is shared; only he changes it."""

    __tablename__ = "import_source"
    __table_args__ = (
        UniqueConstraint("made_by_id", "entity", "name", "version", name="uq_import_source_version"), Index("ix_import_source_entity", "entity", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    version: Mapped[int]
    shared: Mapped[bool]
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(UtcMoment())


TABLE = ImportSource.__table__


@dataclass(frozen=True)
class Source:
    """A version of a source; `mine`: of whoever asks."""

    id: int
    entity: str
    name: str
    version: int
    shared: bool
    mine: bool
    mapping: Mapping

    def share(self, columns: Iterable[str]) -> float:
        """How much of a file's columns it knows, from 0 to 1."""
        given = set(columns)
        known = given & (set(self.mapping.columns or ()) | self.mapping.ignore)
        return len(known) / max(len(given), 1) if len(known) >= min(LEAST, len(given)) else 0.0


def save(session: DataSession, entity: str, name: str, mapping: Mapping, *, shared: bool) -> Source:
    """Keep a mapping under one's own name for it: a new version when it differs from the last one. The caller commits."""
    mine = (TABLE.c.made_by_id == session.actor_id) & (TABLE.c.entity == entity) & (TABLE.c.name == name)
    last = session.kernel(select(TABLE).where(mine).order_by(TABLE.c.version.desc()).limit(1)).mappings().first()
    tree = as_tree(mapping)
    if last is not None and last["mapping"] == tree and last["shared"] == shared:
        return _source(session, last)
    version = int(last["version"]) + 1 if last is not None else 1
    made = session.kernel(insert(TABLE).values(
        entity=entity, name=name, version=version, shared=shared, mapping=tree, made_by_id=session.actor_id, made_at=datetime.now(UTC),
    ).returning(TABLE)).mappings().one()
    session.kernel(delete(TABLE).where(mine, TABLE.c.version <= version - VERSIONS))
    return _source(session, made)


def offered(session: DataSession, entity: str) -> list[Source]:
    """The sources of an entity that this person may use, each in its last version: his own and those that are shared."""
    last = select(func.max(TABLE.c.id)).where(TABLE.c.entity == entity).group_by(TABLE.c.made_by_id, TABLE.c.name)
    query = select(TABLE).where(TABLE.c.id.in_(last), _usable(session)).order_by(TABLE.c.name, TABLE.c.id).limit(MOST)
    return [_source(session, row) for row in session.kernel(query).mappings()]


def versions(session: DataSession, source: Source) -> list[Source]:
    """Earlier versions of one's own source, the newest first."""
    mine = (TABLE.c.made_by_id == session.actor_id) & (TABLE.c.entity == source.entity) & (TABLE.c.name == source.name) & (TABLE.c.id != source.id)
    return [_source(session, row) for row in session.kernel(select(TABLE).where(mine).order_by(TABLE.c.version.desc())).mappings()]


def find(session: DataSession, entity: str, number: int) -> Source:
    """A source, or an earlier version of one's own. Raises NotFound, alike for another's that is not shared and for none."""
    row = session.kernel(select(TABLE).where(TABLE.c.id == number, TABLE.c.entity == entity, _usable(session))).mappings().first()
    if row is None:
        raise NotFound(m("There is no such source."))
    return _source(session, row)


def likely(session: DataSession, entity: str, columns: Iterable[str]) -> Source | None:
    """The source that knows most of these columns, if it knows enough of them; one's own before another's."""
    given = tuple(columns)
    known = [(one.share(given), one.mine, one.id, one) for one in offered(session, entity)]
    best = max(known, key=lambda one: one[:3], default=None)
    return best[3] if best is not None and best[0] >= ENOUGH else None


def remove(session: DataSession, source: Source) -> None:
    """Forget one's own source with all its versions. Raises NotFound for another's; the caller commits."""
    if not source.mine:
        raise NotFound(m("There is no such source."))
    mine = (TABLE.c.made_by_id == session.actor_id) & (TABLE.c.entity == source.entity) & (TABLE.c.name == source.name)
    session.kernel(delete(TABLE).where(mine))


def _usable(session: DataSession) -> ColumnElement[bool]:
    return or_(TABLE.c.made_by_id == session.actor_id, TABLE.c.shared)


def _source(session: DataSession, row: RowMapping) -> Source:
    mine = row["made_by_id"] == session.actor_id
    return Source(row["id"], row["entity"], row["name"], row["version"], row["shared"], mine, parse_mapping(row["mapping"]))
