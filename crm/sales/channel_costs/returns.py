"""What channels cost and what comes back of it: the part of the report on channels that rests on costs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import extract, func, null, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Column, CommonParams, Dimension, Drill
from crm.backoffice.reports.conversion import day_of_rate
from crm.backoffice.reports.grouping import Grouping, Key, grouping, row_conditions
from crm.backoffice.reports.table import Row
from crm.backoffice.sight import Source
from crm.backoffice.worth import Conversion, Place, add_to
from crm.messages import Label
from crm.sales.channel_costs.models import COST

OPENED_ON, CLOSED_ON, MONTH = "opened_on", "closed_on", "month"
KNOWN_BY = ("sales_channel", MONTH)  # the dimensions that costs have
COSTS = tuple(f"{COST}:{key}" for key in ("sales_channel", MONTH, "amount", "currency"))
GAINED = (*COSTS, "stage", "margin", "currency")
MEASURES = (
    Column(
        "cost", Label("Витрати", "Cost"), "money", Label("Витрати на канал за місяці цього часу", "What the channel cost in the months of that time"), COSTS,
    ),
    Column(
        "cost_per_deal", Label("Витрати на угоду", "Cost per deal"), "money", Label("Витрати, поділені на всі угоди", "Cost divided by all the deals"), COSTS,
    ),
    Column(
        "cost_per_customer", Label("Витрати на клієнта", "Cost per customer"), "money",
        Label("Витрати, поділені на компанії виграних угод", "Cost divided by the companies of the won deals"), (*COSTS, "stage", "account"),
    ),
    Column(
        "return_rate", Label("Окупність", "Return"), "rate",
        Label("Маржа виграних угод без витрат, поділена на витрати", "The margin of the won deals less the cost, divided by the cost"), GAINED,
    ),
    Column(
        "payback_months", Label("Окупилося за, місяців", "Paid back in, months"), "number",
        Label(
            "За скільки місяців від відкриття маржа угод покрила витрати; порожньо: ще не покрила",
            "In how many months from their opening the margin of the deals covered the cost; empty: not yet",
        ),
        (*GAINED, OPENED_ON, CLOSED_ON),
    ),
)
OF_COSTS = tuple(column.key for column in MEASURES)
Amounts = dict[Place, Decimal | None]


@dataclass
class Returned:
    """Of one row: what the channel cost (None: costs are not known so), companies that bought, won deals with a margin and without, and the margin by the
    months from the opening of its deal to the closing (None: not both are known)."""

    cost: Amounts | None = None
    customers: int = 0
    won: int = 0
    known: int = 0
    gained: dict[int | None, Amounts] = field(default_factory=lambda: defaultdict(dict))

    @property
    def places(self) -> list[Place]:
        return [*(self.cost or ()), *(place for amounts in self.gained.values() for place in amounts)]


def known_by(params: CommonParams, dimensions: tuple[Dimension, ...]) -> bool:
    """Whether a cost can be told for these rows: it is known by channel and month, and of no owner, department, territory or condition of deals."""
    chosen = (params.owner, params.department, params.territory, params.where)
    return all(one.key in KNOWN_BY for one in dimensions) and all(one is None for one in chosen)


def returned(session: DataSession, params: CommonParams, dimensions: tuple[Dimension, ...]) -> dict[Key, Returned]:
    """What came back by row, of what the reader may see; rows that have a cost and no deal among them."""
    found: dict[Key, Returned] = defaultdict(Returned)
    if not params.shows("cost"):
        return found
    deal, won = session.table("deal"), session.catalog.stages("won")
    groups = grouping(deal, dimensions)
    chosen = (deal.visible, deal.asked({"all": params.conditions(OPENED_ON)}), deal["stage"].in_(won)) if params.shows("cost_per_customer") else None
    if chosen is not None:
        bought = groups.joined(select(*groups.expressions, func.count(deal["account"].distinct())).select_from(deal.table))
        for row in session.execute(bought.where(*chosen).group_by(*groups.expressions)):
            found[groups.key(row)].customers = row[groups.width]
    if params.shows("return_rate"):
        _gained(session, params, deal, groups, won, found)
    if known_by(params, dimensions):
        for key, place, amount in _costs(session, params, dimensions):
            of_row = found[key]
            of_row.cost = of_row.cost if of_row.cost is not None else {}
            add_to(of_row.cost, place, amount)
    return found


def _costs(session: DataSession, params: CommonParams, dimensions: tuple[Dimension, ...]) -> list[tuple[Key, Place, Decimal | None]]:
    cost, base = session.table(COST), session.catalog.company.currency
    groups = grouping(cost, of_costs(dimensions))
    split = [*groups.expressions, cost["currency"], day_of_rate(cost, params)]
    statement = select(*split, func.sum(cost["amount"])).where(cost.visible, cost.asked({"all": within(params)})).group_by(*_grouped(split))
    found = []
    for row in session.execute(statement):
        currency, day, amount = row[groups.width :]
        found.append((groups.key(row), Place(currency or base, day), amount))
    return found


def _grouped(split: list[Any]) -> list[Any]:
    """What a statement groups by: a null is no column."""
    return [one for one in split if not isinstance(one, type(null()))]


def of_costs(dimensions: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    """The same dimensions over costs."""
    return tuple(Dimension(one.key, one.label, one.key, picklist=one.picklist) for one in dimensions)


def within(params: CommonParams) -> list[Mapping[str, Any]]:
    """The costs of the months whose first day lies in the period."""
    return [{"field": MONTH, "op": "within", "value": f"{params.period.first}..{params.period.last}"}] if params.period is not None else []


def _gained(session: DataSession, params: CommonParams, deal: Source, groups: Grouping, won: list[int], found: dict[Key, Returned]) -> None:
    """Margin of the won deals by the months that they took, as the calendar has them."""
    base, dated = session.catalog.company.currency, params.shows("payback_months")
    parts = [extract(part, deal[key]) for key in (OPENED_ON, CLOSED_ON) for part in ("year", MONTH)] if dated else []
    split = [*groups.expressions, *parts, deal["currency"], day_of_rate(deal, params)]
    measured = (func.sum(deal["margin"]), func.count(deal["margin"]), func.count(deal.id))
    statement = groups.joined(select(*split, *measured).select_from(deal.table))
    chosen = (deal.visible, deal.asked({"all": params.conditions(OPENED_ON)}), deal["stage"].in_(won))
    for row in session.execute(statement.where(*chosen).group_by(*_grouped(split))):
        *took_parts, currency, day, margin, known, number = row[groups.width :]
        took = _months(took_parts) if dated else None
        here = found[groups.key(row)]
        here.won, here.known = here.won + number, here.known + known
        add_to(here.gained[took], Place(currency or base, day), margin)


def _months(parts: list[Any]) -> int | None:
    """From the month of opening to that of closing, none before it; None where one of them is not known."""
    if any(part is None for part in parts):
        return None
    opened_year, opened, closed_year, closed = map(int, parts)
    return max((closed_year - opened_year) * 12 + closed - opened, 0)


def measures(one: Returned, deals: int, done: Conversion) -> dict[str, Any]:
    """The figures of a row; all None where its cost is not known, or has no rate."""
    cost = done.total(one.cost) if one.cost is not None else None
    if cost is None:
        return dict.fromkeys(OF_COSTS)
    return {
        "cost": cost, "cost_per_deal": cost / deals if deals else None, "cost_per_customer": cost / one.customers if one.customers else None,
        "return_rate": _return(one, cost, done), "payback_months": _payback(one, cost, done),
    }


def _return(one: Returned, cost: Decimal, done: Conversion) -> float | None:
    """(margin − cost)/cost; None of no cost, and where won deals have no margin at all."""
    if not cost or (one.won and not one.known):
        return None
    sums = [done.total(amounts) for amounts in one.gained.values() if amounts]
    known = [amount for amount in sums if amount is not None]
    return float((sum(known, Decimal(0)) - cost) / cost) if len(known) == len(sums) else None


def _payback(one: Returned, cost: Decimal, done: Conversion) -> float | None:
    """The first number of months in which the margin adds up to the cost."""
    covered = Decimal(0)
    for took in sorted(took for took in one.gained if took is not None):
        amount = done.total(one.gained[took]) if one.gained[took] else Decimal(0)
        if amount is None:
            return None
        covered += amount
        if covered >= cost:
            return float(took)
    return None


def drill(session: DataSession, params: CommonParams, row: Row | None, key: str) -> Drill | None:
    """Behind what a channel costs these costs; None where they are not known so."""
    if key not in OF_COSTS[:3] or not known_by(params, params.dimensions if row else ()):
        return None
    return Drill(COST, {"all": [*within(params), *(row_conditions(session, COST, of_costs(params.dimensions), row) if row else [])]})
