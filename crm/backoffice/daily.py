"""Work of every day: jobs that the worker asks for once a day of the company, in nobody's name."""

from datetime import UTC, date, datetime

from sqlalchemy import Date, Engine, String, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Base
from crm.backoffice.guard import system_session
from crm.backoffice.jobs import enqueue

EARLIEST = 3  # o'clock in the company's zone


class DailyWork(Base):
    """A job of every day was asked for on this day."""

    __tablename__ = "daily_work"

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)


TABLE = DailyWork.__table__
_kinds: list[str] = []


def daily(kind: str) -> None:
    """Have the job `kind` done every day, without arguments."""
    _kinds.append(kind)


def ask_for_today(engine: Engine, catalog: Catalog, now: datetime | None = None) -> list[str]:
    """Ask for what today has not been asked for yet; which jobs. However many workers ask, each job is asked for once."""
    local = (now or datetime.now(UTC)).astimezone(catalog.company.zone)
    if local.hour < EARLIEST:
        return []
    with engine.connect() as connection:
        known = set(connection.execute(select(TABLE.c.kind).where(TABLE.c.day == local.date())).scalars())
    return [kind for kind in _kinds if kind not in known and _ask(engine, catalog, kind, local.date())]


def _ask(engine: Engine, catalog: Catalog, kind: str, day: date) -> bool:
    with system_session(engine, "work of every day", catalog, write=True, source="job") as session:
        try:
            session.kernel(insert(TABLE).values(kind=kind, day=day))
        except IntegrityError:  # another worker has just asked
            return False
        enqueue(session, kind, {})
        session.commit()
    return True
