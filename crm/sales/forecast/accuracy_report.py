"""How near forecasts came: what was expected of a month some days before it, beside what was won in it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import and_, func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.money import exact_sum
from crm.backoffice.periods import Period, month as month_of
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Parameter, Series, Table, report
from crm.backoffice.reports.conversion import conversion, day_of_rate, notes
from crm.backoffice.reports.drill import prefixed
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered
from crm.backoffice.worth import Conversion, Place, add_to, today_in
from crm.messages import Label, Message, m
from crm.sales.forecast.expected import CLOSED_ON, EXPECTED, asked_of_all
from crm.sales.forecast.forecast_report import DIMENSIONS as OF_DEALS
from crm.sales.forecast.nights import expected_in, held, held_on, in_stage
from crm.sales.forecast.outlook import NIGHT, OUTLOOK

MONTHS = 36  # that are looked at, the last ones of the period
MONTH = Dimension("month", Label("Місяць", "Month"), CLOSED_ON)
DIMENSIONS = (*OF_DEALS, MONTH)
FORECAST = tuple(f"{NIGHT}.{key}" for key in ("since", "until", "stage", EXPECTED, "amount", "currency", "probability"))
ACTUAL = ("stage", CLOSED_ON, "amount", "currency")
BOTH = (*FORECAST, *ACTUAL)
MEASURES = (
    Column("months", Label("Місяців", "Months"), "count", Label("Місяці, що минули й про які відомо, чого від них чекали",
           "Months that are over and of which it is known what was expected of them"), FORECAST),
    Column("forecast", Label("Очікували", "Forecast"), "money", Label("Суми відкритих тоді угод, помножені на тодішню ймовірність",
           "Amounts of the deals open then by their probability of then"), FORECAST),
    Column("actual", Label("Виграли", "Won"), "money", Label("Суми угод, виграних у ці місяці", "Amounts of the deals won in these months"), ACTUAL),
    Column("error", Label("Різниця", "Error"), "money", Label("Очікували мінус виграли: більше нуля — чекали забагато",
           "Forecast less won: above zero too much was expected"), BOTH),
    Column("bias", Label("Зміщення", "Bias"), "rate", Label("Різниця, поділена на вигране", "Error divided by what was won"), BOTH),
    Column("mape", Label("Похибка", "MAPE"), "rate",
           Label("Середнє за місяцями: різниця без знака, поділена на вигране в місяці; без місяців, де не виграно нічого",
                 "The mean over months of the error without its sign, divided by what was won in the month; without months in which nothing was won"), BOTH),
)
CHART = Chart(Label("Очікували й виграли", "Forecast and won"), (Series("forecast", "open"), Series("actual", "won")), beside=True)
AHEAD = Parameter(
    "choice", Label("За скільки днів", "How far ahead"), Label("Скільки днів лишалося до місяця, коли прогнозували: 0, 30, 60 або 90",
    "How many days it still was to the month when it was forecast: 0, 30, 60 or 90"),
    choices=lambda _session: {str(n): Label(f"за {n} днів до місяця" if n else "першого дня місяця", f"{n} days before" if n else "on its first day")
                              for n in (0, 30, 60, 90)},
)


@dataclass(frozen=True, kw_only=True)
class AccuracyParams(CommonParams):
    """What is asked beside what all reports are."""

    ahead: Annotated[str, AHEAD] = "30"


@dataclass
class Figures:
    """Of one row: money by month and measure."""

    worth: defaultdict[str, defaultdict[str, dict[Place, Decimal | None]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))

    def add(self, month: str, measure: str, place: Place, amount: Decimal | None) -> None:
        add_to(self.worth[month][measure], place, amount)

    def join(self, other: "Figures") -> None:
        for month, measures in other.worth.items():
            for measure, amounts in measures.items():
                for place, amount in amounts.items():
                    self.add(month, measure, place, amount)

    def places(self) -> list[Place]:
        return [place for measures in self.worth.values() for amounts in measures.values() for place in amounts]


@report(
    "forecast_accuracy", label=Label("Точність прогнозу", "Accuracy of the forecast"),
    question=Label("Наскільки справджувалися прогнози й чи не чекали ми забагато?", "How near did forecasts come, and did we expect too much?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, params=AccuracyParams, opening={"period": "last_365_days", "by": "month"},
)
def forecast_accuracy(session: DataSession, params: AccuracyParams) -> Table:
    """The whole months of the period that are over, 36 at most: what was expected of each so many days ahead of it and what was won in it, split by
    `params.by` (as deals are now).

    `forecast` is the sum of amount × probability of the deals that were open and expected in the month on that night; `bias` is error/actual, `mape` the
    mean over months of |error|/actual, fractions of 1, None where nothing was won. A month is left out of whose night nothing is known.
    """
    session.table("deal").asked({"all": asked_of_all(params)})  # a condition is judged also where there is no month to ask it of
    months = _months(session, params)
    ours, place = tuple(d for d in params.dimensions if d is not MONTH), next((n for n, d in enumerate(params.dimensions) if d is MONTH), None)
    found: defaultdict[Key, Figures] = defaultdict(Figures)
    for key, month, measure, where, amount in (*_expected(session, params, ours, months), *_won(session, params, ours, months)):
        row = key if place is None else (*key[:place], month, *key[place:])
        found[row].add(month, measure, where, amount)
    whole = Figures()
    for figures in found.values():
        whole.join(figures)
    if not params.dimensions:
        found = defaultdict(Figures, {(): whole})
    done = conversion(session, params, (one.currency for one in whole.places()))
    names = row_keys(session, params.dimensions, found)
    rows = [{**names[key], **_measures(figures, params, done, 1 if place is not None else len(months))} for key, figures in found.items()]
    standard = ((MONTH.key, False),) if place is not None else (("actual", True),) if params.shows("actual") else ()
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(ordered(rows, tuple((d.key, False) for d in ours)), params.sort or standard),
        totals=_measures(whole, params, done, len(months)), currency=params.currency, drill=lambda row, key: _drill(session, params, ours, months, row, key),
        notes=(*_notes(params, months), *notes(session, session.catalog.entity("deal"), params, done, whole.places())),
        chart=CHART if params.dimensions and params.shows("forecast") and params.shows("actual") else None,
    )


def _months(session: DataSession, params: AccuracyParams) -> dict[str, tuple[Period, date]]:
    """The months that are looked at, as rows name them: their days, and the night of the forecast."""
    today, outlook = today_in(params.time_zone), session.table(OUTLOOK)
    began = session.scalar(select(func.min(outlook["since"])).select_from(outlook.table).where(outlook.visible))
    last = min(params.period.last if params.period is not None else today, today - timedelta(days=1))
    found: dict[str, tuple[Period, date]] = {}
    month = month_of(last)
    while began is not None and month.first >= began and len(found) < MONTHS:
        night = month.first - timedelta(days=int(params.ahead))
        if night < began or (params.period is not None and month.first < params.period.first):
            break
        if month.last <= last:
            found[f"{month.first:%Y-%m}"] = (month, night)
        month = month_of(month.first - timedelta(days=1))
    return dict(reversed(found.items()))


Part = tuple[Key, str, str, Place, Decimal | None]  # row key without the month, month, measure, where the money stands, amount


def _expected(
    session: DataSession, params: AccuracyParams, ours: tuple[Dimension, ...], months: Mapping[str, tuple[Period, date]],
) -> Iterator[Part]:
    base = session.catalog.company.currency
    for name, (month, night) in months.items() if params.shows("forecast") else ():
        outlook, deal = session.table(OUTLOOK), session.table("deal")
        groups = grouping(deal, ours)
        split = [*groups.expressions, outlook["currency"], day_of_rate(outlook, params), outlook["probability"]]
        table = outlook.table.join(deal.table, and_(deal.id == outlook["deal"], deal.visible))
        asked = [
            outlook.visible, held(outlook, night), outlook["stage"].in_(session.catalog.stages("open")), outlook[EXPECTED] >= month.first,
            outlook[EXPECTED] <= month.last, deal.asked({"all": asked_of_all(params)}),
        ]
        for row in session.execute(groups.joined(select(*split, func.sum(outlook["amount"])).select_from(table)).where(*asked).group_by(*split)):
            code, day, probability, amount = row[groups.width :]
            yield groups.key(row), name, "forecast", Place(code or base, day), None if amount is None or probability is None else amount * probability


def _won(session: DataSession, params: AccuracyParams, ours: tuple[Dimension, ...], months: Mapping[str, tuple[Period, date]]) -> Iterator[Part]:
    if not months or not params.shows("actual"):
        return
    deal, base = session.table("deal"), session.catalog.company.currency
    groups = grouping(deal, (*ours, MONTH))
    split = [*groups.expressions, deal["currency"], day_of_rate(deal, params)]
    days = [month for month, _ in months.values()]
    asked = [
        deal.visible, deal["stage"].in_(session.catalog.stages("won")), deal[CLOSED_ON] >= days[0].first, deal[CLOSED_ON] <= days[-1].last,
        deal.asked({"all": asked_of_all(params)}),
    ]
    for row in session.execute(groups.joined(select(*split, func.sum(deal["amount"])).select_from(deal.table)).where(*asked).group_by(*split)):
        *key, month = groups.key(row)
        code, day, amount = row[groups.width :]
        yield tuple(key), month, "actual", Place(code or base, day), amount


def _measures(figures: Figures, params: AccuracyParams, done: Conversion, months: int) -> dict[str, Any]:
    def money(measure: str, month: Mapping[str, Mapping[Place, Decimal | None]]) -> Decimal | None:
        return done.total(month[measure]) if month.get(measure) else Decimal(0)

    each = [(money("forecast", month), money("actual", month)) for month in figures.worth.values()]
    sums = [None if None in one else exact_sum(amount for amount in one if amount is not None) for one in ([f for f, _ in each], [a for _, a in each])]
    forecast, actual = sums
    error = None if forecast is None or actual is None else forecast - actual
    missed = [abs(f - a) / a for f, a in each if f is not None and a]
    every = {
        "months": months, "forecast": forecast, "actual": actual, "error": error, "bias": float(error / actual) if error is not None and actual else None,
        "mape": float(sum(missed) / len(missed)) if missed and error is not None else None,
    }
    return {c.key: every[c.key] for c in params.shown}


def _notes(params: AccuracyParams, months: Mapping[str, tuple[Period, date]]) -> tuple[Message, ...]:
    if not months:
        return (m("No month of the period is over of which it is known what was expected; that is kept every night."),)
    return (m("Forecast %(days)s days before the month began.", days=params.ahead),) if params.ahead != "0" else ()


def _drill(
    session: DataSession, params: AccuracyParams, ours: tuple[Dimension, ...], months: Mapping[str, tuple[Period, date]], row: Row | None, key: str,
) -> Drill | None:
    """What was expected of the months, or the deals that were won in them."""
    if key == "months" or not months:
        return None
    common = [*asked_of_all(params), *(row_conditions(session, "deal", ours, row) if row else [])]
    chosen = [months[row[MONTH.key]]] if row is not None and MONTH in params.dimensions else list(months.values())
    if key != "forecast":
        days: list[Json] = [{"field": CLOSED_ON, "op": "within", "value": f"{chosen[0][0].first}..{chosen[-1][0].last}"}]
        return Drill("deal", {"all": [*common, *in_stage(session, "won"), *days]})
    seen = prefixed({"all": common}, "deal", session.catalog.saved.every)
    nights: Sequence[Json] = [{"all": [*held_on(night), *expected_in(session, month)]} for month, night in chosen]
    return Drill(OUTLOOK, {"all": [{"any": nights}, *seen["all"]]}) if seen is not None else None
