"""Money of a report in its one currency: at which rates `params.rate` asks for it, and what the notes say of that.

A statement groups money by currency and, of other currencies than the one asked for, by day: a company of one currency pays nothing for it, and
a million records become at most one row a currency and day beside each row of the report. See `worth` for what an amount comes to.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, null

from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.reports.parameters import CURRENT, HISTORIC, CommonParams
from crm.backoffice.sight import Source
from crm.backoffice.worth import Conversion, Place, into, rate_day, rate_days, today_in
from crm.messages import Label, Message, m


def conversion(session: DataSession, params: CommonParams, currencies: Iterable[str]) -> Conversion:
    """What turns amounts in these currencies into `params.currency`."""
    return into(session, params.currency, currencies, params.rate if isinstance(params.rate, date) else today_in(params.time_zone))


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
    labels = [kind.fields[key].label for key in rate_days(session.table(kind.key))]
    return Label(", ".join(one.uk for one in labels), ", ".join(one.en for one in labels))
