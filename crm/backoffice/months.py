"""Boards by months: the records of a list in columns of a date, before and after a stretch of months, so that each record stands in exactly one.

A card that moves to another month keeps its day of the month as far as that month has it; one that had no day takes the last one.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from crm.backoffice.boards import NONE, BoardColumn
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.fields.base import Field
from crm.backoffice.grouped import groups, leaf_of
from crm.backoffice.guard import DataSession
from crm.backoffice.lists import ListQuery
from crm.backoffice.periods import Period, month
from crm.errors import BadRequest
from crm.messages import m

SHOWN = 6  # months side by side
FIRST, LAST = 1900, 2199  # years in which a stretch begins; it reaches into those beside them
_KEY = re.compile(r"(lt-|gt-|)(\d{4})-(\d\d)(?:-(\d\d))?", re.ASCII)


@dataclass(frozen=True)
class Stretch:
    """Months side by side, and the days before and after them."""

    months: tuple[Period, ...]

    @property
    def before(self) -> str:
        """The key of the column of earlier days."""
        return f"lt-{self.months[0].first}"

    @property
    def after(self) -> str:
        """The key of the column of later days."""
        return f"gt-{self.months[-1].last}"

    def key_of(self, day: date | None) -> str:
        """The column in which a record of this day stands."""
        if day is None:
            return NONE
        return self.before if day < self.months[0].first else self.after if day > self.months[-1].last else f"{day:%Y-%m}"

    def moved(self, step: int) -> str:
        """The first month of the stretch that begins so many months later."""
        return f"{_shifted(self.months[0].first, step):%Y-%m}"


def stretch(text: str, today: date) -> Stretch:
    """The months from `YYYY-MM` on; from that of today where the text names none."""
    found = _KEY.fullmatch(text)
    named = found is not None and not found[1] and not found[4] and FIRST <= int(found[2]) <= LAST and 1 <= int(found[3]) <= 12
    first = date(int(found[2]), int(found[3]), 1) if found is not None and named else today.replace(day=1)
    return Stretch(tuple(month(_shifted(first, n)) for n in range(SHOWN)))


def columns(session: DataSession, query: ListQuery, by: Field, added: Field | None, shown: Stretch) -> list[BoardColumn]:
    """The earlier days where there are any, each month, the later days, and those without one: by at most two queries, two more for money in several
    currencies."""
    spans = [Period(date.min, shown.months[0].first - timedelta(days=1)), *shown.months, Period(shown.months[-1].last + timedelta(days=1), date.max)]
    found = groups(session, replace(query, columns=(added.key,) if added is not None else (), closed=True), by.key, "month", spans)
    held = {group.value: group for group in found.groups}
    keys = [shown.before, *(f"{one.first:%Y-%m}" for one in shown.months), shown.after, NONE]
    made = []
    for key, value in zip(keys, [*spans, None], strict=True):
        group, is_month = held.get(value), value in shown.months
        if group is None and not is_month:
            continue
        takes = is_month or (value is None and not by.required)
        count, sums, worths = (group.count, group.sums, group.worths) if group is not None else (0, {}, {})
        made.append(BoardColumn(value, takes, None, count, sums, column_of(session, by, key), worths, key))
    return made


def column_of(session: DataSession, by: Field, key: str) -> Leaf:
    """The condition of a column by its key: a month, a day, what is before or after one. Raises BadRequest."""
    if key == NONE:
        return leaf_of(session, by, None)
    side, first, day = _read(key)
    if side:
        return Leaf((by.key,), side, day.isoformat())
    return Leaf((by.key,), "within", f"{day:%Y-%m}") if first else Leaf((by.key,), "eq", day.isoformat())


def day_in(key: str, now: date | None) -> date | None:
    """The day that a record whose day is `now` takes in a column. Raises BadRequest for one that takes none."""
    if key == NONE:
        return None
    side, is_month, day = _read(key)
    if side:
        raise BadRequest(m("The board has no such column."))
    if not is_month:
        return day
    last = monthrange(day.year, day.month)[1]
    return day.replace(day=min(now.day, last) if now is not None else last)


def dates(session: DataSession, entity: str) -> Sequence[Field]:
    """The days of an entity by whose months its records can stand side by side, as far as this reader may filter by them."""
    kind = session.catalog.entity(entity)
    return [kind.fields[key] for key in session.sight.filterable(entity) if kind.fields[key].type == "date" and not kind.fields[key].system]


def _read(key: str) -> tuple[str, bool, date]:
    """lt, gt or "", whether it is a whole month, and the day, the first one of a month."""
    found = _KEY.fullmatch(key)
    if found is not None and FIRST - 1 <= int(found[2]) <= LAST + 1 and bool(found[1]) <= bool(found[4]):
        try:
            return found[1].rstrip("-"), not found[4], date(int(found[2]), int(found[3]), int(found[4] or 1))
        except ValueError:
            pass
    raise BadRequest(m("The board has no such column."))


def _shifted(first: date, step: int) -> date:
    place = first.year * 12 + first.month - 1 + step
    return date(place // 12, place % 12 + 1, 1)
