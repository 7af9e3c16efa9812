"""What money of several currencies comes to in one: the day whose rate each amount takes, sums that are exact or undefined.

Amounts are grouped by currency and, of other currencies than the one wanted, by day; then each group is converted. A sum is exact until it is
shown; as soon as one of its parts has no rate it is undefined, never partial.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, null, select

from crm.backoffice import lists
from crm.backoffice.guard import DataSession
from crm.backoffice.lists import ListQuery
from crm.backoffice.measures import Measure, measured
from crm.backoffice.money import exact_sum
from crm.backoffice.pricing import pricing
from crm.backoffice.rates import Rates, read_rates
from crm.backoffice.sight import Source

Amounts = Mapping[str | None, Decimal]  # currency → sum, as lists add up; None where a record names none


class Place(NamedTuple):
    """Where an amount stands: its currency, and the day whose rate it takes; None where that is the day of the rule or the field is empty."""

    currency: str
    day: date | None = None


def add_to(amounts: dict[Place, Decimal | None], place: Place, amount: Decimal | None) -> None:
    """Add an amount where it stands; none adds nothing."""
    if amount is not None:
        amounts[place] = (amounts.get(place) or Decimal(0)) + amount


def rate_days(source: Source) -> tuple[str, ...]:
    """The fields of an entity that date the rate of its money, as far as this reader may use them; what is hidden from him counts as empty."""
    usable = source.sight.filterable(source.entity.key, source.actions)
    return tuple(key for key in source.entity.declared.rate_day if key in usable)


def rate_day(source: Source, currency: str) -> ColumnElement[Any]:
    """Of records in another currency than `currency` the first of their days that is filled, else null."""
    days = [source[key] for key in rate_days(source)]
    if not days:
        return null()
    return case((in_another(source, currency), func.coalesce(*days) if len(days) > 1 else days[0]), else_=null())


def in_another(source: Source, currency: str) -> ColumnElement[bool]:
    """Records whose money is in another currency; those without any have the base currency."""
    return func.coalesce(source["currency"], source.sight.catalog.company.currency) != currency


@dataclass(frozen=True)
class Conversion:
    """How amounts become one currency: the rates, and the day of those that bring none."""

    to: str
    rates: Rates
    today: date

    def worth(self, amount: Decimal, place: Place) -> Decimal | None:
        """The amount in the one currency, exact; None without a rate. Nothing is worth nothing at any rate."""
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


def into(session: DataSession, to: str, currencies: Iterable[str], today: date) -> Conversion:
    """What turns amounts in these currencies into `to`; those without a day take the rate of `today`."""
    others = set(currencies) - {to}
    return Conversion(to, read_rates(session, {*others, to}) if others else Rates(session.catalog.company.currency), today)


def today_in(zone: ZoneInfo) -> date:
    """The present day of a zone."""
    return datetime.now(UTC).astimezone(zone).date()


# --- sums of lists ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Worth:
    """What sums in several currencies come to in the base one: undefined where rates are missing, with the first day for which each is."""

    amount: Decimal | None
    missing: Mapping[str, date] = field(default_factory=dict)

    def __add__(self, other: "Worth") -> "Worth":
        missing = {code: min(day for day in (self.missing.get(code), other.missing.get(code)) if day) for code in {*self.missing, *other.missing}}
        known = [one.amount for one in (self, other) if one.amount is not None]
        return Worth(exact_sum(known) if len(known) == 2 else None, missing)


Dated = Mapping[tuple[Any, str], Mapping[Place, Decimal]]  # group and field → sums by place


def worths(session: DataSession, query: ListQuery, sums: Mapping[str, Amounts]) -> dict[str, Worth]:
    """What the sums of a list's foot come to, by field: of money of which some is not in the base currency. By two further statements."""
    base, known = session.catalog.company.currency, {one.key: one for one in measured(session, query)}
    foreign = [known[key] for key, amounts in sums.items() if known[key].is_money and abroad(amounts, base)]
    if not foreign:
        return {}
    source = session.table(query.entity, actions=query.actions)
    found = compared(session, {(None, one.key): sums[one.key] for one in foreign}, dated(session, query, source, foreign))
    return {key: worth for (_, key), worth in found.items()}


def abroad(amounts: Amounts, base: str) -> bool:
    """Whether some money is in another currency than the base one."""
    return any(amount and (currency or base) != base for currency, amount in amounts.items())


def dated(session: DataSession, query: ListQuery, source: Source, wanted: Sequence[Measure], group: ColumnElement[Any] | None = None) -> Dated:
    """The sums of a list's money in other currencies than the base one by the days of their rates, in groups where one is given."""
    base, priced = session.catalog.company.currency, pricing(source)
    if priced is None:
        return {}
    split = [(group if group is not None else null()).label("part"), priced.currency.label("currency"), rate_day(priced.source, base).label("day")]
    columns = [one.column(source).label(f"m{n}") for n, one in enumerate(wanted)]
    chosen = (*lists.conditions(query, source), in_another(priced.source, base))
    inner = priced.joined(select(*split, *columns).select_from(source.table).where(*chosen)).subquery()
    by = [inner.c.part, inner.c.currency, inner.c.day]
    found: dict[tuple[Any, str], dict[Place, Decimal]] = defaultdict(dict)
    for part, currency, day, *values in session.execute(select(*by, *(func.sum(inner.c[f"m{n}"]) for n in range(len(wanted)))).group_by(*by)):
        for one, value in zip(wanted, values, strict=True):
            if value is not None:
                found[part, one.key][Place(currency, day)] = value
    return found


def compared(session: DataSession, sums: Mapping[tuple[Any, str], Amounts], by_day: Dated) -> dict[tuple[Any, str], Worth]:
    """What each sum comes to: what is in the base currency as it is, the rest by its days."""
    base = session.catalog.company.currency
    done = into(session, base, {place.currency for places in by_day.values() for place in places}, session.reader.today)
    found = {}
    for key, amounts in sums.items():
        home = {Place(base): exact_sum(amount for currency, amount in amounts.items() if (currency or base) == base)}
        places = {**home, **by_day.get(key, {})}
        found[key] = Worth(done.total(places), done.missing(place for place, amount in places.items() if amount))
    return found
