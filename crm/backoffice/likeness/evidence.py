"""Why two records may be the same, and what people have decided about them: one row a field in which they are alike, one row a decision.

Of a pair the record with the lower number stands first. Both tables keep numbers and names of fields, no values; a changed value takes what
rested on it along.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Float, ForeignKey, Index, String, delete, or_
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.parts import in_parts
from crm.backoffice.types import UtcMoment

if TYPE_CHECKING:
    from crm.backoffice.guard import DataSession


class DuplicateEvidence(Base):
    """Two records are alike in one field; `much` is what that is worth (1: it tells the same thing by itself)."""

    __tablename__ = "duplicate_evidence"
    __table_args__ = (Index("ix_duplicate_evidence_other", "entity", "other_id"),)

    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    one_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    field: Mapped[str] = mapped_column(String(64), primary_key=True)
    much: Mapped[float] = mapped_column(Float())


class NotDuplicates(Base):
    """Somebody has said that two records are not the same."""

    __tablename__ = "not_duplicates"

    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    one_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcMoment())


class DuplicateSearch(Base):
    """How far the search among the records of an entity has come: `place` is the last record that `step` has done. It goes on from there when
    it was interrupted; `finished_at` is when the last whole one ended."""

    __tablename__ = "duplicate_search"

    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    step: Mapped[str] = mapped_column(String(8))
    place: Mapped[int]
    mended: Mapped[int]
    finished_at: Mapped[datetime | None] = mapped_column(UtcMoment())


EVIDENCE, DECIDED, SEARCHES = DuplicateEvidence.__table__, NotDuplicates.__table__, DuplicateSearch.__table__


def erase(session: "DataSession", entity: str, ids: Iterable[int]) -> None:
    """Nothing is kept of these records: neither what they were like nor what was decided about them."""
    for some in in_parts(list(ids)):
        for table in (EVIDENCE, DECIDED):
            session.kernel(delete(table).where(table.c.entity == entity, or_(table.c.one_id.in_(some), table.c.other_id.in_(some))))


def forget(session: "DataSession", entity: str, field: str, ids: Iterable[int]) -> None:
    """The values of records in a field are others now: what was found in the old ones holds no more."""
    for some in in_parts(list(ids)):
        session.kernel(delete(EVIDENCE).where(
            EVIDENCE.c.entity == entity, EVIDENCE.c.field == field, or_(EVIDENCE.c.one_id.in_(some), EVIDENCE.c.other_id.in_(some))
        ))
