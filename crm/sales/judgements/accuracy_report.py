"""How near judgements came: what was judged of a month some days before it, beside what was closed in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import Period, month as month_of
from crm.backoffice.reports import Chart, Column, CommonParams, Drill, Series, Table, report
from crm.backoffice.reports.conversion import conversion, notes
from crm.backoffice.reports.grouping import columns_of, key_of, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered
from crm.backoffice.worth import Conversion, today_in
from crm.messages import Label, m
from crm.sales.forecast.accuracy_report import AHEAD
from crm.sales.judgements.models import JUDGEMENT
from crm.sales.judgements.report import total, unfiltered
from crm.sales.judgements.subjects import CLOSED, DIMENSIONS, STATED, Deals, Judged, by_row, deals_behind, judged, stood_on, whole_months

MONTHS = 24  # that are looked at, the last ones of the period: each is named where a cell opens its records
HELD = (*STATED, "stated_on", "replaced_on")
OPINION = (*HELD, "amount", "currency")
BOTH = (*OPINION, *CLOSED)
MEASURES = (
    Column("judgements", Label("Оцінок", "Judgements"), "count", Label("Оцінки місяців, що минули, чинні за стільки днів до місяця",
           "Judgements of months that are over, in force so many days before the month"), HELD),
    Column("judged", Label("Оцінили", "Judged"), "money", Label("Їхня сума", "Their amount"), OPINION),
    Column("actual", Label("Закрили", "Closed"), "money", Label("Сума угод тих, кого оцінено, виграних у ці місяці",
           "Amount of the deals of whom was judged that were won in these months"), (*HELD, *CLOSED)),
    Column("error", Label("Різниця", "Error"), "money", Label("Оцінили мінус закрили: більше нуля — чекали забагато",
           "Judged less closed: above zero too much was expected"), BOTH),
    Column("bias", Label("Зміщення", "Bias"), "rate", Label("Різниця, поділена на закрите", "Error divided by what was closed"), BOTH),
    Column("mape", Label("Похибка", "MAPE"), "rate", Label("Середнє за оцінками: різниця без знака, поділена на закрите; без тих, де не закрито нічого",
           "The mean over judgements of the error without its sign, divided by what was closed; without those where nothing was closed"), BOTH),
)
CHART = Chart(Label("Оцінили й закрили", "Judged and closed"), (Series("judged", "open"), Series("actual", "won")), beside=True)


@dataclass(frozen=True, kw_only=True)
class AccuracyParams(CommonParams):
    """What is asked beside what all reports are."""

    ahead: Annotated[str, AHEAD] = "30"


@report(
    "judgement_accuracy", label=Label("Точність оцінок прогнозу", "Accuracy of judgements"),
    question=Label("Чиї оцінки прогнозу справджуються, а хто чекає забагато чи замало?", "Whose judgements come true, and who expects too much or too little?"),
    group="sales", entity=JUDGEMENT, measures=MEASURES, dimensions=DIMENSIONS, params=AccuracyParams,
    opening={"period": "last_365_days", "by": "owner,measure"},
)
def judgement_accuracy(session: DataSession, params: AccuracyParams) -> Table:
    """Judgements of the whole months of the period that are over, 24 at most, in force so many days ahead of each, beside the deals won in it of the same
    people, as deals are now; split by `params.by`.

    `bias` is error/actual, `mape` the mean over judgements of |error|/actual, fractions of 1, None where nothing was closed.
    """
    nights = _nights(session, params)
    every = [one for month, night in nights for one in judged(
        session, params, _of_month(params, month), money=params.shows("judged"), held=lambda source, day=night: stood_on(source, day))]
    deals = Deals(session, params, every if params.shows("actual") else (), open_too=False)
    places = [*(one.place for one in every), *deals.places()]
    done = conversion(session, params, (place.currency for place in places))
    found = by_row(every) if params.dimensions else {(): every}
    names = row_keys(session, params.dimensions, found)
    keys = {key_of(params.dimensions, names[key]): key for key in found}
    rows = [{**names[key], **_measures(ones, deals, done, params)} for key, ones in found.items()]
    by_name = tuple((d.key, False) for d in params.dimensions)
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(ordered(rows, by_name), params.sort),
        totals=_measures(every, deals, done, params), currency=params.currency,
        drill=lambda row, key: _behind(session, params, nights, deals, row, key, every if row is None else found[keys[key_of(params.dimensions, row)]]),
        notes=(*([] if every else [m("No judgement is known of a month that is over.")]),
               *notes(session, session.catalog.entity(JUDGEMENT), params, done, places)),
        chart=CHART if params.dimensions and params.shows("judged") and params.shows("actual") else None,
    )


def _nights(session: DataSession, params: AccuracyParams) -> list[tuple[Period, date]]:
    """The months that are over, the first one first, each with the day whose judgements count."""
    yesterday, days, source = today_in(params.time_zone) - timedelta(days=1), whole_months(params), session.table(JUDGEMENT)
    began = session.scalar(select(func.min(source["month"])).select_from(source.table).where(source.visible, source.asked({"all": unfiltered(params)})))
    first = max(days.first, began) if days is not None and began is not None else began
    here = month_of(min(params.period.last, yesterday) if params.period is not None else yesterday)
    found = list[tuple[Period, date]]()
    while first is not None and here.last >= first and len(found) < MONTHS:
        if here.last <= yesterday and (params.period is None or (here.first >= params.period.first and here.last <= params.period.last)):
            found.append((here, here.first - timedelta(days=int(params.ahead))))
        here = month_of(here.first - timedelta(days=1))
    return list(reversed(found))


def _of_month(params: AccuracyParams, month: Period) -> list[Json]:
    return [{"field": "month", "op": "eq", "value": month.first.isoformat()}, *unfiltered(params)]


def _measures(ones: Sequence[Judged], deals: Deals, done: Conversion, params: AccuracyParams) -> dict[str, Any]:
    opinions = [done.worth(one.amount, one.place) if one.amount is not None else None for one in ones]
    closed = [done.total(worth) if worth else Decimal(0) for worth in (deals.worth(one, open_too=False) for one in ones)]
    opinion, actual = total(opinions) if params.shows("judged") else None, total(closed)
    error = opinion - actual if opinion is not None and actual is not None else None
    missed = [abs(said - came) / came for said, came in zip(opinions, closed, strict=True) if said is not None and came]
    every = {
        "judgements": len(ones), "judged": opinion, "actual": actual, "error": error, "bias": float(error / actual) if error is not None and actual else None,
        "mape": float(sum(missed) / len(missed)) if missed and error is not None else None,
    }
    return {c.key: every[c.key] for c in params.shown}


def _behind(
    session: DataSession, params: AccuracyParams, nights: Sequence[tuple[Period, date]], deals: Deals, row: Row | None, key: str, ones: Sequence[Judged],
) -> Drill | None:
    """The judgements that were in force; behind what was closed its deals, where it is of one judgement."""
    if key in ("judgements", "judged"):
        chosen: list[Json] = [{"all": [
            {"field": "month", "op": "eq", "value": month.first.isoformat()}, {"field": "stated_on", "op": "le", "value": night.isoformat()},
            {"any": [{"field": "replaced_on", "op": "empty"}, {"field": "replaced_on", "op": "gt", "value": night.isoformat()}]},
        ]} for month, night in nights]
        own = row_conditions(session, JUDGEMENT, params.dimensions, row) if row else []
        return Drill(JUDGEMENT, {"all": [{"any": chosen}, *unfiltered(params), *own]}) if chosen else None
    return Drill("deal", {"all": deals_behind(session, deals, ones[0], open_too=False)}) if key == "actual" and len(ones) == 1 else None
