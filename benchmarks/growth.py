"""`python -m benchmarks.growth`: how long the funnel, the scorecard and a board take over 10,000, 100,000 and a million deals with four times as many moves of
stages, in PostgreSQL, beside the bare SQL that gives the same figures; and a board of 10,000 deals on SQLite. `BENCH_GROWTH=10000,100000` for other sizes,
`BENCH_ROUNDS=5` for other rounds.

Shown are the median by the clock and, because other work on the machine makes that longer, the least time of processors: this process's and the server's.

The product answers as to its head of sales: rights, guard, report, exact medians with unfinished stays. The bare SQL counts who reached each stage, where
deals stand, what they are worth, and the median and ninth decile of finished stays; it knows no rights, no currencies and nothing unfinished.
"""

import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import unescape
from statistics import median
from typing import Any

import psutil  # type: ignore[import-untyped]  # comes with the server of PostgreSQL that benchmarks run on
from sqlalchemy import Engine, text

from benchmarks.caller import Caller
from benchmarks.data import READER
from benchmarks.databases import database
from benchmarks.filling import Size, fill as fill_file
from benchmarks.histories import OPEN, fill
from config import Settings
from crm.application import create_app
from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.database import make_engine
from crm.backoffice.guard import user_session
from crm.backoffice.reports import find, run
from crm.permissions import access_for

SECOND = 1.0  # what a question over a million deals may take
FEW = 10_000  # deals of the board on SQLite
PERIODS = (("a quarter", "2025-Q2"), ("a year", "2024"), ("all", ""))
MODES = ("cohort", "snapshot", "flow")
INSIDE = {
    "cohort": "EXISTS (SELECT 1 FROM stage_history f WHERE f.deal_id = h.deal_id AND f.first AND f.entered_at >= :since AND f.entered_at < :until)",
    "snapshot": "h.entered_at < :until", "flow": "h.entered_at >= :since AND h.entered_at < :until",
}
GONE = "(h.left_at IS NOT NULL AND h.left_at < :until)"
LEFT = {"cohort": "h.left_at IS NOT NULL", "snapshot": GONE, "flow": GONE}
COUNTED = """
WITH course AS (
  SELECT h.deal_id, max(CASE WHEN s.kind <> 'lost' THEN s.position END) AS far, max(CASE WHEN NOT {left} THEN h.stage_id END) AS stands
  FROM stage_history h JOIN stage s ON s.id = h.stage_id WHERE h.deleted_at IS NULL AND {inside} GROUP BY h.deal_id
)
SELECT d.owner_id, c.far, c.stands, count(*) AS number, sum(d.amount) AS amount FROM course c JOIN deal d ON d.id = c.deal_id WHERE d.deleted_at IS NULL
GROUP BY d.owner_id, c.far, c.stands
"""
LASTED = """
SELECT d.owner_id, h.stage_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY h.minutes), percentile_cont(0.9) WITHIN GROUP (ORDER BY h.minutes)
FROM stage_history h JOIN deal d ON d.id = h.deal_id WHERE h.deleted_at IS NULL AND d.deleted_at IS NULL AND {left} AND {inside}
GROUP BY d.owner_id, h.stage_id
"""
CLOSED = "d.deleted_at IS NULL AND d.closed_on >= CAST(:since AS timestamptz) AND d.closed_on < CAST(:until AS timestamptz)"
SCORES = (
    "SELECT i.owner_id, o.key, count(*) FROM interaction i JOIN picklist_option o ON o.id = i.state_id WHERE i.deleted_at IS NULL AND i.ends_at >= :since "
    "AND i.ends_at < :until GROUP BY i.owner_id, o.key",
    "SELECT owner_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM (SELECT d.owner_id, d.id, count(i.id) AS n FROM deal d LEFT JOIN interaction i "
    f"ON i.deal_id = d.id AND i.deleted_at IS NULL WHERE {CLOSED} GROUP BY d.owner_id, d.id) AS taken GROUP BY owner_id",
    "SELECT d.owner_id, count(*), count(*) FILTER (WHERE d.next_step_on >= current_date), count(*) FILTER (WHERE d.account_id IS NOT NULL AND d.contact_id "
    "IS NOT NULL AND d.amount IS NOT NULL AND d.expected_on IS NOT NULL AND d.source_id IS NOT NULL AND d.owner_id IS NOT NULL) FROM deal d "
    "JOIN stage s ON s.id = d.stage_id WHERE s.kind = 'open' AND d.deleted_at IS NULL GROUP BY d.owner_id",
    "SELECT d.owner_id, s.kind, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY d.closed_on - d.opened_on) FROM deal d "
    f"JOIN stage s ON s.id = d.stage_id WHERE {CLOSED} GROUP BY d.owner_id, s.kind",
    "SELECT d.owner_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(l.discount, 0)) FROM deal d JOIN deal_line l ON l.deal_id = d.id "
    f"JOIN stage s ON s.id = d.stage_id WHERE s.kind = 'won' AND {CLOSED} GROUP BY d.owner_id",
)
BOARD = "SELECT stage_id, count(*), sum(amount) FROM deal WHERE deleted_at IS NULL GROUP BY stage_id"
CARDS = "SELECT id, name, amount, expected_on FROM deal WHERE stage_id = :stage AND deleted_at IS NULL ORDER BY expected_on DESC, id DESC LIMIT 21"


@dataclass(frozen=True)
class Asked:
    """One question: what it is called, how the product and the bare SQL answer it."""

    name: str
    product: Callable[[], Any]
    bare: Callable[[], Any]


@dataclass(frozen=True)
class Taken:
    """Seconds that one contender took: the median by the clock, and the least of processors."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock * 1000:8.0f} ms ({self.processor * 1000:6.0f})"


def main() -> int:
    sizes = [int(size) for size in os.environ.get("BENCH_GROWTH", "10000,100000,1000000").split(",")]
    rounds = int(os.environ.get("BENCH_ROUNDS") or 5)
    taken: dict[str, list[tuple[Taken, Taken]]] = {}
    board_of_few(rounds)
    for size in sizes:
        with database("postgres") as (url, instance):
            began, engine = time.perf_counter(), make_engine(url, statement_seconds=0)
            moves = fill(engine, size)
            print(f"postgres, {size:,} deals, {moves:,} moves, filled in {time.perf_counter() - began:.0f} s", flush=True)
            settings = Settings(instance=instance, database_url=url, secret_key="k" * 40, log_level="ERROR")
            for asked in questions(engine, settings):
                times = in_turn(asked, rounds, partial(_of_server, _server(engine)))
                taken.setdefault(asked.name, []).append(times)
                _say(asked, times)
            engine.dispose()
    print(f"\nGrowth over {' → '.join(f'{size:,}' for size in sizes)} deals, in milliseconds by the clock")
    for name, found in taken.items():
        grown = [" → ".join(f"{times[n].clock * 1000:.0f}" for times in found) for n in (0, 1)]
        print(f"  {name:34} {grown[0]:>24}   bare SQL {grown[1]}")
    longer = [name for name, found in taken.items() if found[-1][0].clock > SECOND]
    print(f"\nAt {sizes[-1]:,} deals longer than a second by the clock: {', '.join(longer) or 'none'}")
    longer = [name for name, found in taken.items() if found[-1][0].processor > SECOND]
    print(f"and of processors: {', '.join(longer) or 'none'}")
    return 0


def board_of_few(rounds: int) -> None:
    """The page of a board, and all that it asks for when its columns come into view, over 10,000 deals in a file of SQLite."""
    with database("sqlite") as (url, instance):
        engine = make_engine(url)
        fill_file(engine, Size(FEW, 0), 7, lambda _: None)
        print(f"sqlite, {FEW:,} deals", flush=True)
        for asked in _boards(engine, Caller(create_app(Settings(instance=instance, database_url=url, secret_key="k" * 40, log_level="ERROR"))).sign_in(READER)):
            _say(asked, in_turn(asked, rounds, lambda: 0.0))
        engine.dispose()


def _say(asked: Asked, times: tuple[Taken, Taken]) -> None:
    ours, theirs = times
    print(f"  {asked.name:34} {ours}  bare SQL {theirs}  {ours.clock / theirs.clock:6.2f} ×", flush=True)


def in_turn(asked: Asked, rounds: int, served: Callable[[], float]) -> tuple[Taken, Taken]:
    """What the product and the bare SQL take, asked by turns, after one call of each that does not count. `served`: seconds of the server's processors."""
    clock: tuple[list[float], list[float]] = ([], [])
    processor: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        for n, work in enumerate((asked.product, asked.bare)):
            began, own, server = time.perf_counter(), time.process_time(), served()
            work()
            if turn:
                clock[n].append(time.perf_counter() - began)
                processor[n].append(time.process_time() - own + served() - server)
    ours, theirs = (Taken(median(clock[n]), min(processor[n])) for n in (0, 1))
    return ours, theirs


def _server(engine: Engine) -> psutil.Process:
    """The process that begins all others of a database server."""
    with engine.connect() as connection:
        parent = psutil.Process(connection.execute(text("SELECT pg_backend_pid()")).scalar_one()).parent()
    assert parent is not None
    return parent


def _of_server(server: psutil.Process) -> float:
    """Seconds of processors that the server's processes have taken, those that have ended and those that live."""
    found = server.cpu_times()
    spent = found.children_user + found.children_system
    for one in server.children():
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system
    return float(spent)


def questions(engine: Engine, settings: Settings) -> list[Asked]:
    """Everything that is timed. Raises AssertionError when the product and the bare SQL do not give the same figures."""
    catalog = load_catalog(engine)
    product_engine = make_engine(engine.url)
    found = list[Asked]()
    for mode in MODES:
        for words, period in PERIODS:
            if not period and mode != "cohort":
                continue  # without a period the three are one
            bare = _bare(engine, mode, period)
            for by in ("", "manager", "owner"):
                asked = {"mode": mode, "period": period, "by": by}
                if by == "owner":
                    _same(catalog, _rows(product_engine, catalog, asked), bare())
                found.append(Asked(f"{mode}, {words}{f', by {by}' if by else ''}", partial(_rows, product_engine, catalog, asked), bare))
    for words, period in PERIODS[:2]:
        found.append(Asked(
            f"scorecard, {words}, by owner", partial(_rows, product_engine, catalog, {"period": period, "by": "owner"}, "manager_scorecard"),
            _bare_scorecard(engine, period),
        ))
    caller = Caller(create_app(settings)).sign_in(READER)
    bare = _bare(engine, "cohort", "2024")
    found.append(Asked("page /report/funnel, a year", lambda: caller.get("/report/funnel?period=2024"), bare))
    parts = [unescape(one) for one in re.findall(r' data-part="([^"]+)"', caller.get("/report/funnel?period=2024").text)]
    assert parts
    found.append(Asked("the parts that come after it", lambda: [caller.get(one) for one in parts], bare))
    return [*found, *_boards(engine, caller)]


def _boards(engine: Engine, caller: Caller) -> list[Asked]:
    """The page of a board beside the figures of its columns, and the first cards of all columns beside their rows. Raises AssertionError when the page does not
    show as many deals as there are."""
    page = caller.get("/board/deal?lang=en").text
    urls = sorted({unescape(url) for url in re.findall(r'"(/board/deal/cards[^"]*)"', page)})
    number = sum(row[1] for row in _all(engine, BOARD, {}))
    assert urls and f"{number:,}" in page, number
    stages = [int(match[1]) for url in urls if (match := re.search(r"column=(\d+)", url))]
    return [
        Asked("page /board/deal", lambda: caller.get("/board/deal"), lambda: _all(engine, BOARD, {})),
        Asked("the cards of all its columns", lambda: [caller.get(url) for url in urls], lambda: [_all(engine, CARDS, {"stage": one}) for one in stages]),
    ]


def _rows(engine: Engine, catalog: Catalog, asked: dict[str, str], report: str = "funnel") -> list[dict[str, Any]]:
    with engine.connect() as connection:
        user = int(connection.execute(text('SELECT id FROM "user" WHERE email = :email'), {"email": READER}).scalar_one())
    with user_session(engine, access_for(engine, user, catalog), catalog) as session:
        return run(find(report), session, asked)[1].rows


def _bare(engine: Engine, mode: str, period: str) -> Callable[[], tuple[list[Any], list[Any]]]:
    """Who reached what and stands where, and how long stays lasted, by owner and stage."""
    since, until = _edges(period)
    inside, left = (INSIDE[mode], LEFT[mode]) if period else ("true", LEFT["cohort"])
    values = {key: value for key, value in (("since", since), ("until", until)) if f":{key}" in inside + left}
    return lambda: (_all(engine, COUNTED.format(inside=inside, left=left), values), _all(engine, LASTED.format(inside=inside, left=left), values))


def _edges(period: str) -> tuple[str, str]:
    """The moments between which a year or a quarter lies; of all time two that hold all."""
    year, _, quarter = period.partition("-Q")
    first = 3 * int(quarter or 1) - 2
    since = f"{year}-{first:02}-01 00:00 Europe/Kyiv" if year else "1900-01-01 00:00+00"
    ends = (int(year), first + 3) if quarter else (int(year or 2999), 13)
    return since, f"{ends[0] + (ends[1] - 1) // 12}-{(ends[1] - 1) % 12 + 1:02}-01 00:00 Europe/Kyiv"


def _bare_scorecard(engine: Engine, period: str) -> Callable[[], list[list[Any]]]:
    """The measures of deals and the planned and held, by owner; without the response, which is no SQL alone."""
    values = dict(zip(("since", "until"), _edges(period), strict=True))
    return lambda: [_all(engine, sql, {key: value for key, value in values.items() if f":{key}" in sql}) for sql in SCORES]


def _all(engine: Engine, sql: str, values: dict[str, Any]) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(sql), values))


def _same(catalog: Catalog, ours: list[dict[str, Any]], theirs: tuple[list[Any], list[Any]]) -> None:
    """Reached and median days are those of the bare SQL, by owner and stage."""
    stages = {s.key: s for s in catalog.configured["stage"].values()}
    counted, lasted = theirs
    reached: dict[tuple[int, str], int] = {}
    for row in counted:
        for key in (*OPEN, "won"):
            if row.far is not None and stages[key].position <= row.far:
                reached[row.owner_id, key] = reached.get((row.owner_id, key), 0) + row.number
    days = {(row[0], row[1]): row[2] / 1440 for row in lasted}
    for row in ours:
        where = (row["owner_id"], row["stage"])
        assert row["reached"] == reached.get(where, 0), (where, row["reached"], reached.get(where))
        known = days.get((row["owner_id"], row["stage_id"]))
        assert row["median_days"] == known or abs(row["median_days"] - known) < 1e-6, (where, row["median_days"], known)


if __name__ == "__main__":
    sys.exit(main())
