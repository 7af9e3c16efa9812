"""The forecast of a period: what is promised by category, what is probable, what is closed, and between which sums the period may end."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Parameter, Series, Table, report
from crm.backoffice.reports.conversion import conversion, notes
from crm.backoffice.reports.grouping import Key, columns_of, key_of, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered
from crm.backoffice.worth import Conversion, today_in
from crm.messages import Label, Message, m, mn
from crm.organization.dimensions import DEPARTMENT, MANAGER, OWNER, TERRITORY
from crm.sales.forecast.categories import BEST_CASE, COMMIT, PICKLIST, PIPELINE
from crm.sales.forecast.expected import CLOSED_ON, EXPECTED, SHARES, Bounds, Figures, Simulation, asked_of_all, count_open, count_won
from crm.sales.forecast.recurring import EVERY, UNTIL, may_repeat, repeats
from crm.sales.forecast.slips import ENOUGH, Slips, slips

MANY = 200  # deals that a condition still names one by one
INDIVIDUAL, CUMULATIVE = "individual", "cumulative"
SURER = {"commit": COMMIT, "best_case": BEST_CASE, "in_pipeline": PIPELINE}  # columns and the categories they hold, the surest first

OPEN = ("stage", EXPECTED)
WORTH = (*OPEN, "amount", "currency")
BY_CATEGORY = (*WORTH, PICKLIST)
CHANCE = (*WORTH, "probability")
WON = ("stage", CLOSED_ON)
WON_WORTH = (*WON, "amount", "currency")
BASE = (*WON_WORTH, EVERY, UNTIL)

DIMENSIONS = (
    OWNER, MANAGER, DEPARTMENT, TERRITORY,
    Dimension("account", Label("Компанія", "Company"), "account", "account"),
    Dimension("pipeline", Label("Воронка", "Pipeline"), "pipeline", "pipeline"),
    Dimension("business_line", Label("Напрям", "Business line"), "business_line", "product_category"),
    Dimension("sales_channel", Label("Канал продажу", "Sales channel"), "sales_channel", picklist="sales_channel"),
)
_BETWEEN = Label(
    "Скільки буде закрито разом із закритим і базою: у {} з 2048 уявних майбутніх не більше",
    "Closed, the base and to be closed: in {} of 2048 futures no more",
)
MEASURES = (
    Column("open", Label("Відкритих", "Open"), "count", Label("Відкриті угоди, очікувані в періоді", "Open deals expected in the period"), OPEN),
    Column("amount", Label("Сума відкритих", "Open amount"), "money", Label("Їхня сума без огляду на ймовірність", "Their amount, however probable"), WORTH),
    Column("commit", Label("Зобовʼязання", "Commit"), "money", Label("З них у категорії «Зобовʼязання»", "Of them in the category Commit"), BY_CATEGORY),
    Column("best_case", Label("Найкращий випадок", "Best case"), "money", Label("З них у категорії «Найкращий випадок»", "Of them in the category Best case"),
           BY_CATEGORY),
    Column("in_pipeline", Label("У роботі", "Pipeline"), "money", Label("З них у категорії «У роботі»", "Of them in the category Pipeline"), BY_CATEGORY),
    Column("weighted", Label("Зважено", "Weighted"), "money",
           Label("Суми відкритих, помножені на ймовірність; виграні сюди не входять",
                 "Amounts of the open by their probability; what is won is not in it"), CHANCE),
    Column("won", Label("Виграно угод", "Deals won"), "count", Label("Виграні угоди, закриті в періоді", "Won deals that closed in the period"), WON),
    Column("closed", Label("Закрито", "Closed"), "money", Label("Сума виграних, закритих у періоді", "Amount of the won that closed in the period"), WON_WORTH),
    Column("recurring", Label("База", "Base"), "money",
           Label("Суми виграних раніше угод, що за договором повторюються в періоді",
                 "Amounts of deals won before that come again in the period, as contracted"), BASE),
    *(Column(key, Label(f"Прогноз {key[1:]} %", f"Forecast {key[1:]} %"), "money",
             Label(_BETWEEN.uk.format(f"{key[1:]} %"), _BETWEEN.en.format(f"{key[1:]} %")), (*CHANCE, CLOSED_ON)) for key in SHARES),
)
CHART = Chart(Label("Закрито й зважено", "Closed and weighted"), (Series("closed", "won"), Series("weighted", "open")), note="p50")

CATEGORIES = Parameter(
    "choice", Label("Категорії", "Categories"),
    Label("individual: кожна окремо; cumulative: закрите входить у зобовʼязання, воно у найкращий випадок, він у роботу",
          "individual: each by itself; cumulative: what is closed is part of commit, commit of best case, best case of pipeline"),
    choices=lambda _session: {INDIVIDUAL: Label("кожна окремо", "each by itself"), CUMULATIVE: Label("з надійнішими", "with the surer ones")},
)
SEED = Parameter(
    "number", Label("Зерно", "Seed"), Label("Від якого числа йде випадок; з тим самим ті самі суми", "What luck is drawn from; the same seed, the same sums"),
)


@dataclass(frozen=True, kw_only=True)
class ForecastParams(CommonParams):
    """What the forecast is asked beside what all reports are."""

    categories: Annotated[str, CATEGORIES] = INDIVIDUAL
    seed: Annotated[int, SEED] = 1


@report(
    "forecast", label=Label("Прогноз продажів", "Sales forecast"),
    question=Label("На скільки закриємо період: обіцяно, зважено, закрито, і в яких межах?",
                   "What will the period come to: promised, weighted, closed, and between which bounds?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, params=ForecastParams, opening={"period": "this_quarter", "by": "owner"},
)
def forecast(session: DataSession, params: ForecastParams) -> Table:
    """Open deals expected in the period and won ones that closed in it, split by `params.by`; all of both without a period.

    `weighted` is the sum of amount × probability over the open. `p10 p50 p90` are sums that so many percent of 2,048 simulated futures do not exceed:
    in each a deal comes or not by its probability and, with a period, by the share of slips (closing less expected day of the deals won in the last 365
    days) that put it there; what is closed, and what comes again by contract, is in every future. Luck follows from `params.seed` and the deal's number, so
    the same deals come to the same sums on every machine. Money is in `params.currency`, None as soon as a deal has no rate. A deal without an amount or a
    probability adds nothing to what is weighted and simulated; without a period nothing is said of what comes again, for it would have no end.
    """
    today, won, open_stages = today_in(params.time_zone), session.catalog.stages("won"), session.catalog.stages("open")
    late = slips(session, won, today) if params.period is not None and params.shows("p50") else Slips()
    found: defaultdict[Key, Figures] = defaultdict(Figures)
    count_open(session, params, open_stages, late, today, found)
    count_won(session, params, won, found)
    count_repeats(session, params, won, found)
    whole = Figures()
    for figures in found.values():
        whole.join(figures)
    if not params.dimensions:
        found = defaultdict(Figures, {(): whole})
    places = whole.places()
    done = conversion(session, params, (place.currency for place in places))
    simulated = Simulation(found, done, params.seed) if params.shows("p50") else None
    keys = row_keys(session, params.dimensions, found)
    named = {key_of(params.dimensions, keys[key]): figures for key, figures in found.items()}
    rows = [{**keys[key], **measured(figures, params, done, simulated.of_row(key) if simulated else {})} for key, figures in found.items()]
    by_name = tuple((d.key, False) for d in params.dimensions)
    standard = (("weighted", True),) if params.shows("weighted") else ()
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(ordered(rows, by_name), params.sort or standard),
        totals=measured(whole, params, done, simulated.of_all() if simulated else {}), currency=params.currency,
        drill=lambda row, key: behind(session, params, row, key, won, open_stages, (whole if row is None else named[key_of(params.dimensions, row)]).again),
        notes=(*_notes(params, late), *notes(session, session.catalog.entity("deal"), params, done, places)),
        chart=CHART if params.dimensions and params.shows("weighted") and params.shows("closed") else None,
    )


def measured(figures: Figures, params: ForecastParams, done: Conversion, bounds: Bounds) -> dict[str, Any]:
    """The measures that the reader gets of one row."""
    def money(*measures: str) -> Decimal | None:
        together = Figures()
        for measure in measures:
            for place, amount in figures.worth[measure].items():
                together.add("", place, amount)
        return done.total(together.worth[""]) if together.worth[""] else Decimal(0)

    every: dict[str, Any] = {
        "open": figures.open, "won": figures.won, "recurring": money("recurring") if params.period is not None else None,
        **{key: money(key) for key in ("amount", "weighted", "closed")},
        **{key: money(*_counted_in(key, params)) for key in SURER}, **bounds,
    }
    return {c.key: every[c.key] for c in params.shown}


def count_repeats(session: DataSession, params: ForecastParams, won: list[int], found: defaultdict[Key, Figures]) -> None:
    """Add what comes again in the period, where the reader may see it."""
    for one in repeats(session, params, won) if params.shows("recurring") else ():
        found[one.key].add("recurring", one.place, one.amount)
        found[one.key].again.add(one.deal)


def _counted_in(column: str, params: ForecastParams) -> tuple[str, ...]:
    """What a column of a category holds: that category, or what is closed and all surer ones too."""
    if params.categories == INDIVIDUAL:
        return (SURER[column],)
    return (*(("closed",) if params.shows("closed") else ()), *list(SURER.values())[: list(SURER).index(column) + 1])


def note_on_categories(params: ForecastParams) -> list[Message]:
    """Says that categories are cumulative where they are."""
    if params.categories == INDIVIDUAL or not params.shows("commit"):
        return []
    return [m("Categories are cumulative: what is closed is part of commit, commit of best case, best case of pipeline.")]


def _notes(params: ForecastParams, late: Slips) -> list[Message]:
    found = note_on_categories(params)
    if params.shows("p50") and params.period is not None:
        if late.days:
            found.append(mn("When deals close against the expected day follows from %(num)s won deal of the last 365 days.",
                            "When deals close against the expected day follows from %(num)s won deals of the last 365 days.", len(late.days)))
        else:
            found.append(m("Fewer than %(least)s deals were won in the last 365 days, so every deal is taken at its expected day.", least=ENOUGH))
    return found


def behind(
    session: DataSession, params: ForecastParams, row: Row | None, key: str, won: list[int], open_stages: list[int], again: Collection[int] = (),
) -> Drill:
    """The deals behind a figure; behind what was simulated all that are closed in the period or expected in it, behind the base those that come `again`."""
    if key == "recurring" and len(again) <= MANY:
        return Drill("deal", {"all": [{"field": "id", "op": "in", "value": sorted(again)}]})
    if key == "recurring":
        return Drill("deal", {"all": [*may_repeat(params, won), *(row_conditions(session, "deal", params.dimensions, row) if row else [])]})
    common = [*asked_of_all(params), *(row_conditions(session, "deal", params.dimensions, row) if row else [])]
    closed = _within(params, CLOSED_ON, won)
    expected = _within(params, EXPECTED, open_stages)
    if key in ("won", "closed"):
        return Drill("deal", {"all": [*common, *closed]})
    if key in SHARES:
        return Drill("deal", {"all": [*common, {"any": [{"all": closed}, {"all": expected}]}]})
    if key not in SURER:
        return Drill("deal", {"all": [*common, *expected]})
    held = _counted_in(key, params)
    in_them = [*expected, {"field": PICKLIST, "op": "in", "value": [one for one in held if one != "closed"]}]
    return Drill("deal", {"all": [*common, *([{"any": [{"all": closed}, {"all": in_them}]}] if "closed" in held else in_them)]})


def _within(params: ForecastParams, dated: str, stages: list[int]) -> list[Json]:
    days = params.period
    inside: list[Mapping[str, Any]] = [{"field": dated, "op": "within", "value": f"{days.first}..{days.last}"}] if days is not None else []
    return [{"field": "stage", "op": "in", "value": stages}, *inside]
