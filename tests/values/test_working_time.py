"""The company's working time: how it is written, and how much of it lies between two moments."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from crm.backoffice.working_time import clock, working_time
from crm.errors import FieldError

KYIV = ZoneInfo("Europe/Kyiv")


def minutes(text: str, first: datetime, last: datetime) -> float:
    read = clock(working_time(text), KYIV, first, last)
    return (read(last) - read(first)) / 60


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=KYIV).astimezone(UTC)


@pytest.mark.parametrize(("text", "first", "last", "expected"), [
    ("1-5 09:00-18:00", at(3, 2, 9), at(3, 2, 9), 0),
    ("1-5 09:00-18:00", at(3, 2, 10), at(3, 2, 10, 25), 25),
    ("1-5 09:00-18:00", at(3, 2, 7), at(3, 2, 23), 540),  # before and after work nothing runs
    ("1-5 09:00-18:00", at(3, 6, 17, 50), at(3, 9, 9, 5), 15),  # over a week-end
    ("1-5 09:00-18:00", at(3, 7, 12), at(3, 8, 12), 0),
    ("1-5 09:00-18:00", at(1, 1, 0), at(12, 31, 23), 261 * 540),  # 2026 has 261 days from Monday to Friday
    ("7-7 00:00-24:00", at(3, 29, 0), at(3, 30, 0), 23 * 60),  # the Sunday on which clocks go forward
    ("7-7 00:00-24:00", at(10, 25, 0), at(10, 26, 0), 25 * 60),  # and back
    ("1-7 22:00-24:00", at(3, 2, 23), at(3, 3, 22, 30), 90),
])
def test_only_working_time_runs(text: str, first: datetime, last: datetime, expected: int) -> None:
    assert minutes(text, first, last) == expected


@pytest.mark.parametrize("text", [
    "", "9-18", "1-5", "1-5 18:00-09:00", "1-5 09:00-09:00", "5-1 09:00-18:00", "0-5 09:00-18:00", "1-8 09:00-18:00", "1-5 9:00-18:00",
    "1-5 09:00-24:30", "1-5 09:00-18:60", "1-5 09:00–18:00", "1-5 09:00-18:00 x", "١-5 09:00-18:00",
])
def test_what_is_no_working_time_is_refused(text: str) -> None:
    with pytest.raises(FieldError):
        working_time(text)
