"""What was expected of deals on a night, deal by deal, for reports that set two nights side by side."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

from sqlalchemy import and_, null, select

from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.backoffice.periods import Period
from crm.backoffice.reports import CommonParams, Parameter
from crm.backoffice.reports.conversion import day_of_rate
from crm.backoffice.reports.grouping import Key, grouping
from crm.backoffice.worth import Place, today_in
from crm.messages import Label
from crm.sales.forecast.expected import EXPECTED, asked_of_all
from crm.sales.forecast.nights import held
from crm.sales.forecast.outlook import OUTLOOK

WEEK = timedelta(days=7)
MANY = 200  # deals that a condition still names one by one
BETWEEN = Parameter(
    "period", Label("Зміни за", "Changes of"), Label("Перша й остання ніч, між якими порівнюється; порожньо: останні сім днів",
    "The first and the last night that are compared; empty: the last seven days"), without=Label("останні сім днів", "the last seven days"),
)


@dataclass(frozen=True, kw_only=True)
class NightsParams(CommonParams):
    """What is asked beside what all reports are. `period` is that which is forecast, `changed` the time in which the forecast changed."""

    changed: Annotated[Period | None, BETWEEN] = None

    def nights(self) -> tuple[date, date]:
        """The first and the last of the nights that are compared."""
        today = today_in(self.time_zone)
        return (self.changed.first, self.changed.last) if self.changed is not None else (today - WEEK, today)


@dataclass(frozen=True)
class Standing:
    """What was expected of a deal on a night: `stage` is the kind of its stage, open, won or lost."""

    key: Key
    stage: str
    expected: date | None
    place: Place
    amount: Decimal

    def inside(self, period: Period | None) -> bool:
        """Whether it was open and expected in the period."""
        return self.stage == "open" and (period is None or (self.expected is not None and period.first <= self.expected <= period.last))


def compared(session: DataSession, params: NightsParams, *, money: bool = True) -> tuple[dict[int, Standing], dict[int, Standing], set[int]]:
    """What was expected on the first and on the last night of the deals that on one of them were open and expected in the period, by number; and which of
    the deals these are. One that was otherwise on the other night stands there as it was."""
    first, last = params.nights()
    before, after = (_standings(session, params, night, money) for night in (first, last))
    was = before | _standings(session, params, first, money, after.keys() - before.keys())
    now = after | _standings(session, params, last, money, before.keys() - after.keys())
    return was, now, set(before | after)


def _standings(session: DataSession, params: NightsParams, night: date, money: bool, deals: Collection[int] | None = None) -> dict[int, Standing]:
    """Of those that were open and expected in the period, or of the given ones; without `money` nothing of it is read."""
    kinds = {s.id: s.values["kind"] for s in session.catalog.configured["stage"].values()}
    outlook, deal, base = session.table(OUTLOOK), session.table("deal"), session.catalog.company.currency
    groups = grouping(deal, params.dimensions)
    worth = (outlook["currency"], day_of_rate(outlook, params), outlook["amount"]) if money else (null(), null(), null())
    picked = select(*groups.expressions, deal.id, outlook["stage"], outlook[EXPECTED], *worth).select_from(
        outlook.table.join(deal.table, and_(deal.id == outlook["deal"], deal.visible)))
    query = groups.joined(picked).where(outlook.visible, held(outlook, night), deal.asked({"all": asked_of_all(params)}))
    if deals is None:
        query = query.where(outlook["stage"].in_(session.catalog.stages("open")))
        if params.period is not None:
            query = query.where(outlook[EXPECTED] >= params.period.first, outlook[EXPECTED] <= params.period.last)
    found = {}
    for part in [None] if deals is None else in_parts(sorted(deals)):
        for row in session.execute(query if part is None else query.where(deal.id.in_(part))):
            number, stage, expected, code, day, amount = row[groups.width :]
            found[number] = Standing(groups.key(row), kinds.get(stage, ""), expected, Place(code or base, day), amount or Decimal(0))
    return found
