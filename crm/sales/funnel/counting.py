"""Deals on their way through a pipeline, counted: which of them a report looks at, which stages they entered, where they stand, how long they stood.

Three modes look at three sets of moves. `cohort`: all moves of the deals whose first move in the pipeline lies in the period. `snapshot`: every move
before the end of the period. `flow`: the moves inside the period. Everything else is the same for all: what the moves name and how they leave the deal.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, not_, null, select

from crm.backoffice.catalog import Configured
from crm.backoffice.guard import DataSession
from crm.backoffice.periods import Period
from crm.backoffice.reports.conversion import day_of_rate
from crm.backoffice.reports.grouping import Key, grouping
from crm.backoffice.reports.parameters import HISTORIC, CommonParams, Json, within
from crm.backoffice.sight import Source
from crm.backoffice.spans import lasted_over
from crm.backoffice.worth import Place
from crm.sales.stays import on_trail

Mode = Literal["cohort", "snapshot", "flow"]
HISTORY = "stage_history"
FACTS = ("deal", "stage", "from_stage", "entered_at", "left_at", "first", "began_at", "trail")  # of a move, from which others follow
NOTHING: Any = cast(null(), Integer)
MONEY = ("amount", "velocity")  # measures for which amounts are added up
Worth = dict[Place, Decimal | None]  # money by its currency and the day of its rate


@dataclass(frozen=True)
class Stages:
    """The stages of a pipeline: those that are rows, in order and the won ones last; and those in which deals are lost, which are none."""

    rows: tuple[Configured, ...]
    lost: tuple[int, ...]

    @classmethod
    def of(cls, stages: Iterable[Configured], pipeline: int) -> "Stages":
        own = [s for s in stages if s.parent_id == pipeline]
        rows = sorted((s for s in own if s.values["kind"] != "lost"), key=lambda s: (s.values["kind"] == "won", s.position))
        return cls(tuple(rows), tuple(s.id for s in own if s.values["kind"] == "lost"))

    @cached_property
    def places(self) -> dict[int, int]:
        """The place of each stage that is a row."""
        return {s.id: n for n, s in enumerate(self.rows)}

    @cached_property
    def every(self) -> list[int]:
        return [*(s.id for s in self.rows), *self.lost]

    @cached_property
    def won(self) -> list[int]:
        return [s.id for s in self.rows if s.values["kind"] == "won"]

    @cached_property
    def open(self) -> list[int]:
        return [s.id for s in self.rows if s.values["kind"] == "open"]

    def from_on(self, place: int) -> list[int]:
        """The stage at `place` and all later ones."""
        return [s.id for s in self.rows[place:]]


@dataclass(frozen=True)
class View:
    """Which deals and moves are looked at, once as conditions for lists and once as parts of a statement."""

    stages: Stages
    mode: Mode
    period: Period | None
    zone: ZoneInfo

    def moves(self) -> list[Json]:
        """The conditions on rows of the history by which they are looked at."""
        edges = within("entered_at", self.period, self.zone) if self.period is not None else []
        return {"cohort": [], "snapshot": edges[1:], "flow": edges}[self.mode]

    def standing(self) -> list[Json]:
        """The conditions on the one row of a deal that says where it stands in the end."""
        here: list[Json] = [{"field": "left_at", "op": "empty"}]
        if self.mode != "cohort" and self.period is not None:
            later = {"field": "left_at", "op": "ge", "value": self.period.moments(self.zone)[1].isoformat()}
            here = [{"any": [*here, later]}]
        return [*self.moves(), *here]

    def finished(self) -> list[Json]:
        """The conditions on rows of stays that had ended when the looking ended."""
        if self.mode == "cohort" or self.period is None:
            return [{"field": "left_at", "op": "not_empty"}]
        return [*self.moves(), {"field": "left_at", "op": "lt", "value": self.period.moments(self.zone)[1].isoformat()}]

    def deals(self) -> list[Json]:
        """The conditions on deals by which they are looked at at all."""
        if self.mode == "cohort" and self.period is not None:
            first: list[Json] = [*within("entered_at", self.period, self.zone), {"field": "first", "op": "eq", "value": True}]
            return [has_move(first, self.stages.every)]
        return [has_move(self.moves(), self.stages.every)]

    def moved(self, history: Source) -> list[ColumnElement[bool]]:
        """`moves`, in SQL."""
        if self.mode == "cohort" or self.period is None:
            return []
        start, end = self.period.moments(self.zone)
        return [history["entered_at"] < end, *([history["entered_at"] >= start] if self.mode == "flow" else [])]

    def left(self, history: Source) -> ColumnElement[bool]:
        """Whether a stay had ended when the looking ended."""
        if self.mode == "cohort" or self.period is None:
            return history["left_at"].is_not(None)
        return and_(history["left_at"].is_not(None), history["left_at"] < self.period.moments(self.zone)[1])

    def lasts(self, history: Source) -> list[ColumnElement[bool]]:
        """That a stay had not ended when the looking ended: conditions of which each chooses rows of its own, so that an index holds all that it reads."""
        return self.apart(history) if self.mode == "snapshot" and self.period is not None else [not_(self.left(history))]

    def apart(self, history: Source) -> list[ColumnElement[bool]]:
        """That a stay goes on still, and that it had begun before the end of the period and ended since."""
        assert self.period is not None
        return [history["left_at"].is_(None), lasted_over(history["entered_at"], history["left_at"], self.period.moments(self.zone)[1])]

    def until(self) -> datetime:
        """The moment until which stays that go on have lasted."""
        now = datetime.now(UTC)
        return now if self.mode == "cohort" or self.period is None else min(now, self.period.moments(self.zone)[1])

    def began(self, history: Source) -> list[ColumnElement[bool]]:
        """That a row of the history is of a deal that is looked at, where its own words say so."""
        return began_in(self.period.moments(self.zone), history) if self.mode == "cohort" and self.period is not None else []

    def begun(self, session: DataSession, deal: Source, table: Any) -> Any:
        """`table` joined with the first move of each deal, where that says whether the deal is looked at."""
        return self.joined(session, deal, table) if self.mode == "cohort" and self.period is not None else table

    def joined(self, session: DataSession, deal: Source, table: Any) -> Any:
        """`table` joined with the first move of each deal that entered the pipeline in the period."""
        assert self.period is not None
        start, end = self.period.moments(self.zone)
        entry = session.table(HISTORY)
        inside = and_(entry["first"], entry["stage"].in_(self.stages.every), entry["entered_at"] >= start, entry["entered_at"] < end)
        return table.join(entry.table, and_(entry.beside(deal), inside))


def began_in(edges: tuple[datetime, datetime], history: Source) -> list[ColumnElement[bool]]:
    """That the deal of a row entered the row's pipeline between two moments."""
    return [history["began_at"] >= edges[0], history["began_at"] < edges[1]]


def has_move(conditions: Sequence[Json], stages: Sequence[int], *, op: str = "gt") -> Json:
    """The condition on a deal that a row of its history names one of the stages and satisfies the conditions (`op` eq: that none does)."""
    return {"count": HISTORY, "where": {"all": [{"field": "stage", "op": "in", "value": list(stages)}, *conditions]}, "op": op, "value": 0}


@dataclass
class Group:
    """The deals of one value of the dimensions. By place of a stage: which entered it, furthest reached, lost and open, how often stays lasted so
    many minutes; what those are worth that got that far and no further, `None` for those that reached none, and what the won are worth."""

    deals: int = 0
    won: int = 0
    lost_of_all: int = 0
    entered: Counter[int] = field(default_factory=Counter)
    furthest: Counter[int | None] = field(default_factory=Counter)
    furthest_won: Counter[int | None] = field(default_factory=Counter)
    lost: Counter[int] = field(default_factory=Counter)
    open: Counter[int] = field(default_factory=Counter)
    worth: defaultdict[int | None, Worth] = field(default_factory=lambda: defaultdict(dict))
    won_worth: Worth = field(default_factory=dict)
    finished: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    unfinished: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def reached(self, place: int) -> int:
        """How many got as far as the stage at `place`, or further."""
        return sum(number for far, number in self.furthest.items() if far is not None and far >= place)

    def reached_and_won(self, place: int) -> int:
        return sum(number for far, number in self.furthest_won.items() if far is not None and far >= place)

    def worth_from(self, place: int) -> Worth:
        """What the deals are worth that got as far as `place`."""
        found: Worth = {}
        for far, amounts in self.worth.items():
            if far is not None and far >= place:
                _add(found, amounts)
        return found

    def join(self, other: "Group") -> None:
        """Take in the deals of another group; of how long they stood a whole says nothing."""
        self.deals, self.won, self.lost_of_all = self.deals + other.deals, self.won + other.won, self.lost_of_all + other.lost_of_all
        for name in ("entered", "furthest", "furthest_won", "lost", "open"):
            getattr(self, name).update(getattr(other, name))
        for far, amounts in other.worth.items():
            _add(self.worth[far], amounts)
        _add(self.won_worth, other.won_worth)


def _add(to: Worth, amounts: Worth) -> None:
    for currency, amount in amounts.items():
        before = to.get(currency)
        to[currency] = amount if before is None else before if amount is None else before + amount


def count_deals(
    session: DataSession, view: View, params: CommonParams, chosen: Sequence[Json], found: defaultdict[Key, Group],
) -> None:
    """Count into `found` the deals that satisfy `chosen`, by row key: what their moves name, where they stand, and what they are worth."""
    deal, base = session.table("deal"), session.catalog.company.currency
    groups, money = grouping(deal, params.dimensions), any(params.shows(key) for key in MONEY)
    currency, day, amount = (deal["currency"], day_of_rate(deal, params), func.sum(deal["amount"])) if money else (NOTHING, NOTHING, NOTHING)
    for courses in _last_rows(session, view, deal) if as_one(session) else [_all_rows(session, view, deal)]:
        split = [*groups.expressions, *courses.columns, *([currency] if money else []), *([day] if money and params.rate == HISTORIC else [])]
        counted = select(*groups.expressions, *courses.columns, currency, day, func.count(), amount).select_from(courses.table)
        counted = groups.joined(counted).where(deal.visible, deal.asked({"all": list(chosen)})).group_by(*split)
        width = groups.width + len(courses.columns)
        numbers, worths = Counter[tuple[Any, ...]](), defaultdict[tuple[Any, ...], Worth](dict)  # of each way: a row a currency and day, often many
        rows: Iterable[Sequence[Any]] = session.execute(counted)
        for row in rows:
            way, (code, on, number, worth) = tuple(row[:width]), row[width:]
            numbers[way] += number
            if money:
                _add(worths[way], {Place(code or base, on): worth})
        for way, number in numbers.items():
            entered, stands, came_from = courses.read(way[groups.width :])
            if entered:
                _count(found[groups.key(way)], view.stages, entered, stands, came_from, number, worths[way])


def scope(session: DataSession, history: Source) -> ColumnElement[bool]:
    """The moves that show to this reader, said as the session's database finds most of them soonest."""
    return history.visible if on_sqlite(session) else history.visible_in_bulk


def on_sqlite(session: DataSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _count(
    group: Group, stages: Stages, entered: frozenset[int], stands: int | None, came_from: int | None, number: int, worth: Worth,
) -> None:
    """Add deals that went the same way: which stages of the pipeline they entered, where they stand and, if lost, from where."""
    places = stages.places
    named = [places[stage] for stage in entered if stage in places]
    far = max(named, default=None)
    group.deals += number
    group.furthest[far] += number
    group.entered.update(dict.fromkeys(named, number))
    _add(group.worth[far], worth)
    if stands in stages.lost:
        group.lost_of_all += number
        if came_from in places:
            group.lost[places[came_from]] += number
    elif stands in stages.won:
        group.won += number
        _add(group.won_worth, worth)
        group.furthest_won[far] += number
    elif stands in places:
        group.open[places[stands]] += number


@dataclass(frozen=True)
class Courses:
    """How a statement learns the way of each deal: the deals joined with it, the columns that tell it; and what those columns say: the
    stages of the pipeline that moves name (none: the deal is not looked at), the stage in which they leave it, and from where it came there."""

    table: Any
    columns: Sequence[ColumnElement[Any]]
    read: Callable[[Sequence[Any]], tuple[frozenset[int], int | None, int | None]]


def as_one(session: DataSession) -> bool:
    """Whether this reader sees all moves of a deal or none, so that one may say what follows from the others."""
    usable = session.sight.filterable(HISTORY)
    return all(key in usable for key in FACTS) and session.table(HISTORY).as_one(*FACTS)


def _last_rows(session: DataSession, view: View, deal: Source) -> Iterator[Courses]:
    """From the row in which the moves leave a deal, one row a deal. Where several conditions may choose it, each chooses deals of its own: an index holds
    all that one of them reads, and none all that both do. Of a flow that row says too much about a deal that was in the pipeline before: only its moves
    tell of it."""
    last, every, several = session.table(HISTORY), view.stages.every, len(session.catalog.configured["pipeline"]) > 1
    stands, within_reach = last["left_at"].is_(None), frozenset(every)

    def read(columns: Sequence[Any]) -> tuple[frozenset[int], int | None, int | None]:
        trail, stood, came_from = columns
        return on_trail(trail) & within_reach, stood if stood in within_reach else None, came_from

    def rows(*chosen: ColumnElement[bool], begun: bool = False) -> Courses:
        table = deal.table.join(last.table, and_(last.beside(deal), *chosen))
        return Courses(view.joined(session, deal, table) if begun else table, [last["trail"], last["stage"], last["from_stage"]], read)

    if view.period is None:
        yield rows(stands)
    elif view.mode == "cohort":
        yield rows(stands, last["stage"].in_(every), *view.began(last))
        if several:  # it may stand in another by now
            yield rows(stands, last["stage"].not_in(every), begun=True)
    elif view.mode == "flow":
        edges = view.period.moments(view.zone)
        for lasts in [not_(view.left(last))] if on_sqlite(session) else view.apart(last):
            yield rows(lasts, *view.moved(last), last["stage"].in_(every), *began_in(edges, last))
            if several:
                yield rows(lasts, *view.moved(last), last["stage"].not_in(every), begun=True)
        yield _all_rows(session, view, deal, before=edges[0])
    else:
        for lasts in view.apart(last):
            yield rows(lasts, *view.moved(last))


def _all_rows(session: DataSession, view: View, deal: Source, before: datetime | None = None) -> Courses:
    """From all rows of the moves, put together deal by deal; those only of deals that were in the pipeline `before` a moment."""
    history, every = session.table(HISTORY), view.stages.every
    left = view.left(history)
    named = [func.max(case((history["stage"] == stage, 1), else_=0)).label(f"stage_{n}") for n, stage in enumerate(every)]
    stands, came_from = (func.max(case((not_(left), history[key]))).label(name) for key, name in (("stage", "stands"), ("from_stage", "came_from")))
    where = [history["stage"].in_(every), *view.moved(history), *([history["began_at"] < before] if before is not None else [])]
    if view.mode == "cohort":
        parent = session.table("deal")
        table = view.begun(session, parent, parent.table.join(history.table, history.beside(parent)))
        picked = select(parent.id.label("deal"), *named, stands, came_from).select_from(table).where(parent.visible, *where).group_by(parent.id)
    else:
        picked = select(history["deal"].label("deal"), *named, stands, came_from).select_from(history.table).where(scope(session, history), *where)
        picked = picked.group_by(history["deal"])
    course = picked.subquery()

    def read(columns: Sequence[Any]) -> tuple[frozenset[int], int | None, int | None]:
        *was, stands, came_from = columns
        return frozenset(stage for stage, one in zip(every, was, strict=True) if one), stands, came_from

    return Courses(deal.table.join(course, course.c.deal == deal.id), list(course.c)[1:], read)


def without_history(session: DataSession, view: View, chosen: Sequence[Json]) -> int:
    """How many deals that satisfy `chosen` stand in the pipeline with no move in it. Of all deals those are counted that have a first move, which an index
    of its own knows: nobody has two, and to look for none of a million takes longer."""
    stage = session.catalog.configured["stage"].get(view.stages.every[0] if view.stages.every else 0)
    here: Json = {"field": "pipeline", "op": "eq", "value": stage.parent_id if stage else 0}
    together = as_one(session)
    is_first: list[Json] = [{"field": "first", "op": "eq", "value": True}] if together else []  # whoever may know of some moves only is asked of all
    if chosen or not together:
        return number_of(session, [*chosen, here, has_move(is_first, view.stages.every, op="eq")])
    first = session.table(HISTORY)
    several = len(session.catalog.configured["pipeline"]) > 1
    one_a_deal = first["first"] if several else first["left_at"].is_(None)  # in the order of deals, which is that of the table
    of_all = select(func.count()).select_from(first.table).where(scope(session, first), one_a_deal, first["stage"].in_(view.stages.every))
    entered = int(session.scalar(of_all) or 0)
    elsewhere = number_of(session, [{"not": here}, has_move(is_first, view.stages.every)]) if several else 0
    return number_of(session, [here]) - entered + elsewhere


def number_of(session: DataSession, chosen: Sequence[Json]) -> int:
    """How many deals satisfy the conditions."""
    deal = session.table("deal")
    return int(session.scalar(select(func.count()).select_from(deal.table).where(deal.visible, deal.asked({"all": list(chosen)}))) or 0)
