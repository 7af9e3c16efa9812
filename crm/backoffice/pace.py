"""How long work shares the database: SQLite has one writer at a time, so transactions are short and a pause follows each."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine

CHUNK = 400
LEAST, MOST = 50, 800
LONG, SHORT = 0.3, 0.15  # seconds a transaction may take before parts shrink, and under which they grow
PAUSE = 0.015  # seconds in which SQLite's other writers, who ask every few milliseconds, get their turn


@dataclass
class Pace:
    """How many rows a transaction takes: as many as leave others waiting a third of a second at most."""

    size: int = field(default_factory=lambda: CHUNK)
    least: int = field(default_factory=lambda: LEAST)
    most: int = field(default_factory=lambda: MOST)

    def took(self, seconds: float) -> None:
        if seconds > LONG:
            self.size = max(self.least, self.size // 2)
        elif seconds < SHORT:
            self.size = min(self.most, self.size + self.size // 4)

    @contextmanager
    def part(self, engine: Engine) -> Iterator[None]:
        """Around one transaction: measured, and the others have their turn after it."""
        began = time.monotonic()
        yield
        self.took(time.monotonic() - began)
        give_way(engine)


def give_way(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        time.sleep(PAUSE)
