"""Where the demo's deals went another way than straight on: a stage skipped, a step back, a deal that was lost and came back."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

Way = Sequence[tuple[str, date]]
SKIPS, RETURNS, COMES_BACK = 0.04, 0.05, 0.03  # of the deals that went through enough stages for it
ROOM = 9  # days in a stage from which on something may have happened in between


def detour(entered: Way, chance: Random) -> list[tuple[str, date]]:
    """The same way with at most one detour; begin, end and their days stay."""
    luck, stay = chance.random(), _longest(entered)
    if len(entered) > 3 and luck < SKIPS:
        gone = chance.randrange(1, len(entered) - 1)
        return [*entered[:gone], *entered[gone + 1:]]
    if stay is None or luck >= SKIPS + RETURNS + COMES_BACK:
        return list(entered)
    between = entered[stay - 1][0] if luck < SKIPS + RETURNS else "lost"
    (key, came), left = entered[stay], entered[stay + 1][1]
    third = (left - came) // 3
    return [*entered[: stay + 1], (between, _weekday(came + third)), (key, _weekday(came + 2 * third)), *entered[stay + 1:]]


def _longest(entered: Way) -> int | None:
    """The place of the stage, not the first, in which the deal stood longest, as long as there is room in it."""
    places = range(1, len(entered) - 1)
    stay = max(places, key=lambda n: entered[n + 1][1] - entered[n][1], default=None)
    return stay if stay is not None and entered[stay + 1][1] - entered[stay][1] >= timedelta(days=ROOM) else None


def _weekday(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))
