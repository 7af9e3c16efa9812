"""What a run prints: a table a question, then each target with what was reached. A missed target is shown and is no failure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.pages import BARE, FORMATTED, PRODUCT, SCREEN
from benchmarks.timing import Times, ratio

# A list: at most so many times the same screen by hand, the bare page of raw values, and the one of formatted ones.
TIMES_SCREEN, TIMES_BARE, TIMES_FORMATTED = 1.5, 2.5, 1.0
MOST_QUERIES = 8
NOISE = 1.15  # a made field beside one of the product's own
IMPORT_SECONDS = 120.0  # for 100,000 rows
MEMORY = 1.25  # ten times the rows may take so much of the memory


@dataclass(frozen=True)
class Target:
    """Something promised: what, how much was reached, how much was promised at the most."""

    what: str
    reached: float
    most: float
    unit: str = "×"

    @property
    def met(self) -> bool:
        return self.reached <= self.most


@dataclass
class Report:
    """Lines as they come, and the targets of the whole run."""

    targets: list[Target] = field(default_factory=list)
    where: str = ""

    def say(self, line: str = "") -> None:
        print(line, flush=True)

    def promise(self, what: str, reached: float, most: float, unit: str = "×") -> None:
        self.targets.append(Target(f"{self.where}: {what}", reached, most, unit))

    def timed(self, name: str, times: Mapping[str, Times], *, listed: bool, beside_whom: str = BARE) -> None:
        """One question: the median, the middle 80 % and the processor's share of every contender, and how many times the bare page it took,
        or another one."""
        bare, told = times[beside_whom], name
        for who, taken in times.items():
            beside = "" if who == beside_whom else f"{ratio(taken, bare):6.2f} × {beside_whom}, {taken.cpu / bare.cpu:6.2f} × by the processor"
            self.say(f"  {told:26} {who:18} {taken.median:9.2f} ms  {taken.low:8.2f} – {taken.high:<8.2f} {taken.cpu:8.2f} ms of processor {beside}")
            told = ""
        if listed:
            if SCREEN in times:
                self.promise(f"{name}, beside the same screen", ratio(times[PRODUCT], times[SCREEN]), TIMES_SCREEN)
            self.promise(f"{name}, beside the bare page", ratio(times[PRODUCT], bare), TIMES_BARE)
            self.promise(f"{name}, beside the formatted page", ratio(times[PRODUCT], times[FORMATTED]), TIMES_FORMATTED)

    def close(self) -> None:
        """The targets, and how many are missed."""
        self.say("\nTargets")
        for target in self.targets:
            self.say(f"  {'met   ' if target.met else 'MISSED'} {target.what:62} {target.reached:9.2f} of {target.most:g} {target.unit}")
        missed = sum(not target.met for target in self.targets)
        self.say(f"{len(self.targets) - missed} targets met, {missed} missed")
