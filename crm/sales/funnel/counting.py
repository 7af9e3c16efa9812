"""Deals on their way through a pipeline, counted: which stages they entered, where they stand, what they are worth."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, not_, null, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports.conversion import day_of_rate
from crm.backoffice.reports.grouping import Key, grouping
from crm.backoffice.reports.parameters import HISTORIC, CommonParams, Json
from crm.backoffice.sight import Source
from crm.backoffice.worth import Place
from crm.sales.funnel.groups import Group, Worth, add
from crm.sales.funnel.view import HISTORY, View, began_in, has_move
from crm.sales.stays import on_trail

FACTS = ("deal", "stage", "from_stage", "entered_at", "left_at", "first", "began_at", "trail")  # of a move, from which others follow
NOTHING: Any = cast(null(), Integer)
MONEY = ("amount", "velocity")  # measures for which amounts are added up


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
                add(worths[way], {Place(code or base, on): worth})
        for way, number in numbers.items():
            entered, stands, came_from = courses.read(way[groups.width :])
            if entered:
                found[groups.key(way)].take_in(view.stages, entered, stands, came_from, number, worths[way])


def scope(session: DataSession, history: Source) -> ColumnElement[bool]:
    """The moves that show to this reader, said as the session's database finds most of them soonest."""
    return history.visible if on_sqlite(session) else history.visible_in_bulk


def on_sqlite(session: DataSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"


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
