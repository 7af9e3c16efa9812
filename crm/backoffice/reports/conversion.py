"""Amounts of a report in its one currency: the day whose rate each takes, what it comes to, and what has no rate.

A statement groups money by currency and, of other currencies than the one asked for, by day: a company of one currency pays nothing for it, and
a million records become at most one row a currency and day beside each row of the report. A sum is exact until it is shown; as soon as one of
its parts has no rate it is undefined, never partial.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, null

from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.money import exact_sum
from crm.backoffice.rates import Rates, read_rates
from crm.backoffice.reports.parameters import CURRENT, HISTORIC, CommonParams
from crm.backoffice.sight import Sight, Source
from crm.messages import Label, Message, m


class Place(NamedTuple):
    """Where an amount stands: its currency, and the day whose rate it takes; None where that is the day of the rule or the field is empty."""

    currency: str
    day: date | None = None


def rate_days(sight: Sight, kind: Entity) -> tuple[str, ...]:
    """The fields of an entity that date the rate of its money, as far as this reader may use them; what is hidden from him counts as empty."""
    usable = sight.filterable(kind.key)
    return tuple(key for key in kind.declared.rate_day if key in usable)


def rate_day(source: Source, currency: str) -> ColumnElement[Any]:
    """Of records in another currency than `currency` the first of their days that is filled, else null."""
    days = [source[key] for key in rate_days(source.sight, source.entity)]
    if not days:
        return null()
    other = func.coalesce(source["currency"], source.sight.catalog.company.currency) != currency
    return case((other, func.coalesce(*days) if len(days) > 1 else days[0]), else_=null())


@dataclass(frozen=True)
class Conversion:
    """How amounts become one currency: the rates, and the day of those that bring none."""

    to: str
    rates: Rates
    today: date

    def worth(self, amount: Decimal, place: Place) -> Decimal | None:
        """The amount in the currency of the report, exact; None without a rate. Nothing is worth nothing at any rate."""
        if not amount:
            return amount
        return self.rates.convert(amount, place.currency, self.to, place.day or self.today)

    def total(self, amounts: Mapping[Place, Decimal | None]) -> Decimal | None:
        """The sum of all, None where there is none, or a rate is missing for one of them."""
        parts = [self.worth(amount, place) for place, amount in amounts.items() if amount is not None]
        known = [part for part in parts if part is not None]
        return exact_sum(known) if parts and len(known) == len(parts) else None

    def missing(self, places: Iterable[Place]) -> dict[str, date]:
        """The currencies without a rate among those that take part, with the first day for which one is missing."""
        found: dict[str, date] = {}
        for currency, day in places:
            for code in (currency, self.to) if currency != self.to else ():
                on = day or self.today
                if self.rates.of(code, on) is None:
                    found[code] = min(found.get(code, on), on)
        return found


def conversion(session: DataSession, params: CommonParams, currencies: Iterable[str]) -> Conversion:
    """What turns amounts in these currencies into `params.currency`."""
    others = set(currencies) - {params.currency}
    rates = read_rates(session, {*others, params.currency}) if others else Rates(session.catalog.company.currency)
    today = datetime.now(UTC).astimezone(params.time_zone).date()
    return Conversion(params.currency, rates, params.rate if isinstance(params.rate, date) else today)


def day_of_rate(source: Source, params: CommonParams) -> ColumnElement[Any]:
    """What a statement groups money by beside its currency, as `params.rate` asks."""
    return rate_day(source, params.currency) if params.rate == HISTORIC else null()


def notes(session: DataSession, kind: Entity, params: CommonParams, done: Conversion, places: Iterable[Place]) -> tuple[Message, ...]:
    """At which rates amounts were converted, and what had none; nothing where all are in the currency of the report."""
    others = [place for place in dict.fromkeys(places) if place.currency != params.currency]
    if not others:
        return ()
    missing = done.missing(others)
    if missing:
        named = ", ".join(f"{code} ({day.isoformat()})" for code, day in sorted(missing.items()))
        return (m("There is no exchange rate for %(others)s or before, so sums with such amounts are left empty.", others=named),)
    codes = ", ".join(sorted({place.currency for place in others}))
    if params.rate == HISTORIC and any(place.day is not None for place in others):
        return (m("Amounts in %(others)s are converted to %(currency)s at the rates of their days (%(fields)s).",
                  others=codes, currency=params.currency, fields=_fields(session, kind)),)
    if params.rate in (HISTORIC, CURRENT):
        return (m("Amounts in %(others)s are converted to %(currency)s at the last rates.", others=codes, currency=params.currency),)
    return (m("Amounts in %(others)s are converted to %(currency)s at the rates of %(day)s.",
              others=codes, currency=params.currency, day=str(params.rate)),)


def _fields(session: DataSession, kind: Entity) -> Label:
    labels = [kind.fields[key].label for key in rate_days(session.sight, kind)]
    return Label(", ".join(one.uk for one in labels), ", ".join(one.en for one in labels))
