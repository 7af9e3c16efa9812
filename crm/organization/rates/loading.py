"""Quotes of the National Bank put into the table of rates: all of a file or nothing, through the one door.

**The rule of cross rates.** The bank quotes hryvnias. With another base currency a rate is hryvnias for one unit of the currency, divided by
hryvnias for one unit of the base currency of the same file and day; that of the hryvnia itself is one divided by the latter. Every rate is rounded
once, half up, to ten decimals.

What stands in the table already stays as it is where it says the same; a rate that came from the bank before takes the newer figure; one that
somebody typed or agreed is kept.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.exchange.table import Unreadable
from crm.backoffice.fields.decimal import DIGITS
from crm.backoffice.guard import DataSession
from crm.backoffice.money import WIDE, currency_names, round_half_up
from crm.backoffice.parts import in_parts
from crm.backoffice.rates import ENTITY, PLACES
from crm.errors import BadRequest
from crm.messages import m
from crm.organization.rates.nbu import Quote

HRYVNIA = "UAH"
TOO_MUCH = Decimal(1).scaleb(DIGITS - PLACES)


@dataclass(frozen=True)
class Loaded:
    """What became of the rates of a file: how many were new, took another figure, were there already, or stayed because a person had given them;
    `unknown` are codes that no currency known here has, of which nothing was taken."""

    rates: int
    created: int
    updated: int
    unchanged: int
    kept: int
    unknown: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As the command answers."""
        return {
            "rates": self.rates, "created": self.created, "updated": self.updated, "unchanged": self.unchanged, "kept": self.kept,
            "unknown": list(self.unknown),
        }


class Key(NamedTuple):
    """What a rate is of."""

    currency: str
    day: date


class Stored(NamedTuple):
    """A rate that is there, and whether it came from the bank."""

    id: int
    rate: Decimal
    of_bank: bool


def load(session: DataSession, quotes: Sequence[Quote], only: Collection[str] = ()) -> Loaded:
    """Put the quotes into the table in the session's name, those of the currencies `only` when some are named. The caller commits.

    Raises Unreadable where the file contradicts itself or lacks the base currency, BadRequest for a currency in `only` that is none, Forbidden.
    """
    known = currency_names("en")
    for code in sorted(only):
        if code not in known:
            raise BadRequest(m("“%(text)s” is not the code of a currency.", text=code[:20]))
    wanted = {key: rate for key, rate in in_base(quotes, session.catalog.company.currency).items() if not only or key.currency in only}
    unknown = tuple(sorted({key.currency for key in wanted if key.currency not in known}))
    rates = {key: rate for key, rate in wanted.items() if key.currency in known}
    bank = _bank(session)
    stored = _stored(session, rates, bank)
    new = [
        {"currency": key.currency, "day": key.day, "rate": rate, "origin": bank} for key, rate in sorted(rates.items()) if key not in stored
    ]
    other = {stored[key].id: {"rate": rate} for key, rate in rates.items() if key in stored and stored[key].of_bank and stored[key].rate != rate}
    kept = sum(1 for key, rate in rates.items() if key in stored and not stored[key].of_bank and stored[key].rate != rate)
    for part in in_parts(new):
        records.create_many(session, ENTITY, part)
    for numbers in in_parts(sorted(other)):
        records.change_many(session, ENTITY, {number: other[number] for number in numbers})
    return Loaded(len(rates), len(new), len(other), len(rates) - len(new) - len(other) - kept, kept, unknown)


def in_base(quotes: Sequence[Quote], base: str) -> dict[Key, Decimal]:
    """The rates in `base` by the rule above. Raises Unreadable."""
    hryvnias = _once(quotes)
    if base == HRYVNIA:
        return {key: _rate(key, worth) for key, worth in hryvnias.items()}
    price: dict[date, Decimal] = {}
    for day in dict.fromkeys(key.day for key in hryvnias):
        if (base, day) not in hryvnias:
            raise Unreadable(m("The file has no rate of the base currency %(currency)s for %(day)s.", currency=base, day=day.isoformat()))
        price[day] = hryvnias[Key(base, day)]
    found = {key: _rate(key, WIDE.divide(worth, price[key.day])) for key, worth in hryvnias.items() if key.currency != base}
    return found | {key: _rate(key, WIDE.divide(Decimal(1), one)) for day, one in price.items() for key in (Key(HRYVNIA, day),)}


def _once(quotes: Sequence[Quote]) -> Mapping[Key, Decimal]:
    """Hryvnias by currency and day; the same twice is once."""
    found: dict[Key, Decimal] = {}
    for quote in quotes:
        key = Key(quote.currency, quote.day)
        if found.setdefault(key, quote.hryvnias) != quote.hryvnias:
            raise Unreadable(m("The file has two rates of %(currency)s for %(day)s.", currency=key.currency, day=key.day.isoformat()))
        if quote.currency == HRYVNIA and quote.hryvnias != 1:
            raise Unreadable(m("The file has a rate of the hryvnia that is not 1."))
    return {key: rate for key, rate in found.items() if key.currency != HRYVNIA}


def _rate(key: Key, exact: Decimal) -> Decimal:
    rate = round_half_up(exact, PLACES)
    if not 0 < rate < TOO_MUCH:
        raise Unreadable(m("The rate of %(currency)s for %(day)s is too large or too small.", currency=key.currency, day=key.day.isoformat()))
    return rate


def _bank(session: DataSession) -> int | None:
    origin = session.catalog.picklists["rate_origin"].by_key("nbu")
    return origin.id if origin is not None else None


def _stored(session: DataSession, wanted: Collection[Key], bank: int | None) -> dict[Key, Stored]:
    """The rates of the same currencies and days that are there: a currency has one a day, so whoever adds some may know of each."""
    table = session.catalog.entity(ENTITY).table
    currencies: dict[str, list[date]] = defaultdict(list)
    for key in wanted:
        currencies[key.currency].append(key.day)
    found: dict[Key, Stored] = {}
    for currency, days in currencies.items():
        rows = select(table.c.id, table.c.day, table.c.rate, table.c.origin_id)
        within = table.c.day.between(min(days), max(days))
        for row in session.kernel(rows.where(table.c.currency == currency, within, table.c.deleted_at.is_(None))):
            found[Key(currency, row.day)] = Stored(row.id, row.rate, row.origin_id == bank)
    return found
