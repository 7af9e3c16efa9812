"""What is inferred from counted outcomes: intervals, survival with unfinished stays, spread, and how well probabilities foretold."""

from collections.abc import Iterable, Mapping
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

CERTAINTY = 0.95


class Interval(NamedTuple):
    """Between which fractions a rate lies."""

    low: float
    high: float


def wilson(part: float, whole: float, certainty: float = CERTAINTY) -> Interval | None:
    """The score interval of the rate `part`/`whole` (E. B. Wilson, 1927); None of nothing. Halves of counts, as of a shrunk rate, are welcome."""
    if not whole:
        return None
    z = NormalDist().inv_cdf((1 + certainty) / 2)
    share, spread = part / whole, z * z / whole
    middle = (share + spread / 2) / (1 + spread)
    reach = z * sqrt(share * (1 - share) / whole + spread / whole / 4) / (1 + spread)
    # Of none and of all the bound is exact; the sum would miss it by a rounding.
    return Interval(0.0 if part <= 0 else max(0.0, middle - reach), 1.0 if part >= whole else min(1.0, middle + reach))


def shrunk(part: int, whole: int, usual: float, weight: float) -> float:
    """The rate of a few drawn towards the `usual` one, as if `weight` more had been seen that went as usual: (part + weight·usual)/(whole + weight)."""
    return (part + weight * usual) / (whole + weight)


def surviving_half(finished: Mapping[int, int], unfinished: Mapping[int, int]) -> int | None:
    """The median of durations of which some still go on, by Kaplan and Meier (1958): the first duration that no more than half survive.

    Both are given as duration → how many; one that still goes on has lasted so long without an end. None when more than half survive the longest.
    """
    at_risk = sum(finished.values()) + sum(unfinished.values())
    # As a fraction of whole numbers: a product of floats may miss the half by a rounding.
    left, whole = 1, 1
    for duration in sorted({*finished, *unfinished}):
        ended = finished.get(duration, 0)
        left, whole = left * (at_risk - ended), whole * at_risk
        if 2 * left <= whole:
            return duration
        at_risk -= ended + unfinished.get(duration, 0)
    return None


def quantile(counted: Mapping[int, int], share: float) -> float | None:
    """The value below which `share` of all lie, between two neighbours in proportion (R. J. Hyndman's type 7, as spreadsheets do); None of none.

    Values are given as value → how often.
    """
    number = sum(counted.values())
    if not number:
        return None
    place = share * (number - 1)
    lower, upper = int(place), min(int(place) + 1, number - 1)
    seen, found = 0, list[int]()
    for value in sorted(counted):
        seen += counted[value]
        while len(found) < 2 and seen > (lower, upper)[len(found)]:
            found.append(value)
    return found[0] + (found[1] - found[0]) * (place - lower)


def brier(foretold: Iterable[tuple[float, bool, int]]) -> float | None:
    """The mean square of what was foretold less what came (G. W. Brier, 1950), from (probability, whether it came, how often); None of none."""
    lost, number = 0.0, 0
    for probability, came, times in foretold:
        lost += times * (probability - came) ** 2
        number += times
    return lost / number if number else None
