"""Who has opened which record, when last and how often: a row for each person and record.

It is personal data of those who look: told to whoever may change the record, among people whom he may know; kept for a year; gathered and
erased with the person. The journal holds what was changed, this what was looked at. What a person has not read yet follows from it (unread.py).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Index, String, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.daily import daily
from crm.backoffice.entities import Base
from crm.backoffice.guard import DataSession, UserSession, system_session
from crm.backoffice.jobs import Work, job
from crm.backoffice.types import UtcMoment

AGAIN = timedelta(minutes=10)  # opened again within these, it is the same look
EVERY = 0  # in place of a record's number: all records of the entity, which the person said to have read
KEPT = timedelta(days=365)
JOB = "forget_seen"


class SeenRow(Base):
    """A person has opened a record."""

    __tablename__ = "record_seen"
    __table_args__ = (Index("ix_record_seen_user", "user_id"), Index("ix_record_seen_last", "last_at"))

    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_at: Mapped[datetime] = mapped_column(UtcMoment())
    times: Mapped[int]


TABLE = SeenRow.__table__


class Seen(NamedTuple):
    """Who, when last, and how many times."""

    user_id: int
    last_at: datetime
    times: int


def last_seen(session: DataSession, entity: str, record_id: int) -> datetime | None:
    """When whoever asks opened the record last; None when never."""
    mine = (TABLE.c.entity == entity, TABLE.c.record_id == record_id, TABLE.c.user_id == session.actor_id)
    return session.kernel(select(TABLE.c.last_at).where(*mine)).scalar()


def note(session: DataSession, entity: str, record_id: int, user_id: int) -> None:
    """Keep that the person opens the record now, or has read EVERY one of the entity. One statement; the caller commits."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    now = datetime.now(UTC)
    row = insert(TABLE).values(entity=entity, record_id=record_id, user_id=user_id, last_at=now, times=1)
    times = case((TABLE.c.last_at < now - AGAIN, TABLE.c.times + 1), else_=TABLE.c.times)
    again = row.on_conflict_do_update(index_elements=["entity", "record_id", "user_id"], set_={"last_at": now, "times": times})
    session.kernel(again)


def of_record(session: UserSession, entity: str, record_id: int, size: int) -> list[Seen]:
    """Who has seen the record, the last first, at most `size`: only people whom this reader may know. That the record and the right to be
    told of it are his, the caller has asked."""
    if not session.sight.may("user", "read"):
        return []
    people = session.table("user")
    query = select(TABLE.c.user_id, TABLE.c.last_at, TABLE.c.times).where(
        TABLE.c.entity == entity, TABLE.c.record_id == record_id, TABLE.c.user_id.in_(select(people.id).where(people.visible))
    )
    return [Seen(*row) for row in session.kernel(query.order_by(TABLE.c.last_at.desc(), TABLE.c.user_id).limit(size))]


def of_people(session: DataSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    """What these people have seen, for the file of their personal data."""
    columns = (TABLE.c.entity, TABLE.c.record_id, TABLE.c.last_at, TABLE.c.times)
    rows = session.kernel(select(*columns).where(TABLE.c.user_id.in_(ids), TABLE.c.record_id != EVERY).order_by(TABLE.c.entity, TABLE.c.record_id)).mappings()
    return [dict(row) for row in rows]


def forget(session: DataSession, ids: Sequence[int]) -> None:
    """Take away what these people have seen."""
    session.kernel(delete(TABLE).where(TABLE.c.user_id.in_(ids)))


@job(JOB)
def forget_old(work: Work) -> Mapping[str, Any]:
    """What nobody has looked at for a year is forgotten."""
    with system_session(work.engine, "who has seen what is kept for a year", work.catalog, write=True, source="job") as session:
        gone = session.kernel(delete(TABLE).where(TABLE.c.last_at < datetime.now(UTC) - KEPT))
        session.commit()
    return {"forgotten": gone.rowcount}  # type: ignore[attr-defined]


daily(JOB)
