"""What is expected of a period, counted: the open deals that are expected in it or may slip into it, and the won ones that closed in it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.money import round_half_up
from crm.backoffice.reports import CommonParams
from crm.backoffice.reports.conversion import day_of_rate
from crm.backoffice.reports.grouping import Key, grouping
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.simulation import Futures, comes, least_of
from crm.backoffice.worth import Conversion, Place, add_to
from crm.sales.forecast.categories import PICKLIST
from crm.sales.forecast.slips import Slips

EXPECTED, CLOSED_ON = "expected_on", "closed_on"
SHARES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
CENTS = 2  # digits after the point that a simulation keeps
Bounds = Mapping[str, Decimal | None]


@dataclass(frozen=True)
class Chance:
    """An open deal that may close in the period: its number, its amount and where that stands, and how probable it is, a fraction of 1."""

    deal: int
    place: Place
    amount: Decimal
    chance: float


@dataclass
class Figures:
    """What is added up for one row: money by measure and place, and the open deals that may close."""

    open: int = 0
    won: int = 0
    worth: defaultdict[str, dict[Place, Decimal | None]] = field(default_factory=lambda: defaultdict(dict))
    chances: list[Chance] = field(default_factory=list)
    again: set[int] = field(default_factory=set)  # the won deals that come again

    def add(self, measure: str, place: Place, amount: Decimal | None) -> None:
        add_to(self.worth[measure], place, amount)

    def join(self, other: "Figures") -> None:
        self.open, self.won = self.open + other.open, self.won + other.won
        self.chances += other.chances
        self.again |= other.again
        for measure, amounts in other.worth.items():
            for place, amount in amounts.items():
                self.add(measure, place, amount)

    def sure(self) -> dict[Place, Decimal | None]:
        """What is in every future: the closed, and what is contracted to come again."""
        amounts = dict(self.worth["closed"])
        for place, amount in self.worth["recurring"].items():
            add_to(amounts, place, amount)
        return amounts

    def places(self) -> list[Place]:
        """Where the money of all of it stands."""
        return [*(place for amounts in self.worth.values() for place in amounts), *(chance.place for chance in self.chances)]


def asked_of_all(params: CommonParams) -> list[Json]:
    """The conditions on deals that do not depend on the period."""
    return replace(params, period=None).conditions("")


def count_open(
    session: DataSession, params: CommonParams, stages: list[int], late: Slips | None, today: date, found: defaultdict[Key, Figures],
) -> None:
    """Add the open deals that are expected in the period, and those that by their slips may close in it; without slips no chances are kept."""
    deal, base, period = session.table("deal"), session.catalog.company.currency, params.period
    groups, names = grouping(deal, params.dimensions), {o.id: o.key for o in session.catalog.picklists[PICKLIST].options}
    read: dict[str, ColumnElement[Any]] = {}
    if params.shows("amount"):
        read |= {"amount": deal["amount"], "currency": deal["currency"], "day": day_of_rate(deal, params)}
    if params.shows("weighted"):
        read["probability"] = deal["probability"]
    if params.shows("commit"):
        read["category"] = deal[PICKLIST]
    asked = [deal.visible, deal["stage"].in_(stages), deal.asked({"all": asked_of_all(params)})]
    if period is not None:
        reach = late.reach(period, today) if late is not None else period
        asked += [deal[EXPECTED] >= min(reach.first, period.first), deal[EXPECTED] <= max(reach.last, period.last)]
    picked = select(*groups.expressions, deal.id, deal[EXPECTED], *read.values()).select_from(deal.table)
    for row in session.execute(groups.joined(picked).where(*asked).order_by(deal.id)):
        number, expected, *rest = row[groups.width :]
        values = dict(zip(read, rest, strict=True))
        amount, probability = values.get("amount"), values.get("probability")
        place, figures = Place(values.get("currency") or base, values.get("day")), found[groups.key(row)]
        if period is None or period.first <= expected <= period.last:
            figures.open += 1
            figures.add("amount", place, amount)
            figures.add(names.get(values.get("category") or 0, ""), place, amount)
            figures.add("weighted", place, None if amount is None or probability is None else amount * probability)
        if late is None:
            continue
        chance = float(probability or 0) * (1.0 if period is None else late.inside(expected, period, today))
        if amount and chance:
            figures.chances.append(Chance(number, place, amount, chance))


def count_won(session: DataSession, params: CommonParams, stages: list[int], found: defaultdict[Key, Figures]) -> None:
    """Add the won deals that closed in the period."""
    deal, base = session.table("deal"), session.catalog.company.currency
    groups, money = grouping(deal, params.dimensions), params.shows("closed")
    worth = [deal["currency"], day_of_rate(deal, params)] if money else []
    split = [*groups.expressions, *worth]
    counted = select(*split, func.count(), *([func.sum(deal["amount"])] if money else [])).select_from(deal.table)
    asked = [deal.visible, deal["stage"].in_(stages), deal.asked({"all": params.conditions(CLOSED_ON)})]
    for row in session.execute(groups.joined(counted).where(*asked).group_by(*split)):
        figures, rest = found[groups.key(row)], row[groups.width :]
        figures.won += rest[len(worth)]
        if money:
            currency, day, _, amount = rest
            figures.add("closed", Place(currency or base, day), amount)


class Simulation:
    """Between which sums each row, and all of them together, may end: the same luck in both."""

    def __init__(self, found: Mapping[Key, Figures], done: Conversion, seed: int) -> None:
        """Amounts are taken to cents; where one has no rate its row, and the whole, are undefined."""
        worth = {key: [done.worth(one.amount, one.place) for one in figures.chances] for key, figures in found.items()}
        cents = {key: [_cents(amount) for amount in amounts if amount is not None] for key, amounts in worth.items()}
        closed = {key: done.total(sure) if (sure := figures.sure()) else Decimal(0) for key, figures in found.items()}
        self.undefined = {key for key in found if None in worth[key] or closed[key] is None}
        fixed = {key: _cents(amount or Decimal(0)) for key, amount in closed.items()}
        width = sum(abs(n) for n in (*fixed.values(), *(n for own in cents.values() for n in own))).bit_length()
        self.rows, self.whole = {key: Futures(width) for key in found}, Futures(width)
        for key in found.keys() - self.undefined:
            own = self.rows[key]
            own.add(fixed[key], comes(1.0, seed, ""))
            for amount, one in zip(cents[key], found[key].chances, strict=True):
                own.add(amount, comes(one.chance, seed, str(one.deal)))
            self.whole.join(own)

    def of_row(self, key: Key) -> Bounds:
        return _bounds(None if key in self.undefined else self.rows[key])

    def of_all(self) -> Bounds:
        return _bounds(None if self.undefined else self.whole)


def _bounds(futures: Futures | None) -> Bounds:
    totals = futures.totals() if futures is not None else []
    return {key: Decimal(least_of(totals, share)).scaleb(-CENTS) if totals else None for key, share in SHARES.items()}


def _cents(amount: Decimal) -> int:
    return int(round_half_up(amount, CENTS).scaleb(CENTS))
