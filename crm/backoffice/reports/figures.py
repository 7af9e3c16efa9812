"""Exact statistics over counted values: what SQL groups, Python finishes, so that both databases give the same figure."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, cast, extract, func, select, type_coerce

from crm.backoffice.guard import DataSession


def days_between(session: DataSession, first: ColumnElement[Any], last: ColumnElement[Any]) -> ColumnElement[int]:
    """Whole days from the first date to the second, negative when the second is earlier, in the words of the session's database."""
    if session.get_bind().dialect.name == "sqlite":
        return cast(func.julianday(last) - func.julianday(first), Integer)
    return type_coerce(last - first, Integer)


def whole_seconds(session: DataSession, moment: ColumnElement[Any]) -> ColumnElement[int]:
    """A moment as the whole seconds since 1970 that have passed: the database makes numbers of moments faster than Python makes moments."""
    if session.get_bind().dialect.name == "sqlite":
        return extract("epoch", moment)
    return cast(func.floor(func.date_part("epoch", moment)), BigInteger)


def mean(counted: Mapping[int, int]) -> float | None:
    """The mean of values given as value → how often; None of none."""
    number = sum(counted.values())
    return sum(value * times for value, times in counted.items()) / number if number else None


def median(counted: Mapping[int, int]) -> float | None:
    """The median of values given as value → how often: of an even number the mean of the middle two; None of none."""
    number = sum(counted.values())
    if not number:
        return None
    return (_nth(counted, (number - 1) // 2) + _nth(counted, number // 2)) / 2


def middle(values: Sequence[int]) -> float | None:
    """The median of values as they are: of an even number the mean of the middle two; None of none."""
    found, number = sorted(values), len(values)
    return (found[(number - 1) // 2] + found[number // 2]) / 2 if number else None


def _nth(counted: Mapping[int, int], place: int) -> int:
    """The value at `place` (from 0) when all are put in order."""
    seen = 0
    for value in sorted(counted):
        seen += counted[value]
        if seen > place:
            return value
    raise IndexError(place)


def middles(picked: Select[Any]) -> Select[Any]:
    """Of the rows that `picked` selects, whose last column is a value and all others say to which group it belongs, the middle one of each group in
    the order of the values, of an even number the middle two: what a median is made of, found by the database."""
    each = picked.subquery()
    *split, value = each.c
    place, number = func.row_number().over(partition_by=split or None, order_by=value), func.count().over(partition_by=split or None)
    among = select(*split, value.label("value"), place.label("place"), number.label("number")).subquery()
    return select(*list(among.c)[:-2]).where((among.c.place * 2).between(among.c.number, among.c.number + 2))
