"""One clock and one source of chance for both sides and for the company they come from: the same seed gives the same run on any day."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from freezegun import freeze_time

FOUNDED = datetime(2026, 9, 16, 9, 30, tzinfo=UTC)  # when the company has its last change; what is asked is asked after it
NAME_OF_ALIAS = 10  # bytes that SQLAlchemy asks for


class Chance:
    """Randomness that can be repeated. What the operating system gives is replaced: tokens, salts, batch numbers."""

    # Aliases are named by chance when they are made, and some are kept as long as the process: no two of one process may be named alike.
    names = random.Random(0)

    def __init__(self) -> None:
        self.source = random.Random(0)

    def begin(self, seed: str) -> None:
        self.source = random.Random(seed)
        random.seed(seed)

    def bytes(self, count: int) -> bytes:
        # The side that is asked first makes the aliases that are kept: it alone would use up what `source` gives.
        return (self.names if count == NAME_OF_ALIAS else self.source).randbytes(count)

    @contextmanager
    def in_force(self) -> Iterator[None]:
        with patch.object(os, "urandom", self.bytes), patch.object(random, "_urandom", self.bytes):
            yield


class Clock:
    """A clock that both sides read: it goes on by a second for every question, and is the same for both."""

    def __init__(self, frozen: Any, start: datetime) -> None:
        self.frozen, self.now = frozen, start

    def step(self) -> None:
        self.now += timedelta(seconds=1)
        self.frozen.move_to(self.now)


@contextmanager
def repeatable(start: datetime, seed: str) -> Iterator[tuple[Chance, Clock]]:
    """Inside, moments and chance are those of `start` and `seed`."""
    chance = Chance()
    with freeze_time(start) as frozen, chance.in_force():
        chance.begin(seed)
        yield chance, Clock(frozen, start)
