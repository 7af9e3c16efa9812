"""What the rows of a deal's history say together: until when each stay lasted, and what each move was. Kept with every row by the one door, so that
reports count rows and compare none with its neighbour.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.catalog import Configured
from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.backoffice.saving import quietly
from crm.sales.models import StageHistory

CLOSED = ("won", "lost")
DAY = 24 * 60 * 60
EPOCH = datetime(1970, 1, 1)  # of a clock on a wall: it has no zone
OF_STAY = ("left_at", "minutes", "first", "began_at", "skipped", "back", "reopened", "attempt", "trail")
ALONE: Mapping[str, Any] = MappingProxyType({"first": True, "skipped": 0, "back": False, "reopened": False, "attempt": 1})  # of a row before its neighbours


class Place(NamedTuple):
    """Where a stage stands: its pipeline, its place there, and whether deals in it are open, won or lost."""

    pipeline: int | None
    position: int
    kind: str
    retired: bool = False


@dataclass(frozen=True)
class Move:
    """A row of the history as it was written. `came_from` is what it says of the stage before, which counts where no row precedes it."""

    id: int
    stage: int
    came_from: int | None
    entered_at: datetime


@dataclass(frozen=True)
class Stay:
    """What follows for a row from those around it. `minutes` are those of the wall clock, None as long as the deal stands there; `trail` names the stages
    that this row and those before it name, of whatever pipeline (see `trail`); `began_at` is when the deal first entered the pipeline of this one."""

    from_stage: int | None
    left_at: datetime | None
    minutes: int | None
    first: bool
    began_at: datetime
    skipped: int
    back: bool
    reopened: bool
    attempt: int
    trail: str


def places(stages: Iterable[Configured]) -> dict[int, Place]:
    """Every stage by its number."""
    return {s.id: Place(s.parent_id, s.position, s.values["kind"], s.retired) for s in stages}


def stays(moves: Sequence[Move], stages: Mapping[int, Place], zone: ZoneInfo) -> dict[int, Stay]:
    """The stays of one deal by row, from its moves in any order. Of two at one moment the one written later comes later.

    A move skips the open stages of its pipeline that lie before it and in which the deal has not stood, those in use alone; the first of a
    pipeline counts from its beginning. Losing skips nothing. From won or lost to an open stage is a re-opening, neither a step back nor a skip.
    """
    found: dict[int, Stay] = {}
    attempt, stood, entered, named = 1, set[int](), dict[int | None, datetime](), set[int]()
    ordered = sorted(moves, key=lambda move: (move.entered_at, move.id))
    for before, move, after in zip([None, *ordered], ordered, [*ordered[1:], None], strict=False):
        came_from = before.stage if before is not None else move.came_from
        was, now = stages.get(came_from) if came_from is not None else None, stages.get(move.stage)
        reopened = was is not None and now is not None and was.kind in CLOSED and now.kind not in CLOSED
        attempt += reopened
        if came_from is not None:
            stood.add(came_from)
        stood.add(move.stage)
        named.add(move.stage)
        pipeline = now.pipeline if now is not None else None
        inside = was is not None and now is not None and was.pipeline == now.pipeline
        found[move.id] = Stay(
            from_stage=came_from, left_at=after.entered_at if after is not None else None,
            minutes=minutes_between(move.entered_at, after.entered_at, zone) if after is not None else None,
            first=now is not None and pipeline not in entered, began_at=entered.setdefault(pipeline, move.entered_at),
            skipped=0 if now is None or reopened else sum(
                1 for number, one in stages.items() if _passed(one, now, was if inside else None) and number not in stood
            ),
            back=bool(inside and was and now and was.kind not in CLOSED and now.kind not in CLOSED and now.position < was.position),
            reopened=reopened, attempt=attempt, trail=trail(named),
        )
    return found


def trail(stages: Iterable[int]) -> str:
    """Stages as one text, each between commas: `,3,17,`. The last row of a deal's history so says of all what they name."""
    return f",{','.join(map(str, sorted(stages)))},"


@lru_cache(maxsize=4096)
def on_trail(text: str | None) -> frozenset[int]:
    """The stages that a trail names."""
    return frozenset(map(int, text.strip(",").split(","))) if text else frozenset()


def _passed(one: Place, now: Place, was: Place | None) -> bool:
    """Whether an open stage in use lies between two others of its pipeline, or from its beginning up to one; on the way to a loss lies none."""
    if one.pipeline != now.pipeline or one.kind in CLOSED or one.retired or now.kind == "lost":
        return False
    return (was is None or one.position > was.position) and (now.kind == "won" or one.position < now.position)


def minutes_between(start: datetime, end: datetime, zone: ZoneInfo) -> int:
    """Whole minutes from one moment to a later one as the clock on the wall in `zone` counts them, 0 where it has been turned back over both."""
    passed = wall_clock(end, zone) - wall_clock(start, zone)
    return max(int(passed.total_seconds()) // 60, 0)


def lasting(seconds: Iterable[int], zone: ZoneInfo, until: datetime) -> Iterator[int]:
    """How many minutes, counted as by `minutes_between`, have passed until then since each of these seconds since 1970."""
    end, ends = wall_clock(until, zone), dict[int, int | None]()  # by day the second of its clock at which they end
    last = int((end - EPOCH).total_seconds() // 1)
    for second in seconds:
        day = second // DAY
        if day not in ends:
            first, after = (_ahead(one * DAY, zone) for one in (day, day + 1))
            ends[day] = last - first if first == after else None  # on a day when the clock is changed each second is asked for itself
        ended = ends[day]
        passed = (last - _ahead(second, zone) if ended is None else ended) - second
        yield passed // 60 if passed > 0 else 0


def _ahead(second: int, zone: ZoneInfo) -> int:
    """How many seconds the clock on the wall is ahead of UTC then."""
    moment = datetime.fromtimestamp(second, UTC)
    return int((wall_clock(moment, zone) - moment.replace(tzinfo=None)).total_seconds())


def wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows then, without a zone."""
    try:
        return moment.astimezone(zone).replace(tzinfo=None)
    except OverflowError:  # at either end of the calendar
        return moment.astimezone(UTC).replace(tzinfo=None)


def keep(session: DataSession, deals: Iterable[int], *, led: bool = True) -> None:
    """Bring the history of these deals in order after rows of it were written.

    From which stage a move came is a field like others, so its correction is journaled (`led`: unless somebody is about to rewrite it himself); what
    is worked out is put quietly, for nobody has edited it.
    """
    known, zone, table = places(session.catalog.configured["stage"].values()), session.catalog.company.zone, StageHistory.__table__
    columns = [table.c.id, table.c.deal_id, table.c.stage_id, table.c.from_stage_id, table.c.entered_at, *(table.c[name] for name in OF_STAY)]
    worked_out: dict[int, dict[str, Any]] = {}
    came: dict[int, dict[str, Any]] = {}
    for part in in_parts(sorted(deals)):
        query = select(*columns).where(table.c.deal_id.in_(part), table.c.deleted_at.is_(None)).order_by(table.c.deal_id, table.c.entered_at, table.c.id)
        stored: dict[int, list[Any]] = {}
        for row in session.kernel(query):
            stored.setdefault(row.deal_id, []).append(row)
        for rows in stored.values():
            found = stays([Move(r.id, r.stage_id, r.from_stage_id, r.entered_at) for r in rows], known, zone)
            for row in rows:
                stay = found[row.id]
                worked_out[row.id] = {name: getattr(stay, name) for name in OF_STAY if getattr(row, name) != getattr(stay, name)}
                if led and row.from_stage_id != stay.from_stage:
                    came[row.id] = {"from_stage": stay.from_stage}
    quietly.put(session, table, worked_out)
    records.follow_with_changes(session, "stage_history", came)


def standing(session: DataSession, deals: Sequence[int]) -> dict[int, int]:
    """The stage in which the history says that each deal stands; a deal without history is absent."""
    table, found = StageHistory.__table__, dict[int, int]()
    for part in in_parts(deals):
        query = select(table.c.deal_id, table.c.stage_id).where(table.c.deal_id.in_(part), table.c.left_at.is_(None), table.c.deleted_at.is_(None))
        found |= {row.deal_id: row.stage_id for row in session.kernel(query)}
    return found
