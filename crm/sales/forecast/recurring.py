"""What comes again: won deals that repeat every so many months until a day. What is contracted so is the base of a forecast, beside what is new."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import or_, select

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import Period
from crm.backoffice.reports import CommonParams
from crm.backoffice.reports.grouping import Key, grouping
from crm.backoffice.reports.parameters import HISTORIC, Json
from crm.backoffice.worth import Place, today_in
from crm.sales.forecast.expected import CLOSED_ON, asked_of_all

EVERY, UNTIL = "recurs_every", "recurs_until"
MOST_MONTHS = 120


@dataclass(frozen=True)
class Repeat:
    """A won deal once more: in which row, which deal, on which day, and its amount with where that stands."""

    key: Key
    deal: int
    day: date
    place: Place
    amount: Decimal


def repeats(session: DataSession, params: CommonParams, won: list[int]) -> Iterator[Repeat]:
    """Of the won deals that the reader sees, each time that one comes again in the period; nothing without a period, which would have no end.

    Money in another currency is taken at the rate of the repeat's day, a coming one at the last rate.
    """
    days = params.period
    if days is None:
        return
    deal, base, today = session.table("deal"), session.catalog.company.currency, today_in(params.time_zone)
    groups = grouping(deal, params.dimensions)
    picked = select(*groups.expressions, deal.id, deal[CLOSED_ON], deal[EVERY], deal[UNTIL], deal["currency"], deal["amount"]).select_from(deal.table)
    asked = [
        deal.visible, deal["stage"].in_(won), deal[EVERY].is_not(None), deal["amount"].is_not(None), deal[CLOSED_ON] < days.last,
        or_(deal[UNTIL].is_(None), deal[UNTIL] >= days.first), deal.asked({"all": asked_of_all(params)}),
    ]
    for row in session.execute(groups.joined(picked).where(*asked).order_by(deal.id)):
        number, closed, every, until, code, amount = row[groups.width :]
        currency = code or base
        for day in again(closed, every, until, days):
            dated = day if params.rate == HISTORIC and currency != params.currency and day <= today else None
            yield Repeat(groups.key(row), number, day, Place(currency, dated), amount)


def again(closed: date, every: int, until: date | None, days: Period) -> Iterator[date]:
    """The days in the period on which something comes again that closed on a day: every so many months on the same day of the month, in a shorter one on
    its last, until the last day, which counts."""
    last = min(days.last, until) if until is not None else days.last
    first = max((days.first.year - closed.year) * 12 + days.first.month - closed.month, 1)
    for months in range(-(-first // every) * every, (last.year - closed.year) * 12 + last.month - closed.month + 1, every):
        year, place = divmod(closed.year * 12 + closed.month - 1 + months, 12)
        day = date(year, place + 1, min(closed.day, monthrange(year, place + 1)[1]))
        if days.first <= day <= last:
            yield day


def may_repeat(params: CommonParams, won: list[int]) -> list[Json]:
    """The conditions on deals of which some come again in the period: whether one does its day decides, which no condition knows."""
    days = params.period
    within: list[Json] = [] if days is None else [
        {"field": CLOSED_ON, "op": "lt", "value": str(days.last)},
        {"any": [{"field": UNTIL, "op": "empty"}, {"field": UNTIL, "op": "ge", "value": str(days.first)}]},
    ]
    return [*asked_of_all(params), {"field": "stage", "op": "in", "value": won}, {"field": EVERY, "op": "not_empty"}, *within]
