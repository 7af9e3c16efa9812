"""Times of several contenders, taken in turn within one run, so that whatever else the machine does meets all of them alike."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Times:
    """Milliseconds of one contender, in the order of the rounds."""

    name: str
    taken: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.taken)

    @property
    def least(self) -> float:
        return min(self.taken)

    @property
    def most(self) -> float:
        return max(self.taken)


def in_turn(contenders: Mapping[str, Work], rounds: int, *, slow: float = 400.0) -> dict[str, Times]:
    """Each contender once a round, beginning with another one every time, after one call that does not count. A contender that takes longer
    than `slow` milliseconds sits out two rounds of three, so that the run comes to an end."""
    for work in contenders.values():
        work()
    names = list(contenders)
    taken: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            if turn % 3 and taken[name] and statistics.median(taken[name]) > slow:
                continue
            began = time.perf_counter()
            contenders[name]()
            taken[name].append((time.perf_counter() - began) * 1000)
    return {name: Times(name, times) for name, times in taken.items()}


def ratio(one: Times, other: Times) -> float:
    """How many times longer `one` takes: the median of the rounds' own ratios where both ran in every round, else of the medians."""
    if len(one.taken) == len(other.taken):
        return statistics.median(a / b for a, b in zip(one.taken, other.taken, strict=True))
    return one.median / other.median
