"""What others must hear of a change, written in its transaction and delivered by the worker after commit, at least once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import JSON, Engine, Index, String, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.guard import DataSession
from crm.backoffice.types import UtcMoment

Handler = Callable[[Mapping[str, Any]], None]
_handlers: dict[str, Handler] = {}
log = structlog.get_logger()
ATTEMPTS = 8


class OutboxRow(Base):
    """A message of one topic; `key` makes its delivery idempotent on the other side."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_waiting", "delivered_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(128), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcMoment())
    delivered_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(500))


def handler(topic: str) -> Callable[[Handler], Handler]:
    """Mark the function that delivers messages of `topic`."""

    def keep(function: Handler) -> Handler:
        _handlers[topic] = function
        return function

    return keep


def post(session: DataSession, topic: str, messages: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Leave (key, payload) messages to be delivered after this transaction commits."""
    if messages:
        now = datetime.now(UTC)
        session.kernel(insert(OutboxRow.__table__), [{"topic": topic, "key": k, "payload": dict(p), "created_at": now, "attempts": 0} for k, p in messages])


def deliver(engine: Engine, limit: int = 100) -> int:
    """Hand waiting messages to their handlers; how many were delivered. One that fails waits for the next round, at most eight times."""
    outbox = OutboxRow.__table__
    _drop_unheard(engine)
    with engine.connect() as connection:
        waiting = connection.execute(
            select(outbox).where(outbox.c.delivered_at.is_(None), outbox.c.attempts < ATTEMPTS).order_by(outbox.c.id).limit(limit)).mappings().all()
    done = 0
    for row in waiting:
        given = _handlers.get(row["topic"])
        if given is None:
            continue
        outcome: dict[str, Any] = {"attempts": row["attempts"] + 1}
        try:
            given(row["payload"])
            outcome |= {"delivered_at": datetime.now(UTC), "error": None}
            done += 1
        except Exception as failed:
            log.warning("outbox.failed", topic=row["topic"], key=row["key"], error=str(failed))
            outcome["error"] = str(failed)[:500]
        with engine.execution_options(writer=True).begin() as connection:
            connection.execute(update(outbox).where(outbox.c.id == row["id"]).values(**outcome))
    return done


def _drop_unheard(engine: Engine) -> None:
    """Messages of a topic that nobody listens to are done with: left waiting, they would stand in front of those that somebody waits for."""
    outbox = OutboxRow.__table__
    unheard = outbox.c.delivered_at.is_(None) & outbox.c.topic.not_in(sorted(_handlers))
    with engine.connect() as connection:
        if connection.execute(select(outbox.c.id).where(unheard).limit(1)).first() is None:
            return
    with engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(outbox).where(unheard).values(delivered_at=datetime.now(UTC)))
