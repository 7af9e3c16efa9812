"""The time that a person takes: one running timer each, a row, so that it outlives pages, browsers and workers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.guard import DataSession
from crm.backoffice.types import UtcMoment

FORGOTTEN = timedelta(hours=12)  # nobody talks so long: what it measured is asked about


class RunningTimer(Base):
    """What somebody takes the time of now. No user's session sees these."""

    __tablename__ = "running_timer"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True, autoincrement=False)
    entity: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[int | None]
    page: Mapped[str] = mapped_column(String(200))  # where it was started: a record that is only made at its end is about that page
    started_at: Mapped[datetime] = mapped_column(UtcMoment())


@dataclass(frozen=True)
class Running:
    """A running timer: of which record (None: of one still to be made), since when."""

    entity: str
    record_id: int | None
    page: str
    started_at: datetime

    def minutes(self, now: datetime) -> int:
        """Whole minutes so far, at least one; a clock set back makes none less."""
        return max(1, round((now - self.started_at).total_seconds() / 60))

    def is_forgotten(self, now: datetime) -> bool:
        return now - self.started_at > FORGOTTEN


def running(session: DataSession, user_id: int) -> Running | None:
    """What the person takes the time of now."""
    table = RunningTimer.__table__
    row = session.kernel(select(table.c.entity, table.c.record_id, table.c.page, table.c.started_at).where(table.c.user_id == user_id)).first()
    return Running(*row) if row else None


def begin(session: DataSession, user_id: int, entity: str, record_id: int | None, page: str) -> bool:
    """Start one; False when one is running already, be it since this very moment by another press. The caller commits."""
    table = RunningTimer.__table__
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"user_id": user_id, "entity": entity, "record_id": record_id, "page": page[:200], "started_at": datetime.now(UTC)}
    return session.kernel(insert(table).values(row).on_conflict_do_nothing().returning(table.c.user_id)).first() is not None


def end(session: DataSession, user_id: int, started_at: datetime) -> bool:
    """End the one that was started then; False when it has been ended already. The caller commits."""
    table = RunningTimer.__table__
    ended = delete(table).where(table.c.user_id == user_id, table.c.started_at == started_at).returning(table.c.user_id)
    return session.kernel(ended).first() is not None
