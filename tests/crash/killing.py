"""When an import is killed, and how: SIGKILL to its process, at moments drawn from a seed."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from sqlalchemy import Engine, func, select

from crm.backoffice.exchange.batches import ImportBatch
from crm.sales.models import Deal, DealLine

POLL = 0.02
TAIL = 1000  # rows at the end of the file: after the last row drawn, the longest delay still falls into the writing
JITTER = 0.6  # seconds; longer than one transaction of an import, so that a kill falls anywhere in it
ROWS_A_SECOND = 16_000  # faster than any import: in a short file the delay is shorter, so that its end does not come before
BATCH, DEAL, LINE = ImportBatch.__table__, Deal.__table__, DealLine.__table__


@dataclass(frozen=True)
class Moment:
    """Kill `delay` seconds after row `row` of the file has been written, or after the process has started when `row` is None."""

    row: int | None
    delay: float

    def __str__(self) -> str:
        return f"{self.delay:.2f} s after its start" if self.row is None else f"{self.delay:.2f} s after row {self.row}"


def moments(rng: Random, kills: int, rows: int, before_writing: float) -> list[Moment]:
    """One in four while the file is read and checked, which takes about `before_writing` seconds, the others all along the writing."""
    early = [Moment(None, rng.uniform(0.2, before_writing)) for _ in range(kills // 4)]
    longest = min(JITTER, rows / ROWS_A_SECOND)
    along = [Moment(row, rng.uniform(0, longest)) for row in sorted(rng.randint(1, max(rows - TAIL, 1)) for _ in range(kills - len(early)))]
    for place, moment in zip(sorted(rng.randint(0, len(along)) for _ in early), early, strict=True):
        along.insert(place, moment)
    return along


def position(engine: Engine) -> int:
    """The last row of the file that is written, 0 before the first."""
    with engine.connect() as connection:
        return connection.scalar(select(func.max(BATCH.c.position)).where(BATCH.c.entity == "deal", BATCH.c.state == "running")) or 0


def kill(process: "subprocess.Popen[str]", moment: Moment, engine: Engine) -> bool:
    """Wait for the moment and kill the process; False when it had ended by itself."""
    if moment.row is not None:
        _until(lambda: position(engine) >= (moment.row or 0), process)
    time.sleep(moment.delay)
    ended = process.poll() is not None
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return not ended


def _until(true: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    while process.poll() is None and not true():
        time.sleep(POLL)


def torn(engine: Engine, number: str, standing: tuple[int, int]) -> str:
    """What a killed import left behind must be whole transactions: the deals and lines that are there are those its log counts.

    `number` is how the codes of the file begin, `standing` how many deals and lines of it were there before. The sentence of what is
    wrong, "" when nothing is.
    """
    deals = select(func.count()).select_from(DEAL).where(DEAL.c.code.startswith(number)).scalar_subquery()
    lines = select(func.count()).select_from(LINE.join(DEAL, LINE.c.deal_id == DEAL.c.id)).where(DEAL.c.code.startswith(number)).scalar_subquery()
    with engine.connect() as connection:
        row = connection.execute(select(BATCH.c.counts, BATCH.c.position, deals, lines).where(BATCH.c.state == "running")).first()
    if row is None:
        return ""
    counts, place, deal_count, line_count = row
    made: Sequence[int] = (counts["created"], counts["related"].get("deal_line", 0))
    handled = counts["created"] + counts["updated"] + counts["unchanged"]
    found = (deal_count - standing[0], line_count - standing[1])
    if tuple(made) != found:
        return f"the log counts {made[0]} deals and {made[1]} lines, {found[0]} and {found[1]} are there"
    return "" if handled == max(place - 1, 0) else f"the log stands at row {place} and counts {handled} rows"
