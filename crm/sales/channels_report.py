"""The report on channels of sale: what became of the deals that began in each, how fast, at what discount and with what margin."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, null, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Series, Table, report
from crm.backoffice.reports.conversion import conversion, day_of_rate, notes
from crm.backoffice.reports.estimates import wilson
from crm.backoffice.reports.figures import days_between, median
from crm.backoffice.reports.grouping import Grouping, Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.table import Row, ordered, rate
from crm.backoffice.sight import Source
from crm.backoffice.types import product
from crm.backoffice.worth import Conversion, Place, add_to
from crm.messages import Label, Message, m
from crm.organization.dimensions import MANAGER, OWNER, TERRITORY
from crm.sales.channel_costs import returns
from crm.sales.channel_costs.returns import Returned

OPENED_ON, CLOSED_ON = "opened_on", "closed_on"
ENOUGH = 20  # deals from which on a rate gets an interval
WON = ("stage", "amount", "currency")
SOLD = ("stage", "currency", "lines.quantity", "lines.price", "lines.amount")
CHART = Chart(Label("Угоди за каналами", "Deals by channel"), (Series("won", "won"), Series("lost", "lost"), Series("open", "open")))

DIMENSIONS = (
    Dimension("sales_channel", Label("Канал продажу", "Sales channel"), "sales_channel", picklist="sales_channel"),
    Dimension("source", Label("Джерело", "Source"), "source", picklist="source"),
    Dimension("month", Label("Місяць відкриття", "Month opened"), OPENED_ON),
    OWNER, MANAGER, TERRITORY,
    Dimension("business_line", Label("Напрям", "Business line"), "business_line", "product_category"),
)
MEASURES = (
    Column("deals", Label("Угод", "Deals"), "count", Label("Угоди, відкриті за цей час", "Deals that were opened in that time"), needs=("stage",)),
    Column("won", Label("Виграно", "Won"), "count", Label("З них стоять на виграному етапі", "Of them, those that stand in a won stage"), needs=("stage",)),
    Column(
        "lost", Label("Програно", "Lost"), "count", Label("З них стоять на програному етапі", "Of them, those that stand in a lost stage"), needs=("stage",),
    ),
    Column("open", Label("Відкрито", "Open"), "count", Label("З них ще відкриті", "Of them, those that are still open"), needs=("stage",)),
    Column(
        "to_won", Label("Конверсія", "Conversion"), "rate", Label("Виграні, поділені на всі угоди", "Won divided by all the deals"), needs=("stage",),
        sample=("deals",),
    ),
    Column(
        "low", Label("Від", "From"), "rate",
        Label("Нижня межа конверсії, 95 % за Вілсоном; від 20 угод", "Lower bound of the conversion, Wilson’s 95 %; from 20 deals on"), needs=("stage",),
    ),
    Column(
        "high", Label("До", "To"), "rate",
        Label("Верхня межа конверсії, 95 % за Вілсоном; від 20 угод", "Upper bound of the conversion, Wilson’s 95 %; from 20 deals on"), needs=("stage",),
    ),
    Column(
        "win_rate", Label("Частка виграних", "Win rate"), "rate",
        Label("Виграні, поділені на виграні й програні разом", "Won divided by won and lost together"), needs=("stage",), sample=("won", "lost"),
    ),
    Column(
        "median_days", Label("Днів, медіана", "Days, median"), "days",
        Label("Від відкриття до закриття виграних угод: половину закрито швидше", "From opening to closing of the won deals: half of them closed faster"),
        needs=("stage", OPENED_ON, CLOSED_ON),
    ),
    Column("amount", Label("Сума виграних", "Amount won"), "money", Label("Сума виграних угод", "The amount of the won deals"), needs=WON),
    Column(
        "avg_amount", Label("Виграна угода в середньому", "Won deal, mean"), "money",
        Label("Сума виграних, поділена на ті з них, що мають суму", "The amount won divided by those of them that have one"), needs=WON,
    ),
    Column(
        "discount", Label("Знижка", "Discount"), "rate",
        Label("На скільки рядки виграних угод нижчі за кількість × ціну", "By how much the lines of the won deals are below quantity × price"), needs=SOLD,
    ),
    Column(
        "margin_rate", Label("Маржа", "Margin"), "rate",
        Label("Маржа виграних угод, поділена на суму тих із них, де її видно", "The margin of the won deals divided by the amount of those that have one"),
        needs=(*WON, "margin"),
    ),
    *returns.MEASURES,
)
Amounts = dict[Place, Decimal | None]


@dataclass
class Figures:
    """What is counted for one row: deals by outcome, days of the won → how many, those of the won that have an amount, and money by currency and day."""

    outcomes: Counter[str] = field(default_factory=Counter)
    days: Counter[int] = field(default_factory=Counter)
    priced: int = 0
    money: dict[str, Amounts] = field(default_factory=lambda: defaultdict(dict))

    def add_money(self, what: str, place: Place, amount: Decimal | None) -> None:
        add_to(self.money[what], place, amount)

    def take_in(self, other: "Figures") -> None:
        self.outcomes.update(other.outcomes)
        self.days.update(other.days)
        self.priced += other.priced
        for what, amounts in other.money.items():
            for place, amount in amounts.items():
                self.add_money(what, place, amount)


@report(
    "channels", label=Label("Канали продажу", "Sales channels"),
    question=Label(
        "Який канал приводить угоди, що їх виграють, як швидко і з якою маржею?", "Which channel brings deals that are won, how fast and at what margin?",
    ),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, icon="sitemap", opening={"by": "sales_channel"},
)
def channels(session: DataSession, params: CommonParams) -> Table:
    """Deals by the day they were opened on: a cohort is what began in a month, whatever has become of it since.

    `to_won` is won/deals, `win_rate` won/(won + lost), fractions of 1; `low` and `high` are Wilson's 95 % interval of `to_won`, None below 20 deals.
    Money is that of the won, in `params.currency` at the rates of `params.rate`, undefined as soon as a part has no rate. `discount` is
    1 − Σ amount/Σ (quantity × price) over the lines with a price, `margin_rate` Σ margin/Σ amount over the won deals that have both.

    What a channel costs is known by channel and month alone (`channel_cost`): split otherwise, or of some deals only, it and what rests on it are None.
    `return_rate` is (margin − cost)/cost; `payback_months` the months of the calendar in which the margin of a cohort adds up to its cost.
    """
    rows = _figures(session, params)
    back, back_whole = returns.returned(session, params, params.dimensions), returns.returned(session, params, ()).get((), Returned())
    rows = {key: rows.get(key, Figures()) for key in (*rows, *(key for key, one in back.items() if one.cost is not None and key not in rows))}
    whole = Figures()
    for found in rows.values():
        whole.take_in(found)
    places = [place for amounts in whole.money.values() for place, amount in amounts.items() if amount]
    places += [place for one in (*back.values(), back_whole) for place in one.places]
    done = conversion(session, params, (place.currency for place in places))
    rows = rows or ({} if params.dimensions else {(): Figures()})
    keys = row_keys(session, params.dimensions, rows)
    shown = [{**keys[key], **_measures(found, back.get(key, Returned()), params, done)} for key, found in rows.items()]
    standard = (("month", False),) if "month" in params.by else (("deals", True),)
    by_name = tuple((d.key, False) for d in params.dimensions)
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(ordered(shown, by_name), params.sort or standard),
        totals=_measures(whole, back_whole, params, done), currency=params.currency, drill=lambda row, key: _drill(session, params, row, key),
        notes=(*_unknown(params), *notes(session, session.catalog.entity("deal"), params, done, places)), chart=CHART if params.dimensions else None,
    )


def _unknown(params: CommonParams) -> tuple[Message, ...]:
    """Why nothing is said of costs where they are asked for."""
    return () if not params.shows("cost") or returns.known_by(params, params.dimensions) else (
        m("What a channel costs is known by channel and month alone: split otherwise, or of some deals only, it is left empty."),)


def _figures(session: DataSession, params: CommonParams) -> dict[Key, Figures]:
    deal, won, lost = session.table("deal"), session.catalog.stages("won"), session.catalog.stages("lost")
    groups, found = grouping(deal, params.dimensions), defaultdict[Key, Figures](Figures)
    outcome = case((deal["stage"].in_(won), "won"), (deal["stage"].in_(lost), "lost"), else_="open")
    days = case((deal["stage"].in_(won), days_between(session, deal[OPENED_ON], deal[CLOSED_ON]))) if params.shows("median_days") else null()
    for row in session.execute(_chosen(params, deal, groups, (outcome, days), (func.count(deal.id),))):
        kind, took, count = row[groups.width :]
        here = found[groups.key(row)]
        here.outcomes[kind] += count
        if kind == "won" and took is not None:
            here.days[took] += count
    if params.shows("amount") or params.shows("avg_amount") or params.shows("margin_rate"):
        _money(session, params, deal, groups, won, found)
    if params.shows("discount"):
        _discounts(session, params, won, found)
    return dict(found)


def _chosen(params: CommonParams, deal: Source, groups: Grouping, by: Iterable[Any], measured: Iterable[Any], only: Iterable[Any] = ()) -> Any:
    """Deals that the parameters choose, grouped by the dimensions and by `by`."""
    split = [*groups.expressions, *by]
    statement = groups.joined(select(*split, *measured).select_from(deal.table))
    grouped = [one for one in split if not isinstance(one, type(null()))]
    return statement.where(deal.visible, deal.asked({"all": params.conditions(OPENED_ON)}), *only).group_by(*grouped)


def _money(session: DataSession, params: CommonParams, deal: Source, groups: Grouping, won: list[int], found: dict[Key, Figures]) -> None:
    base, margins = session.catalog.company.currency, params.shows("margin_rate")
    margin = deal["margin"] if margins else null()
    both = case((margin.is_not(None), deal["amount"])) if margins else null()
    known = case((deal["amount"].is_not(None), margin)) if margins else null()
    by = (deal["currency"], day_of_rate(deal, params))
    measured = (func.sum(deal["amount"]), func.count(deal["amount"]), *((func.sum(both), func.sum(known)) if margins else (null(), null())))
    for row in session.execute(_chosen(params, deal, groups, by, measured, (deal["stage"].in_(won),))):
        currency, day, amount, number, of_margin, margin_sum = row[groups.width :]
        here, place = found[groups.key(row)], Place(currency or base, day)
        here.priced += number
        here.add_money("amount", place, amount)
        here.add_money("of_margin", place, of_margin)
        here.add_money("margin", place, margin_sum)


def _discounts(session: DataSession, params: CommonParams, won: list[int], found: dict[Key, Figures]) -> None:
    """Lines of the won deals: what they come to, and what they would without a discount."""
    deal, line = session.table("deal"), session.table("deal_line")
    groups, base = grouping(deal, params.dimensions), session.catalog.company.currency
    split = [*groups.expressions, deal["currency"], day_of_rate(deal, params)]
    full = func.sum(product(line["price"], line["quantity"]))
    statement = groups.joined(select(*split, func.sum(line["amount"]), full).select_from(deal.table).join(line.table, (line["deal"] == deal.id) & line.visible))
    chosen = statement.where(deal.visible, deal.asked({"all": params.conditions(OPENED_ON)}), deal["stage"].in_(won), line["price"].is_not(None))
    for row in session.execute(chosen.group_by(*(one for one in split if not isinstance(one, type(null()))))):
        currency, day, sold, listed = row[groups.width :]
        here, place = found[groups.key(row)], Place(currency or base, day)
        here.add_money("sold", place, sold)
        here.add_money("listed", place, listed)


def _measures(found: Figures, back: Returned, params: CommonParams, done: Conversion) -> dict[str, Any]:
    deals, won, lost = found.outcomes.total(), found.outcomes["won"], found.outcomes["lost"]
    between = wilson(won, deals) if deals >= ENOUGH else None
    amount = done.total(found.money["amount"]) if found.priced else Decimal(0)
    every: dict[str, Any] = {
        "deals": deals, "won": won, "lost": lost, "open": found.outcomes["open"], "to_won": rate(won, deals), "low": between.low if between else None,
        "high": between.high if between else None, "win_rate": rate(won, won + lost), "median_days": median(found.days), "amount": amount,
        "avg_amount": amount / found.priced if amount is not None and found.priced else None, "discount": _share(found, "sold", "listed", done, less=True),
        "margin_rate": _share(found, "margin", "of_margin", done), **returns.measures(back, deals, done),
    }
    return {c.key: every[c.key] for c in params.shown}


def _share(found: Figures, part: str, whole: str, done: Conversion, *, less: bool = False) -> float | None:
    """One sum of money divided by another, or what it is `less` than that; None of nothing and without a rate."""
    one, other = done.total(found.money[part]), done.total(found.money[whole])
    if one is None or not other:
        return None
    return float(1 - one / other) if less else float(one / other)


def _drill(session: DataSession, params: CommonParams, row: Row | None, key: str) -> Drill | None:
    """The deals behind a cell: behind what is said of the won, those; the costs behind a cost."""
    if key in returns.OF_COSTS[:3]:
        return returns.drill(session, params, row, key)
    kinds = {"won": ("won",), "lost": ("lost",), "open": ("open",), "win_rate": ("won", "lost"), "deals": (), "to_won": (), "low": (), "high": ()}
    chosen: list[Mapping[str, Any]] = list(params.conditions(OPENED_ON))
    if stages := kinds.get(key, ("won",)):
        chosen.append({"field": "stage", "op": "in", "value": session.catalog.stages(*stages)})
    needed = {
        "median_days": (OPENED_ON, CLOSED_ON), "avg_amount": ("amount",), "margin_rate": ("amount", "margin"),
        "return_rate": ("margin",), "payback_months": ("margin", OPENED_ON, CLOSED_ON),
    }.get(key, ())
    chosen += [{"field": name, "op": "not_empty"} for name in needed]
    if key == "discount":
        chosen.append({"count": "lines", "where": {"field": "price", "op": "not_empty"}, "op": "gt", "value": 0})
    return Drill("deal", {"all": [*chosen, *(row_conditions(session, "deal", params.dimensions, row) if row else [])]})
