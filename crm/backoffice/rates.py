"""Rates of exchange by currency and day, and amounts converted at them: exact Decimals, rounded nowhere here.

A rate is how many units of the base currency one unit of another costs; it holds from its day on, until there is a newer one. Where no rate
holds, nothing is converted: the answer is None, never the amount as it was. Rates are public: whoever may see an amount may see what it is worth.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.backoffice.money import WIDE

PLACES = 10  # decimals of a rate: enough for the cheapest currency in the dearest
ENTITY = "exchange_rate"


@dataclass(frozen=True)
class Quoted:
    """The rates of one currency: ascending days, and the rate from each of them on."""

    days: tuple[date, ...] = ()
    rates: tuple[Decimal, ...] = ()

    def on(self, day: date) -> tuple[date, Decimal] | None:
        """The rate of a day, else the last one before it, with the day that it is of; None before the first."""
        place = bisect_right(self.days, day)
        return (self.days[place - 1], self.rates[place - 1]) if place else None


@dataclass(frozen=True)
class Rates:
    """What currencies cost in the base currency."""

    base: str
    quoted: Mapping[str, Quoted] = field(default_factory=dict)

    def of(self, currency: str, day: date) -> Decimal | None:
        """Units of the base currency for one of `currency` on `day`, None where nobody says."""
        if currency == self.base:
            return Decimal(1)
        found = self.quoted.get(currency, Quoted()).on(day)
        return found[1] if found else None

    def convert(self, amount: Decimal, currency: str, to: str, day: date) -> Decimal | None:
        """`amount` of `currency` in `to` at the rates of `day`, None where one of the two is missing.

        Into the base currency the product is exact; into another one the quotient has sixty digits. Round it once, where it is shown.
        """
        if currency == to:
            return amount
        rate, price = self.of(currency, day), self.of(to, day)
        if rate is None or price is None:
            return None
        worth = WIDE.multiply(amount, rate)
        return worth if to == self.base else WIDE.divide(worth, price)


def read_rates(session: DataSession, currencies: Collection[str]) -> Rates:
    """All rates of `currencies`, by one query; none when only the base currency is named."""
    base = session.catalog.company.currency
    wanted = sorted(set(currencies) - {base})
    if not wanted:
        return Rates(base)
    table = session.catalog.entity(ENTITY).table
    rows = select(table.c.currency, table.c.day, table.c.rate).where(table.c.currency.in_(wanted), table.c.deleted_at.is_(None))
    found: dict[str, tuple[list[date], list[Decimal]]] = {}
    for currency, day, rate in session.kernel(rows.order_by(table.c.day)):
        days, rates = found.setdefault(currency, ([], []))
        days.append(day)
        rates.append(rate)
    return Rates(base, {currency: Quoted(tuple(days), tuple(rates)) for currency, (days, rates) in found.items()})
