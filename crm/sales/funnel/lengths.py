"""How long deals stood in the stages of a funnel."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, not_, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import CommonParams
from crm.backoffice.reports.figures import whole_seconds
from crm.backoffice.reports.grouping import Key, grouping
from crm.backoffice.reports.parameters import Json
from crm.backoffice.sight import Source
from crm.sales.funnel.counting import HISTORY, NOTHING, Group, View, as_one
from crm.sales.stays import lasting

FEW = 10  # row keys of which the database counts equal stays


def count_stays(
    session: DataSession, view: View, params: CommonParams, chosen: Sequence[Json], found: defaultdict[Key, Group],
) -> None:
    """Count into `found` how long stays lasted that ended, in minutes of the company's wall clock, and those of open stages that last. The database sends
    those of a row key and a stage as one text: a million rows would take longer to fetch than to count. Where `found` holds few keys it counts equal stays
    first; of many keys hardly two stays of one are equal."""
    history, deal = session.table(HISTORY), session.table("deal")
    groups, left = grouping(deal, params.dimensions), view.left(history)
    places = {s.id: n for n, s in enumerate(view.stages.rows)}
    lasts = and_(not_(left), history["stage"].in_(view.stages.open))
    since = case((lasts, whole_seconds(session, history["entered_at"]))) if params.shows("km_median_days") else NOTHING
    columns = [history["stage"].label("stage"), case((left, history["minutes"])).label("lasted"), since.label("since")]
    table, where = _stays(session, view, history, deal, [] if not groups.dimensions and not chosen else [deal.visible, deal.asked({"all": list(chosen)})])
    keys = [expression.label(f"key_{n}") for n, expression in enumerate(groups.expressions)]
    each = groups.joined(select(*keys, *columns).select_from(table)).where(history["stage"].in_(places), *view.moved(history), *where).subquery()
    counted = len(found) <= FEW
    if counted:
        each = select(*each.c, func.count().label("times")).group_by(*each.c).subquery()
    texts = [func.aggregate_strings(_times(each.c[name], each.c.times) if counted else cast(each.c[name], String), ",") for name in ("lasted", "since")]
    by = [*list(each.c)[: groups.width], each.c.stage]
    so_far = lasting(session.catalog.company.zone, view.until())
    for row in session.execute(select(*by, *texts).group_by(*by)):
        stage, minutes, seconds = row[groups.width :]
        group, place = found[groups.key(row)], places[stage]
        group.finished[place] += _numbers(minutes, counted)
        group.unfinished[place] += map(so_far, _numbers(seconds, counted))


def _stays(
    session: DataSession, view: View, history: Source, deal: Source, of_deals: list[ColumnElement[bool]],
) -> tuple[Any, list[ColumnElement[bool]]]:
    """The rows of the history that are looked at, and what chooses them; joined with their deals only where something is asked of these."""
    together = as_one(session)
    if not of_deals and together:
        return history.table, [history.visible, *view.began(history)]
    table, where = deal.table.join(history.table, history.beside(deal)), of_deals or [deal.visible]
    return (table, [*where, *view.began(history)]) if together else (view.begun(session, deal, table), where)


def _times(value: ColumnElement[Any], times: ColumnElement[Any]) -> ColumnElement[str]:
    """A number and how often it is there, as `number:times`."""
    return cast(value, String) + ":" + cast(times, String)


def _numbers(text: str | None, counted: bool) -> Iterable[int]:
    """The numbers of a text, of which each says how often it is there where they are counted, these in ascending order."""
    if not text:
        return ()
    if not counted:
        return map(int, text.split(","))
    pairs = sorted((int(number), int(times)) for number, _, times in (one.partition(":") for one in text.split(",")))
    return chain.from_iterable(repeat(number, times) for number, times in pairs)
