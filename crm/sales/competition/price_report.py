"""The report on price positions: how what each competitor offers stands to our amounts, and how that changes over time."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median
from typing import Any

from sqlalchemy import case, func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Series, Table, report
from crm.backoffice.reports.drill import prefixed
from crm.backoffice.reports.grouping import Grouping, Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered, rate
from crm.backoffice.sight import Source
from crm.messages import Label
from crm.organization.dimensions import OWNER

OPENED_ON, RIVALS, RIVAL = "opened_on", "rivals", "deal_competitor"
NEEDS = ("amount", "rivals.competitor", "rivals.offered_price")
DECIDED = (*NEEDS, "stage")
COMPETITOR = Dimension("competitor", Label("Конкурент", "Competitor"), "rivals.competitor", "competitor")
DIMENSIONS = (
    COMPETITOR,
    Dimension("month", Label("Місяць відкриття", "Month opened"), OPENED_ON),
    Dimension("quarter", Label("Квартал відкриття", "Quarter opened"), OPENED_ON, step="quarter"),
    Dimension("year", Label("Рік відкриття", "Year opened"), OPENED_ON, step="year"),
    Dimension("product", Label("Продукт", "Product"), "lines.product", "product"),
    Dimension("industry", Label("Галузь компанії", "Industry of the company"), "account.industry", picklist="industry"),
    Dimension("sales_channel", Label("Канал продажу", "Sales channel"), "sales_channel", picklist="sales_channel"),
    OWNER,
)
MEASURES = (
    Column(
        "median_gap", Label("Різниця цін, медіана", "Price gap, median"), "rate",
        Label("На скільки його ціна вища за нашу суму; відʼємна: він дешевший", "By how much its price is above our amount; below 0: it is cheaper"),
        needs=NEEDS, sample=("offers",),
    ),
    Column(
        "mean_gap", Label("Різниця цін, середня", "Price gap, mean"), "rate",
        Label("Те саме в середньому: одна дуже низька ціна важить більше", "The same on average: one very low price weighs more"), needs=NEEDS,
        sample=("offers",),
    ),
    Column(
        "offers", Label("Цін відомо", "Prices known"), "count",
        Label("Суперники, ціну яких знаємо, в угодах із сумою", "Rivals whose price is known, in deals with an amount"), needs=NEEDS,
    ),
    Column(
        "cheaper_rate", Label("Частка дешевших", "Cheaper rate"), "rate", Label("Нижчі за нашу суму, поділені на всі", "Those below our amount divided by all"),
        needs=NEEDS, sample=("offers",),
    ),
    Column("deals", Label("Угод", "Deals"), "count", Label("Угоди, у яких відома хоч одна ціна", "Deals in which at least one price is known"), needs=NEEDS),
    Column("won", Label("Виграли ми", "Won by us"), "count", Label("З них на виграному етапі", "Of them, in a won stage"), needs=DECIDED),
    Column("lost", Label("Програно", "Lost"), "count", Label("З них на програному етапі", "Of them, in a lost stage"), needs=DECIDED),
    Column(
        "win_rate", Label("Частка виграних", "Win rate"), "rate",
        Label("Виграні, поділені на виграні й програні разом", "Won divided by won and lost together"), needs=DECIDED, sample=("won", "lost"),
    ),
)
TITLE = Label("Ціни конкурентів проти наших", "Prices of competitors against ours")


@dataclass
class Figures:
    """Of one row: deals by outcome, and how often each gap (offered price/amount − 1) is met."""

    outcomes: Counter[str] = field(default_factory=Counter)
    gaps: Counter[Decimal] = field(default_factory=Counter)


@report(
    "price_position", label=Label("Ціни конкурентів", "Price position"),
    question=Label("Як змінюються ціни конкурентів проти наших?", "How do competitors’ prices move against ours?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, icon="trophy", opening={"by": "quarter,competitor"},
)
def price_position(session: DataSession, params: CommonParams) -> Table:
    """Prices that rivals offered beside our amount, both in the deal's currency, by the day on which the deal was opened.

    A gap is offered price/amount − 1, a fraction of 1, over deals with an amount above 0; `median_gap` and `mean_gap` are None of none. A rival counts
    once a row, however many lines its deal has, and a deal once a row, however many rivals. `cheaper_rate` is the share of gaps below 0, `win_rate`
    won/(won + lost).
    """
    rows, whole = _figures(session, params, params.dimensions), _figures(session, params, ()).get((), Figures())
    if not params.dimensions:
        rows = {(): whole}
    keys = row_keys(session, params.dimensions, rows)
    shown = [{**keys[key], **_measures(found, params)} for key, found in rows.items()]
    over_time = bool(params.dimensions) and params.dimensions[0].by_month
    standard = ((params.by[0], False),) if over_time else (("offers", True),)
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown),
        rows=ordered(ordered(shown, tuple((d.key, False) for d in params.dimensions)), params.sort or standard), totals=_measures(whole, params),
        currency=params.currency, drill=lambda row, key: _drill(session, params, row, key),
        chart=Chart(TITLE, (Series("median_gap", "open"),), kind="line" if over_time else "") if params.dimensions else None,
    )


def _figures(session: DataSession, params: CommonParams, dimensions: tuple[Dimension, ...]) -> dict[Key, Figures]:
    deal, found = session.table("deal"), defaultdict[Key, Figures](Figures)
    groups = grouping(deal, dimensions)
    rival = groups.sources.get(RIVALS) or session.table(RIVAL)
    for row in session.execute(_offered(params, deal, rival, groups, (rival["offered_price"], deal["amount"]), func.count(rival.id.distinct()))):
        offered, amount, count = row[groups.width :]
        found[groups.key(row)].gaps[offered / amount - 1] += count
    won, lost = (session.catalog.stages(kind) for kind in ("won", "lost"))
    outcome = (case((deal["stage"].in_(won), "won"), (deal["stage"].in_(lost), "lost"), else_="open"),) if params.shows("won") else ()
    for row in session.execute(_offered(params, deal, rival, groups, outcome, func.count(deal.id.distinct()))):
        *kind, count = row[groups.width :]
        found[groups.key(row)].outcomes[kind[0] if kind else "open"] += count
    return dict(found)


def _offered(params: CommonParams, deal: Source, rival: Source, groups: Grouping, split: tuple[Any, ...], counted: Any) -> Any:
    """Rivals with a price in deals with an amount that the parameters choose, split by the dimensions and further."""
    statement = groups.joined(select(*groups.expressions, *split, counted).select_from(deal.table))
    if RIVALS not in groups.sources:
        statement = statement.join(rival.table, (rival["deal"] == deal.id) & rival.visible)
    known = (rival["offered_price"].is_not(None), deal["amount"] > 0)
    return statement.where(deal.visible, deal.asked({"all": params.conditions(OPENED_ON)}), *known).group_by(*groups.expressions, *split)


def _measures(found: Figures, params: CommonParams) -> dict[str, Any]:
    offers, won, lost = found.gaps.total(), found.outcomes["won"], found.outcomes["lost"]
    cheaper = sum(count for gap, count in found.gaps.items() if gap < 0)
    every: dict[str, Any] = {
        "median_gap": float(median(found.gaps.elements())) if offers else None,
        "mean_gap": float(sum(gap * count for gap, count in found.gaps.items()) / offers) if offers else None,
        "offers": offers, "cheaper_rate": rate(cheaper, offers), "deals": found.outcomes.total(), "won": won, "lost": lost,
        "win_rate": rate(won, won + lost),
    }
    return {c.key: every[c.key] for c in params.shown}


def _drill(session: DataSession, params: CommonParams, row: Row | None, key: str) -> Drill | None:
    """The deals behind a cell; behind prices the rivals who offered them. None where what is asked for cannot be said of rivals."""
    priced: list[Json] = [{"field": "offered_price", "op": "not_empty"}]
    if row is not None and COMPETITOR in params.dimensions:
        priced.append({"field": "competitor", "op": "eq", "value": row["competitor_id"]})
    others = tuple(one for one in params.dimensions if one is not COMPETITOR)
    chosen: list[Mapping[str, Any]] = [
        {"field": "amount", "op": "gt", "value": 0}, *params.conditions(OPENED_ON), *(row_conditions(session, "deal", others, row) if row else []),
    ]
    if key in ("deals", "won", "lost", "win_rate"):
        stages = session.catalog.stages(*(("won", "lost") if key == "win_rate" else (key,)))
        decided: list[Json] = [{"field": "stage", "op": "in", "value": stages}] if key != "deals" else []
        return Drill("deal", {"all": [*chosen, *decided, {"count": RIVALS, "where": {"all": priced}, "op": "gt", "value": 0}]})
    of_deal = prefixed({"all": chosen}, "deal", session.catalog.saved.every)
    return None if of_deal is None else Drill(RIVAL, {"all": [*priced, *of_deal["all"]]}, columns=("deal", "competitor", "offered_price"))
