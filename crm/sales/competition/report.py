"""The report on competitors: in how many deals each is met, how these end, and how its prices stand to ours."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median
from typing import Any

from sqlalchemy import case, func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Series, Table, report
from crm.backoffice.reports.estimates import wilson
from crm.backoffice.reports.grouping import Grouping, Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.table import Row, ordered, rate
from crm.backoffice.sight import Source
from crm.messages import Label
from crm.organization.dimensions import OWNER

CLOSED_ON, RIVALS = "closed_on", "rivals"
ENOUGH = 20  # decided deals from which on the win rate gets an interval
MET = ("stage", "rivals.competitor")
GAP = ("amount", "rivals.offered_price")
CHART = Chart(Label("Угоди з конкурентами", "Deals with competitors"), (Series("won", "won"), Series("lost", "lost"), Series("open", "open")))

DIMENSIONS = (
    Dimension("competitor", Label("Конкурент", "Competitor"), "rivals.competitor", "competitor"),
    Dimension("product", Label("Продукт", "Product"), "lines.product", "product"),
    Dimension("account", Label("Компанія", "Company"), "account", "account"),
    Dimension("industry", Label("Галузь компанії", "Industry of the company"), "account.industry", picklist="industry"),
    Dimension("month", Label("Місяць закриття", "Month closed"), CLOSED_ON),
    OWNER,
)
MEASURES = (
    Column("met", Label("Зустріли", "Met"), "count", Label("Угоди, у яких є суперник", "Deals in which there is a rival"), needs=MET),
    Column("won", Label("Виграли ми", "Won by us"), "count", Label("З них на виграному етапі", "Of them, in a won stage"), needs=MET),
    Column("lost", Label("Програно", "Lost"), "count", Label("З них на програному етапі", "Of them, in a lost stage"), needs=MET),
    Column("open", Label("Відкрито", "Open"), "count", Label("З них ще відкриті", "Of them, still open"), needs=MET),
    Column(
        "win_rate", Label("Частка виграних", "Win rate"), "rate",
        Label("Виграні, поділені на виграні й програні разом", "Won divided by won and lost together"), needs=MET, sample=("won", "lost"),
    ),
    Column(
        "low", Label("Від", "From"), "rate",
        Label("Нижня межа частки, 95 % за Вілсоном; від 20 закритих угод", "Lower bound of the rate, Wilson’s 95 %; from 20 decided deals on"), needs=MET,
    ),
    Column(
        "high", Label("До", "To"), "rate",
        Label("Верхня межа частки, 95 % за Вілсоном; від 20 закритих угод", "Upper bound of the rate, Wilson’s 95 %; from 20 decided deals on"), needs=MET,
    ),
    Column(
        "price_gap", Label("Різниця цін", "Price gap"), "rate",
        Label(
            "На скільки його ціна вища за нашу суму, медіана; відʼємна: він дешевший",
            "By how much its price is above our amount, the median; below 0: it is cheaper",
        ),
        needs=(*MET, *GAP),
    ),
)


@dataclass
class Figures:
    """What is counted for one row: deals by outcome; what rivals offered for each of our amounts, how often."""

    outcomes: Counter[str] = field(default_factory=Counter)
    gaps: Counter[Decimal] = field(default_factory=Counter)


@report(
    "competitors", label=Label("Конкуренти", "Competitors"),
    question=Label("Проти кого ми виграємо, а кому програємо?", "Against whom do we win, and to whom do we lose?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, icon="trophy", opening={"by": "competitor"},
)
def competitors(session: DataSession, params: CommonParams) -> Table:
    """Deals in which the reader sees a rival, by the day they closed on; without a period the open ones too.

    A deal counts once a row, so one with two rivals stands in the rows of both and once in the total. `win_rate` is won/(won + lost), a fraction of 1;
    `low` and `high` are Wilson's 95 % interval, None below 20 decided deals. `price_gap` is the median of offered price/amount − 1 over the rivals
    whose price is known, both in the deal's currency; None of none.
    """
    rows, whole = _figures(session, params, params.dimensions), _figures(session, params, ()).get((), Figures())
    if not params.dimensions:
        rows = {(): whole}
    keys = row_keys(session, params.dimensions, rows)
    shown = [{**keys[key], **_measures(found, params)} for key, found in rows.items()]
    standard = (("month", False),) if "month" in params.by else (("met", True),)
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown),
        rows=ordered(ordered(shown, tuple((d.key, False) for d in params.dimensions)), params.sort or standard), totals=_measures(whole, params),
        currency=params.currency, drill=lambda row, key: _drill(session, params, row, key), chart=CHART if params.dimensions else None,
    )


def _chosen(params: CommonParams) -> list[Mapping[str, Any]]:
    return [{"count": RIVALS, "op": "gt", "value": 0}, *params.conditions(CLOSED_ON)]


def _figures(session: DataSession, params: CommonParams, dimensions: tuple[Dimension, ...]) -> dict[Key, Figures]:
    deal = session.table("deal")
    groups, found = grouping(deal, dimensions), defaultdict[Key, Figures](Figures)
    outcome = case((deal["stage"].in_(session.catalog.stages("won")), "won"), (deal["stage"].in_(session.catalog.stages("lost")), "lost"), else_="open")
    statement = groups.joined(select(*groups.expressions, outcome, func.count(deal.id.distinct())).select_from(deal.table))
    for row in session.execute(statement.where(deal.visible, deal.asked({"all": _chosen(params)})).group_by(*groups.expressions, outcome)):
        kind, count = row[groups.width :]
        found[groups.key(row)].outcomes[kind] += count
    if params.shows("price_gap"):
        _gaps(session, params, deal, groups, found)
    return dict(found)


def _gaps(session: DataSession, params: CommonParams, deal: Source, groups: Grouping, found: dict[Key, Figures]) -> None:
    """What rivals offered beside our amount; a rival counts once a row, however many lines the deal has."""
    rival = groups.sources.get(RIVALS) or session.table("deal_competitor")
    split = (*groups.expressions, rival["offered_price"], deal["amount"])
    statement = groups.joined(select(*split, func.count(rival.id.distinct())).select_from(deal.table))
    if RIVALS not in groups.sources:
        statement = statement.join(rival.table, (rival["deal"] == deal.id) & rival.visible)
    known = (rival["offered_price"].is_not(None), deal["amount"] > 0)
    for row in session.execute(statement.where(deal.visible, deal.asked({"all": _chosen(params)}), *known).group_by(*split)):
        offered, amount, count = row[groups.width :]
        found[groups.key(row)].gaps[offered / amount - 1] += count


def _measures(found: Figures, params: CommonParams) -> dict[str, Any]:
    won, lost = found.outcomes["won"], found.outcomes["lost"]
    between = wilson(won, won + lost) if won + lost >= ENOUGH else None
    every: dict[str, Any] = {
        "met": found.outcomes.total(), "won": won, "lost": lost, "open": found.outcomes["open"], "win_rate": rate(won, won + lost),
        "low": between.low if between else None, "high": between.high if between else None,
        "price_gap": float(median(found.gaps.elements())) if found.gaps else None,
    }
    return {c.key: every[c.key] for c in params.shown}


def _drill(session: DataSession, params: CommonParams, row: Row | None, key: str) -> Drill:
    """The deals behind a cell."""
    kinds = {"won": ("won",), "lost": ("lost",), "open": ("open",), "win_rate": ("won", "lost"), "low": ("won", "lost"), "high": ("won", "lost")}.get(key, ())
    chosen = _chosen(params)
    if kinds:
        chosen.append({"field": "stage", "op": "in", "value": session.catalog.stages(*kinds)})
    if key == "price_gap":
        priced = {"field": "offered_price", "op": "not_empty"}
        chosen += [{"field": "amount", "op": "gt", "value": 0}, {"count": RIVALS, "where": priced, "op": "gt", "value": 0}]
    return Drill("deal", {"all": [*chosen, *(row_conditions(session, "deal", params.dimensions, row) if row else [])]})
