"""When deals close against when they were expected to: the slips of won deals, and what they say of an open one."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import Period
from crm.backoffice.reports.figures import days_between

LOOKED_BACK = timedelta(days=365)
ENOUGH = 20  # won deals from which on slips are believed


@dataclass(frozen=True)
class Slips:
    """By how many days deals closed after the day on which they were expected to, ascending, earlier ones negative; none: everybody keeps his word."""

    days: tuple[int, ...] = ()

    @classmethod
    def counted(cls, times: Mapping[int, int]) -> "Slips":
        """From slip → how often, none where they are too few."""
        return cls(tuple(day for day in sorted(times) for _ in range(times[day])) if sum(times.values()) >= ENOUGH else ())

    def inside(self, expected: date, period: Period, today: date) -> float:
        """The chance, a fraction of 1, that an open deal which will be decided is decided in the period. It has not been before today, so slips that are
        over are out of the question; one that is later than all slips is decided today."""
        first = max(period.first, today)
        left = len(self.days) - bisect_left(self.days, (today - expected).days)
        if not left:
            return float(period.first <= max(expected, today) <= period.last)
        within = bisect_right(self.days, (period.last - expected).days) - bisect_left(self.days, (first - expected).days)
        return max(within, 0) / left

    def reach(self, period: Period, today: date) -> Period:
        """The days on which a deal has to be expected so that it may be decided in the period."""
        longest, shortest = (self.days[-1], self.days[0]) if self.days else (0, 0)
        first = date.min if period.first <= today <= period.last else _moved(max(period.first, today), -longest)
        return Period(first, _moved(period.last, -min(shortest, 0)))


def _moved(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.min if days < 0 else date.max


def slips(session: DataSession, won: list[int], today: date) -> Slips:
    """Those of the deals that were won in the last 365 days, among what the reader sees."""
    deal = session.table("deal")
    late = days_between(session, deal["expected_on"], deal["closed_on"])
    asked = [deal.visible, deal["stage"].in_(won), deal["closed_on"] > today - LOOKED_BACK, deal["closed_on"] <= today, deal["expected_on"].is_not(None)]
    counted = session.execute(select(late, func.count()).select_from(deal.table).where(*asked).group_by(late))
    return Slips.counted({int(days): number for days, number in counted})
