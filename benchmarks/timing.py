"""Times of several contenders, taken in turn within one run, so that whatever else the machine does meets all of them alike."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Times:
    """Milliseconds of one contender in the order of the rounds: by the clock, and of this process's processor (what a database server
    does beside it is not in them)."""

    taken: Sequence[float]
    processor: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.taken)

    @property
    def cpu(self) -> float:
        return statistics.median(self.processor)

    @property
    def low(self) -> float:
        """A tenth of the rounds was faster."""
        return sorted(self.taken)[len(self.taken) // 10]

    @property
    def high(self) -> float:
        """A tenth of the rounds was slower."""
        return sorted(self.taken)[-1 - len(self.taken) // 10]


def in_turn(contenders: Mapping[str, Work], rounds: int, *, slow: float = 150.0) -> dict[str, Times]:
    """Each contender once a round, beginning with another one every time, after two calls that do not count. A contender that takes longer
    than `slow` milliseconds sits out four rounds of five, so that the run comes to an end."""
    for work in contenders.values():
        work()
        work()
    names = list(contenders)
    taken: dict[str, list[float]] = {name: [] for name in names}
    processor: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            if turn % 5 and statistics.median(taken[name] or [0.0]) > slow:
                continue
            clock, process = time.perf_counter(), time.process_time()
            contenders[name]()
            processor[name].append((time.process_time() - process) * 1000)
            taken[name].append((time.perf_counter() - clock) * 1000)
    return {name: Times(taken[name], processor[name]) for name in names}


def ratio(one: Times, other: Times) -> float:
    """How many times longer `one` takes by the clock: the median of the rounds' own ratios where both ran in every round, else of the medians."""
    if len(one.taken) == len(other.taken):
        return statistics.median(a / b for a, b in zip(one.taken, other.taken, strict=True))
    return one.median / other.median
