"""How long deals stood in the stages of a funnel."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import CommonParams
from crm.backoffice.reports.figures import whole_seconds
from crm.backoffice.reports.grouping import Key, grouping
from crm.backoffice.reports.parameters import Json
from crm.backoffice.sight import Source
from crm.sales.funnel.counting import as_one, scope
from crm.sales.funnel.groups import Group
from crm.sales.funnel.view import HISTORY, View
from crm.sales.stays import lasting

FEW = 10  # row keys of which the database counts equal stays


def count_stays(
    session: DataSession, view: View, params: CommonParams, chosen: Sequence[Json], found: defaultdict[Key, Group],
) -> None:
    """Count into `found` how long stays lasted that ended, in minutes of the company's wall clock, and those of open stages that last. The database sends
    those of a row key and a stage as one text: a million rows would take longer to fetch than to count. Where `found` holds few keys it counts equal stays
    first; of many keys hardly two stays of one are equal, nor did two that last begin in the same second."""
    history, counted = session.table(HISTORY), len(found) <= FEW
    places = view.stages.places
    finished = _texts(session, view, params, chosen, history, history["minutes"], (view.left(history), history["stage"].in_(places)), counted)
    for key, stage, text in finished:
        found[key].finished[places[stage]].update(_counted(text) if counted else map(int, text.split(",")))
    if params.shows("km_median_days"):
        zone, until, since = session.catalog.company.zone, view.until(), whole_seconds(session, history["entered_at"])
        for lasts in view.lasts(history):
            for key, stage, text in _texts(session, view, params, chosen, history, since, (lasts, history["stage"].in_(view.stages.open))):
                found[key].unfinished[places[stage]].update(lasting(map(int, text.split(",")), zone, until))


def _texts(
    session: DataSession, view: View, params: CommonParams, chosen: Sequence[Json], history: Source, number: ColumnElement[int],
    conditions: Collection[ColumnElement[bool]], counted: bool = False,
) -> Iterator[tuple[Key, int, str]]:
    """By row key and stage, a number of each row of the history that satisfies the conditions, as one text; `counted`: each number once, followed by how
    often it is there."""
    deal = session.table("deal")
    groups = grouping(deal, params.dimensions)
    table, where = looked_at_rows(session, view, history, deal, chosen if groups.dimensions or chosen else None)
    keys = [expression.label(f"key_{n}") for n, expression in enumerate(groups.expressions)]
    told = groups.joined(select(*keys, history["stage"].label("stage"), number.label("number")).select_from(table))
    each = told.where(*view.moved(history), *where, *conditions).subquery()
    *by, one = each.c
    text: ColumnElement[str] = cast(one, String)
    if counted:
        alike = select(*by, (cast(one, String) + "," + cast(func.count(), String)).label("text")).group_by(*by, one).subquery()
        *by, text = alike.c
    for row in session.execute(select(*by, func.aggregate_strings(text, ",")).group_by(*by)):
        stage, numbers = row[groups.width :]
        if numbers:
            yield groups.key(row), stage, numbers


def looked_at_rows(
    session: DataSession, view: View, history: Source, deal: Source, chosen: Sequence[Json] | None,
) -> tuple[Any, list[ColumnElement[bool]]]:
    """The rows of the history that are looked at, and what chooses them; joined with their deals only where something is asked of these (`chosen`; None:
    nothing, not even what they are split by)."""
    together = as_one(session)
    if chosen is None and together:
        return history.table, [scope(session, history), *view.began(history)]
    where = [deal.visible, *([deal.asked({"all": list(chosen)})] if chosen is not None else [])]
    table = deal.table.join(history.table, history.beside(deal))
    return (table, [*where, *view.began(history)]) if together else (view.begun(session, deal, table), where)


def _counted(text: str) -> dict[int, int]:
    """How often each number is there, of a text in which it stands before its times."""
    numbers = list(map(int, text.split(",")))
    return dict(zip(numbers[::2], numbers[1::2], strict=True))
