"""What is inferred from counted outcomes: intervals, survival with unfinished stays, spread, and how well probabilities foretold."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from math import prod, sqrt
from statistics import NormalDist
from typing import NamedTuple, overload

CERTAINTY = 0.95
BINOMIAL = 1000
NEAR = 1e-6  # more than a product of millions of floats is wrong by


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


class Tally(Sequence[int]):
    """Whole numbers in ascending order, of which equal ones are kept once with how often they are there."""

    def __init__(self, times: Mapping[int, int]) -> None:
        self.values = sorted(times)
        self._upto = list(accumulate(map(times.__getitem__, self.values)))
        self._number = self._upto[-1] if self._upto else 0

    def __len__(self) -> int:
        return self._number

    @overload
    def __getitem__(self, rank: int) -> int: ...

    @overload
    def __getitem__(self, rank: slice) -> Sequence[int]: ...

    def __getitem__(self, rank: int | slice) -> int | Sequence[int]:
        if isinstance(rank, slice):
            return [self[one] for one in range(*rank.indices(self._number))]
        place = rank + self._number if rank < 0 else rank
        if not 0 <= place < self._number:
            raise IndexError(rank)
        return self.values[bisect_right(self._upto, place)]

    def upto(self, edge: int) -> int:
        """How many are no more than `edge`."""
        before = bisect_right(self.values, edge)
        return self._upto[before - 1] if before else 0

    def groups(self) -> Iterator[tuple[int, int]]:
        """Each number once, and how often it is there."""
        before = 0
        for value, upto in zip(self.values, self._upto, strict=True):
            yield value, upto - before
            before = upto


def surviving_half(finished: Tally, unfinished: Tally) -> int | None:
    """The median of durations of which some still go on, by Kaplan and Meier (1958): the first duration that no more than half survive.

    One that still goes on has lasted so long without an end. None when more than half survive the longest.
    """
    at_risk, ended, left = len(finished) + len(unfinished), 0, 1.0
    factors: list[tuple[int, int]] = []
    for edge, gone in chain(unfinished.groups(), [(None, 0)]):
        # Up to here nobody leaves but by an end; who has lasted just as long was still there when an end came.
        upto = len(finished) if edge is None else finished.upto(edge)
        ends = upto - ended
        if ends:
            after = left * (at_risk - ends) / at_risk
            if after < 0.5 + NEAR:
                enough = _ends_to_half(at_risk, factors)
                if enough <= ends:
                    return finished[ended + enough - 1]
            left = after
            factors.append((at_risk - ends, at_risk))
        ended = upto
        at_risk -= ends + gone
    return None


def _ends_to_half(at_risk: int, factors: Sequence[tuple[int, int]]) -> int:
    """How many of those at risk must end for no more than half of all to be left, when the product of `factors` is left of them. In whole numbers: a
    product of floats may miss the half by a rounding."""
    left, whole = prod(part for part, _ in factors), prod(of for _, of in factors)
    return at_risk - at_risk * whole // (2 * left)


def quantile(values: Sequence[int], share: float) -> float | None:
    """The value below which `share` of all lie, between two neighbours in proportion (R. J. Hyndman's type 7, as spreadsheets do); None of none.

    The values ascend.
    """
    if not values:
        return None
    place = share * (len(values) - 1)
    lower = int(place)
    upper = min(lower + 1, len(values) - 1)
    return values[lower] + (values[upper] - values[lower]) * (place - lower)


def middle_interval(values: Sequence[int]) -> tuple[int, int] | None:
    """Between which of the values the median of what they are a sample of lies with a certainty of at least 95 %, whatever its distribution; None of fewer
    than six. The values ascend. Ranks are those of the binomial distribution with one half (W. J. Conover, Practical Nonparametric Statistics, 3.2), beyond
    a thousand values those of the normal one, which differ by a rank at the most."""
    below = _below_the_middle(len(values))
    return (values[below - 1], values[len(values) - below]) if below else None


@lru_cache(maxsize=4 * BINOMIAL)
def _below_the_middle(number: int) -> int:
    """Which value of `number` ones, counted from the least as from the greatest, bounds their median; 0 where none does."""
    if number > BINOMIAL:
        return int((number - NormalDist().inv_cdf((1 + CERTAINTY) / 2) * sqrt(number)) / 2)
    # In whole numbers: how many of the 2ⁿ ways leave so few below the median.
    most, ways, below, next_ways = 2**number * (1 - CERTAINTY) / 2, 0, 0, 1
    while ways + next_ways <= most:
        ways, below = ways + next_ways, below + 1
        next_ways = next_ways * (number - below + 1) // below
    return below


def brier(foretold: Iterable[tuple[float, bool, int]]) -> float | None:
    """The mean square of what was foretold less what came (G. W. Brier, 1950), from (probability, whether it came, how often); None of none."""
    lost, number = 0.0, 0
    for probability, came, times in foretold:
        lost += times * (probability - came) ** 2
        number += times
    return lost / number if number else None
