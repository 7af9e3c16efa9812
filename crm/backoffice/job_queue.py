"""How jobs get done: rows that wait are handed to a Huey queue, whose workers claim and run them; what a dead worker left is taken up again.

The queue only carries job numbers, as JSON: whoever can write into it can start a job that somebody asked for, and nothing else.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import structlog
from huey import Huey, PostgresHuey, SqliteHuey
from huey.registry import Message as QueueMessage
from huey.serializer import Serializer
from sqlalchemy import Engine, or_, select, update

from config import Settings
from crm.backoffice.catalog import Catalog
from crm.backoffice.jobs import TABLE, Work, function_of
from crm.errors import BramaError
from crm.messages import freeze, m

log = structlog.get_logger("brama.jobs")
HANDED_AGAIN = timedelta(seconds=60)  # the queue was emptied or lost: hand the job over once more
BEAT = 5.0
DEAD = timedelta(seconds=30)  # no sign of life for so long: whoever ran the job is gone
ATTEMPTS = 3


class JsonSerializer(Serializer):  # type: ignore[misc]  # huey has no types
    """Huey's own serializer unpickles whatever stands in the queue; this one reads numbers and text only."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data) if isinstance(data, QueueMessage) else data).encode()

    def _deserialize(self, data: bytes) -> Any:
        found = json.loads(bytes(data))
        return QueueMessage(*found) if isinstance(found, list) else found


def make_queue(settings: Settings) -> Huey:
    """The queue of this installation: a file of its own beside a SQLite database, tables `huey_*` in a PostgreSQL one."""
    if settings.sqlite:
        return SqliteHuey("brama", filename=str(settings.jobs_database), results=False, serializer=JsonSerializer())
    dsn = settings.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    return PostgresHuey("brama", dsn=dsn, results=False, serializer=JsonSerializer())


def dispatch(engine: Engine, hand: Callable[[int], Any]) -> int:
    """Hands waiting jobs to the queue by `hand(job_id)`; how many. A job twice in the queue is run once: see `execute`."""
    revive(engine)
    now = datetime.now(UTC)
    waiting = (TABLE.c.state == "queued") & or_(TABLE.c.handed_at.is_(None), TABLE.c.handed_at < now - HANDED_AGAIN)
    with engine.connect() as connection:
        ids = connection.scalars(select(TABLE.c.id).where(waiting).order_by(TABLE.c.id).limit(100)).all()
    handed = 0
    for job_id in ids:
        with engine.execution_options(writer=True).begin() as connection:
            mine = connection.execute(update(TABLE).where(TABLE.c.id == job_id, waiting).values(handed_at=now)).rowcount
        if mine:
            hand(job_id)
            handed += 1
    return handed


def revive(engine: Engine) -> None:
    """Puts jobs of dead workers back into the line, and gives up what died three times."""
    lost = (TABLE.c.state == "running") & (TABLE.c.beat_at < datetime.now(UTC) - DEAD)
    with engine.connect() as connection:
        rows = connection.execute(select(TABLE.c.id, TABLE.c.attempts).where(lost)).all()
    for job_id, attempts in rows:
        values: dict[str, Any] = {"state": "queued", "handed_at": None}
        if attempts >= ATTEMPTS:
            values = {
                "state": "failed",
                "finished_at": datetime.now(UTC),
                "error": freeze(m("The work was interrupted three times and given up. What it had saved stays.")),
            }
        with engine.execution_options(writer=True).begin() as connection:
            connection.execute(update(TABLE).where(TABLE.c.id == job_id, lost).values(values))


def execute(engine: Engine, settings: Settings, catalog: Catalog, job_id: int) -> None:
    """Runs the job if it still waits; its result or its refusal is kept in its row. Raises nothing but what ends the process."""
    with engine.execution_options(writer=True).begin() as connection:
        claim = update(TABLE).where(TABLE.c.id == job_id, TABLE.c.state == "queued")
        if not connection.execute(claim.values(state="running", attempts=TABLE.c.attempts + 1, beat_at=datetime.now(UTC))).rowcount:
            return
        row = connection.execute(select(TABLE).where(TABLE.c.id == job_id)).mappings().one()
    work = Work(job_id, row["args"], row["made_by_id"], engine, catalog, settings, row["attempts"])
    outcome: dict[str, Any] = {"state": "failed"}
    try:
        function = function_of(row["kind"])
        if function is None:
            raise LookupError(f"no function is marked @job({row['kind']!r})")
        with heartbeat(engine, job_id):
            outcome = {"state": "done", "result": dict(function(work) or {})}
    except BramaError as refusal:
        outcome["error"] = freeze(refusal.message)
    except Exception as fault:
        log.error("job failed", job=job_id, kind=row["kind"], exc_info=fault)
        outcome["error"] = freeze(m("Something went wrong on our side. The operator finds it in the log under job %(number)s.", number=job_id))
    with engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(TABLE).where(TABLE.c.id == job_id).values(**outcome, finished_at=datetime.now(UTC)))


@contextmanager
def heartbeat(engine: Engine, job_id: int) -> Iterator[None]:
    """Says every few seconds that this job is being worked on."""
    over = Event()

    def beat() -> None:
        while not over.wait(BEAT):
            try:
                with engine.execution_options(writer=True).begin() as connection:
                    connection.execute(update(TABLE).where(TABLE.c.id == job_id).values(beat_at=datetime.now(UTC)))
            except Exception as missed:
                log.warning("job heartbeat missed", job=job_id, error=str(missed))

    thread = Thread(target=beat, name=f"job-{job_id}-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
