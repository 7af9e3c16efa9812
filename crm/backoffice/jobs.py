"""Long work in the background: a row a job, written in the transaction that asks for it, so that it starts after commit or not at all.

    @job("import")
    def run_import(work: Work) -> dict[str, Any]:
        work.progress(10, 200)
        return {"rows": 200}

    job_id = enqueue(session, "import", {"file": key})

A job may be interrupted and run again from the start: its function must end in the same records then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import JSON, ColumnElement, Engine, ForeignKey, Index, String, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from config import Settings
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Base
from crm.backoffice.guard import DataSession
from crm.backoffice.types import UtcMoment
from crm.errors import NotFound
from crm.messages import Message, thaw

State = Literal["queued", "running", "done", "failed"]


class JobRow(Base):
    """One piece of work. `handed_at`: given to the queue; `beat_at`: last sign of life of who runs it."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(8), default="queued")
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    attempts: Mapped[int] = mapped_column(default=0)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcMoment())
    handed_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    beat_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    finished_at: Mapped[datetime | None] = mapped_column(UtcMoment())


TABLE = JobRow.__table__
UNDER_WAY = TABLE.c.state.in_(("queued", "running"))


def asked_lately(kind: str, within: timedelta) -> ColumnElement[bool]:
    """Jobs of a kind for whose sake it need not be asked for again: they wait, go on, or were made `within` this time."""
    return (TABLE.c.kind == kind) & (UNDER_WAY | (TABLE.c.made_at > datetime.now(UTC) - within))


@dataclass(frozen=True)
class Job:
    """A job as its owner sees it: `done` of `total` units (0: not known yet), the result when done, the sentence when failed."""

    id: int
    kind: str
    state: State
    done: int
    total: int
    args: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: Message | None
    made_by: int | None
    made_at: datetime
    finished_at: datetime | None

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed")


@dataclass(frozen=True)
class Work:
    """What a job's function gets. It opens its own sessions, with the rights that `made_by` has now and not when he asked."""

    job_id: int
    args: Mapping[str, Any]
    made_by: int | None
    engine: Engine
    catalog: Catalog
    settings: Settings
    attempt: int = field(default=1)

    def progress(self, done: int, total: int) -> None:
        """Says how far the work is; seen at once, whatever the work's own transaction does. Call it a few times a second at most."""
        progress(self.engine, self.job_id, done, total)


Function = Callable[[Work], Mapping[str, Any] | None]
_functions: dict[str, Function] = {}


def job(kind: str) -> Callable[[Function], Function]:
    """Marks the function that does jobs of `kind`; what it returns (JSON) is the job's result."""

    def keep(function: Function) -> Function:
        _functions[kind] = function
        return function

    return keep


def function_of(kind: str) -> Function | None:
    return _functions.get(kind)


def enqueue(session: DataSession, kind: str, args: Mapping[str, Any]) -> int:
    """Asks for a job in this session's transaction and name; its id. The worker takes it up within a second of the commit."""
    if kind not in _functions:
        raise LookupError(f"no function is marked @job({kind!r})")
    row = {
        "kind": kind,
        "state": "queued",
        "args": dict(args),
        "done": 0,
        "total": 0,
        "attempts": 0,
        "made_by_id": session.actor_id,
        "made_at": datetime.now(UTC),
    }
    made = session.kernel(insert(TABLE).values(row).returning(TABLE.c.id))
    return int(made.scalar_one())


def progress(engine: Engine, job_id: int, done: int, total: int) -> None:
    with engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(TABLE).where(TABLE.c.id == job_id).values(done=done, total=total, beat_at=datetime.now(UTC)))


def find(engine: Engine, job_id: int, made_by: int | None) -> Job:
    """The job with this id if `made_by` asked for it. Raises NotFound, alike for another's and for none."""
    with engine.connect() as connection:
        row = connection.execute(select(TABLE).where(TABLE.c.id == job_id, TABLE.c.made_by_id == made_by)).mappings().first()
    if row is None:
        raise NotFound
    return _job(row)


def _job(row: Mapping[Any, Any]) -> Job:
    sentence = thaw(row["error"]) if row["error"] else None
    return Job(
        row["id"],
        row["kind"],
        cast(State, row["state"]),
        row["done"],
        row["total"],
        row["args"],
        row["result"],
        sentence,
        row["made_by_id"],
        row["made_at"],
        row["finished_at"],
    )
