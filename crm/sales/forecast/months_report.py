"""The forecast of months or quarters side by side: what is closed, promised and probable in each."""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Annotated, Any

from sqlalchemy import func, or_, select

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import Period
from crm.backoffice.reports import Chart, Drill, Series, Table, report
from crm.backoffice.reports.conversion import conversion, notes
from crm.backoffice.reports.grouping import Key, columns_of, key_of, row_keys
from crm.backoffice.reports.table import Row, ordered
from crm.backoffice.worth import today_in
from crm.messages import Label, Message, mn
from crm.sales.forecast.expected import CLOSED_ON, EXPECTED, SHARES, Figures, asked_of_all, count_open, count_won
from crm.sales.forecast.forecast_report import DIMENSIONS, MEASURES as OF_A_PERIOD, ForecastParams, behind, measured, note_on_categories
from crm.sales.forecast.months import MONTH, SPAN, STEP, dimension, named, steps, whole
from crm.sales.forecast.recurring import repeats

MEASURES = tuple(column for column in OF_A_PERIOD if column.key not in SHARES)
CHART = Chart(Label("Закрито, обіцяно й зважено", "Closed, promised and weighted"),
              (Series("closed", "won"), Series("commit", "whole"), Series("weighted", "open")), beside=True)


@dataclass(frozen=True, kw_only=True)
class MonthsParams(ForecastParams):
    """What is asked beside what the forecast of one period is."""

    period: Annotated[Period | None, SPAN] = None
    step: Annotated[str, STEP] = MONTH


@report(
    "forecast_months", label=Label("Прогноз за місяцями", "Forecast by month"),
    question=Label("До чого дійде кожен із наступних місяців: закрито, обіцяно, зважено?",
                   "What will each of the next months come to: closed, promised, weighted?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, params=MonthsParams, icon="calendar-event",
)
def forecast_months(session: DataSession, params: MonthsParams) -> Table:
    """One row for each month (`params.step`: or quarter) of the period, in order, and for each value of `params.by` that has something in it.

    Every row is what the report `forecast` says of its days, without the simulation; the rows add up to what it says of the whole period. Without a period
    this month and the next five, or this quarter and the next three. Money is in `params.currency`, None as soon as a deal has no rate.
    """
    today, won, open_stages = today_in(params.time_zone), session.catalog.stages("won"), session.catalog.stages("open")
    months = steps(params.period, params.step, today, today)
    within = replace(params, period=whole(months))
    found: defaultdict[Key, Figures] = defaultdict(Figures)
    count_open(session, _split(within, EXPECTED), open_stages, None, today, found)
    count_won(session, _split(within, CLOSED_ON), won, found)
    for one in repeats(session, within, won) if params.shows("recurring") else ():
        figures = found[(named(one.day, params.step), *one.key)]
        figures.add("recurring", one.place, one.amount)
        figures.again.add(one.deal)
    total = Figures()
    for figures in found.values():
        total.join(figures)
    if not params.dimensions:
        found = defaultdict(Figures, {(name,): found[(name,)] for name in months})
    places = total.places()
    done = conversion(session, params, (place.currency for place in places))
    called = row_keys(session, params.dimensions, {key[1:] for key in found})
    by_row = {(key[0], *_name(params, {**called[key[1:]], "month": ""})[1:]): figures for key, figures in found.items()}
    rows = [{"month": key[0], **called[key[1:]], **measured(figures, within, done, {})} for key, figures in found.items()]
    by_name = (("month", False), *((d.key, False) for d in params.dimensions))
    return Table(
        columns=(*columns_of((dimension(params.step, EXPECTED), *params.dimensions)), *params.shown), rows=ordered(ordered(rows, by_name), params.sort),
        totals=measured(total, within, done, {}), currency=params.currency,
        drill=lambda row, key: _behind(session, within, months, row, key, won, open_stages, (total if row is None else by_row[_name(params, row)]).again),
        notes=(*note_on_categories(params), *_beyond(session, params, within.period, open_stages),
               *notes(session, session.catalog.entity("deal"), params, done, places)),
        chart=CHART if not params.dimensions and all(params.shows(one.column) for one in CHART.series) else None,
    )


def _split(params: MonthsParams, dated: str) -> MonthsParams:
    """The same by the month of that day first."""
    return replace(params, dimensions=(dimension(params.step, dated), *params.dimensions))


def _beyond(session: DataSession, params: MonthsParams, period: Period | None, open_stages: list[int]) -> list[Message]:
    """How many open deals stand in no row because they are overdue or have no day."""
    if period is None or not params.shows("open"):
        return []
    deal = session.table("deal")
    asked = [deal.visible, deal["stage"].in_(open_stages), deal.asked({"all": asked_of_all(params)}),
             or_(deal[EXPECTED].is_(None), deal[EXPECTED] < period.first)]
    number = session.scalar(select(func.count()).select_from(deal.table).where(*asked)) or 0
    return [mn("%(num)s open deal was expected before these months or has no day: it is in none of them.",
               "%(num)s open deals were expected before these months or have no day: they are in none of them.", number)] if number else []


def _name(params: MonthsParams, row: Row) -> tuple[Any, ...]:
    return (row["month"], *key_of(params.dimensions, row))


def _behind(
    session: DataSession, params: MonthsParams, months: dict[str, Period], row: Row | None, key: str, won: list[int], open_stages: list[int], again: set[int],
) -> Drill:
    """The deals behind a figure: what the forecast of the row's days shows."""
    return behind(session, replace(params, period=months[row["month"]]) if row is not None else params, row, key, won, open_stages, again)
