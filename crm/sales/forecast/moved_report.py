"""From which month to which expected deals have moved between two nights, and which of them came and went: a matrix, cell by cell."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from crm.backoffice.guard import DataSession
from crm.backoffice.money import exact_sum
from crm.backoffice.periods import Period
from crm.backoffice.reports import Column, Drill, Table, report
from crm.backoffice.reports.conversion import conversion, notes
from crm.backoffice.reports.grouping import Key, columns_of, key_of, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered
from crm.backoffice.worth import Conversion, today_in
from crm.messages import Label, m
from crm.sales.forecast.expected import EXPECTED, asked_of_all
from crm.sales.forecast.forecast_report import DIMENSIONS
from crm.sales.forecast.months import MONTH, SPAN, STEP, named, steps, whole, worded
from crm.sales.forecast.nights import held_on, in_stage, stood_on
from crm.sales.forecast.outlook import NIGHT, OUTLOOK
from crm.sales.forecast.standings import MANY, NightsParams, Standing, compared

WAS, NOW = "expected_then", "expected_now"
EARLIER, LATER, UNDATED, WON, LOST, UNKNOWN = "earlier", "later", "undated", "won", "lost", "unknown"
BESIDE_MONTHS = {
    EARLIER: Label("раніше", "earlier"), LATER: Label("пізніше", "later"), UNDATED: Label("без дня", "no day"), WON: Label("виграно", "won"),
    LOST: Label("програно", "lost"),
}
NEW, GONE = Label("ще не було", "not known yet"), Label("більше не стежимо", "no longer followed")

COUNTED = tuple(f"{NIGHT}.{key}" for key in ("since", "until", "stage", EXPECTED))
WORTH = (*COUNTED, f"{NIGHT}.amount", f"{NIGHT}.currency")
MEASURES = (
    Column("deals", Label("Угод", "Deals"), "count", Label("Скільки угод так перейшло або лишилося", "How many deals moved or stayed so"), COUNTED),
    Column("before", Label("Було", "Was"), "money", Label("Їхня сума першої ночі", "Their amount on the first night"), WORTH),
    Column("after", Label("Є", "Is"), "money", Label("Їхня сума останньої ночі", "Their amount on the last night"), WORTH),
)


@dataclass(frozen=True, kw_only=True)
class MovedParams(NightsParams):
    """What is asked beside the two nights; `period` are the months between which deals move."""

    period: Annotated[Period | None, SPAN] = None
    step: Annotated[str, STEP] = MONTH


@dataclass
class Moved:
    """The deals of a cell, and what they were and are worth; those that were not there add nothing."""

    deals: list[int] = field(default_factory=list)
    before: list[Decimal | None] = field(default_factory=list)
    after: list[Decimal | None] = field(default_factory=list)

    def add(self, deal: int, old: Standing | None, new: Standing | None, done: Conversion) -> None:
        self.deals.append(deal)
        for amounts, one in ((self.before, old), (self.after, new)):
            if one is not None:
                amounts.append(done.worth(one.amount, one.place))

    def measures(self, params: MovedParams) -> dict[str, Any]:
        every = {"deals": len(self.deals), "before": _total(self.before), "after": _total(self.after)}
        return {c.key: every[c.key] for c in params.shown}


@report(
    "forecast_slips", label=Label("Переноси між місяцями", "Slips between months"),
    question=Label("Куди перенеслося те, чого чекали в кожному місяці?", "Where has what was expected in each month moved to?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, params=MovedParams, icon="arrow-right", opening={"changed": "last_30_days"},
)
def forecast_slips(session: DataSession, params: MovedParams) -> Table:
    """One row a pair of places in which deals stood on the first and on the last night of `params.changed`: a month (`params.step`: or quarter) of the period,
    `earlier` or `later` than it, `undated`, `won`, `lost`, or `unknown` where nothing was kept of the deal on that night.

    Deals that on one of the nights were open and expected in the period. `before` of all rows that come from a month is what `forecast_changes` calls
    `opening` of it, `after` of all that lead to it its `closing`. Deals that the reader does not see now, the removed among them, are in no figure.
    """
    first, last = params.nights()
    months = steps(params.period, params.step, first, today_in(params.time_zone))
    within = replace(params, period=whole(months))
    was, now, deals = compared(session, within, money=params.shows("before"))
    places = [one.place for standings in (was, now) for one in standings.values()]
    done = conversion(session, params, (place.currency for place in places))
    found, total = defaultdict[Key, Moved](Moved), Moved()
    for deal in sorted(deals):
        old, new = was.get(deal), now.get(deal)
        split = (new or old).key if new or old else ()  # type: ignore[union-attr]
        for cell in (found[(_place(old, within, months), _place(new, within, months), *split)], total):
            cell.add(deal, old, new, done)
    names = row_keys(session, params.dimensions, {key[2:] for key in found})
    cells = {_key(params, {WAS: key[0], NOW: key[1], **names[key[2:]]}): moved for key, moved in found.items()}
    rows = [{WAS: key[0], NOW: key[1], **names[key[2:]], **moved.measures(params)} for key, moved in _in_order(found, months)]
    return Table(
        columns=(*_columns(months), *columns_of(params.dimensions), *params.shown), rows=ordered(rows, params.sort), totals=total.measures(params),
        currency=params.currency,
        drill=lambda row, key: _behind(session, within, months, row, key, (total if row is None else cells[_key(params, row)]).deals),
        notes=(m("Compared: the nights of %(first)s and %(last)s.", first=first.isoformat(), last=last.isoformat()),
               *notes(session, session.catalog.entity("deal"), params, done, places)),
    )


def _columns(months: Mapping[str, Period]) -> tuple[Column, Column]:
    """Those that name a row, with what each place is called."""
    words = {**{name: worded(name, days.first) for name, days in months.items()}, **BESIDE_MONTHS}
    return (Column(WAS, Label("Чекали тоді", "Expected then"), "option", words=tuple({**words, UNKNOWN: NEW}.items())),
            Column(NOW, Label("Чекають тепер", "Expected now"), "option", words=tuple({**words, UNKNOWN: GONE}.items())))


def _place(one: Standing | None, params: MovedParams, months: Mapping[str, Period]) -> str:
    """In which place a deal stood."""
    days = params.period
    if one is None or days is None:
        return UNKNOWN
    if one.stage != "open":
        return one.stage if one.stage in (WON, LOST) else UNKNOWN
    if one.expected is None:
        return UNDATED
    return EARLIER if one.expected < days.first else LATER if one.expected > days.last else named(one.expected, params.step)


def _in_order(found: Mapping[Key, Moved], months: Mapping[str, Period]) -> list[tuple[Key, Moved]]:
    """The cells by where they come from, then by where they lead."""
    order = {name: place for place, name in enumerate((EARLIER, *months, LATER, UNDATED, WON, LOST, UNKNOWN))}
    return sorted(found.items(), key=lambda one: (order[one[0][0]], order[one[0][1]], [(part is None, str(part)) for part in one[0][2:]]))


def _key(params: MovedParams, row: Row) -> tuple[Any, ...]:
    return (row[WAS], row[NOW], *key_of(params.dimensions, row))


def _total(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return exact_sum(known) if len(known) == len(amounts) else None


# --- the records behind a cell --------------------------------------------------------------------------------------


def _behind(session: DataSession, params: MovedParams, months: Mapping[str, Period], row: Row | None, key: str, deals: Sequence[int]) -> Drill:
    """The deals; behind an amount what was expected of them on its night, as long as they are few enough to be named one by one."""
    first, last = params.nights()
    if len(deals) <= MANY:
        if key == "deals":
            return Drill("deal", {"all": [{"field": "id", "op": "in", "value": list(deals)}]})
        return Drill(OUTLOOK, {"all": [*held_on(first if key == "before" else last), {"field": "deal", "op": "in", "value": list(deals)}]})
    common = [*asked_of_all(params), *(row_conditions(session, "deal", params.dimensions, row) if row else [])]
    if row is None:
        inside = _within(session, params.period)
        return Drill("deal", {"all": [*common, {"any": [stood_on(night, inside) for night in (first, last)]}]})
    return Drill("deal", {"all": [*common, *(_stood(session, params, months, night, row[place]) for night, place in ((first, WAS), (last, NOW)))]})


def _within(session: DataSession, days: Period | None) -> list[Json]:
    return [*in_stage(session, "open"), *([{"field": EXPECTED, "op": "within", "value": f"{days.first}..{days.last}"}] if days is not None else [])]


def _stood(session: DataSession, params: MovedParams, months: Mapping[str, Period], night: date, place: str) -> Json:
    """That a deal stood in a place on a night."""
    days = params.period
    if place == UNKNOWN or days is None:
        return stood_on(night, [], op="eq")
    if place in (WON, LOST):
        return stood_on(night, in_stage(session, place))
    beyond: Mapping[str, Json] = {
        EARLIER: {"field": EXPECTED, "op": "lt", "value": str(days.first)}, LATER: {"field": EXPECTED, "op": "gt", "value": str(days.last)},
        UNDATED: {"field": EXPECTED, "op": "empty"},
    }
    return stood_on(night, [*in_stage(session, "open"), beyond[place]] if place in beyond else _within(session, months[place]))
