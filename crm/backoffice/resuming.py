"""Where the telling of a journal goes on.

An address names a moment and how much of it was told, never the number of a row: from numbers one reads how much others have written meanwhile.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, and_, or_

from crm.backoffice.journal import JOURNAL

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
WRITTEN = re.compile(r"([0-9]{1,18})\.([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True)
class Place:
    """Behind the `told`th of what a moment holds for this reader, newest first. In text: microseconds since 1970, a point, `told`."""

    at: datetime
    told: int

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND}.{self.told}"


def place(text: str) -> Place | None:
    """The place that a text names; None when it names none."""
    found = WRITTEN.fullmatch(text)
    try:
        return Place(EPOCH + int(found[1]) * MICROSECOND, int(found[2])) if found else None
    except OverflowError:
        return None


class Told(Protocol):
    """Something that happened at a moment."""

    @property
    def at(self) -> datetime: ...


T = TypeVar("T", bound=Told)


def behind(told: Iterable[Told], before: Place | None) -> Place | None:
    """The place behind what was told, newest first, from `before` on."""
    now = before
    for one in told:
        now = Place(one.at, now.told + 1 if now is not None and now.at == one.at else 1)
    return now


class Telling(Generic[T]):
    """What is told from a place on, newest first, up to so many: what of the place's moment was told before is passed over."""

    def __init__(self, before: Place | None, size: int) -> None:
        self.before, self.size, self._over = before, size, before.told if before else 0
        self.told: list[T] = []

    def add(self, one: T) -> None:
        if self._over and self.before is not None and one.at == self.before.at:
            self._over -= 1
        else:
            self.told.append(one)

    @property
    def full(self) -> bool:
        return len(self.told) >= self.size

    @property
    def rest(self) -> Place | None:
        return behind(self.told, self.before)


def from_place(before: Place | None, last: tuple[datetime, int] | None) -> list[ColumnElement[bool]]:
    """Rows from a place on, those told of its moment with them; behind the row `last`, moment and number, within one telling."""
    if last is not None:
        return [or_(JOURNAL.at < last[0], and_(JOURNAL.at == last[0], JOURNAL.id < last[1]))]
    return [JOURNAL.at <= before.at] if before is not None else []
