"""Periods: named, rolling and written, and their edges as moments."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from crm.backoffice.fields.base import FieldError
from crm.backoffice.periods import Period, period

TUESDAY = date(2026, 11, 24)
KYIV = ZoneInfo("Europe/Kyiv")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("today", "2026-11-24", "2026-11-24"),
        ("this_week", "2026-11-23", "2026-11-29"),
        ("this_month", "2026-11-01", "2026-11-30"),
        ("this_quarter", "2026-10-01", "2026-12-31"),
        ("this_year", "2026-01-01", "2026-12-31"),
        ("last_7_days", "2026-11-18", "2026-11-24"),
        ("next_7_days", "2026-11-24", "2026-11-30"),
        ("last_1_days", "2026-11-24", "2026-11-24"),
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-Q1", "2024-01-01", "2024-03-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023-02", "2023-02-01", "2023-02-28"),
        ("2024-01-15..2024-02-14", "2024-01-15", "2024-02-14"),
        ("2024-Q2..2024-09", "2024-04-01", "2024-09-30"),
        ("2024-05-05", "2024-05-05", "2024-05-05"),
    ],
)
def test_a_period_is_the_days_it_names(text: str, first: str, last: str) -> None:
    assert period(text, TUESDAY) == Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday!",
        "last_0_days",
        "last_999999_days",
        "2024-13",
        "2024-Q5",
        "2024-02-30",
        "2024-02-14..2024-01-15",
        "..",
        "2024..",
        "..2024",
        "0000",
        "THIS_MONTH ",
        "٢٠٢٤",
        "20240",
        "2024-1",
    ],
)
def test_what_is_no_period_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(FieldError):
        period(text, TUESDAY)


def test_edges_are_the_readers_midnights_in_summer_and_winter() -> None:
    assert period("2026-10-25", TUESDAY).moments(KYIV) == (datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 22, tzinfo=UTC)), "a day of 25 hours"
    assert period("2026-03-29", TUESDAY).moments(KYIV) == (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 3, 29, 21, tzinfo=UTC)), "a day of 23 hours"


@settings(max_examples=200, deadline=None)
@given(st.dates(), st.sampled_from(["today", "this_week", "this_month", "this_quarter", "this_year", "last_30_days", "next_30_days"]))
def test_periods_hold_today_and_follow_one_another_without_gaps(today: date, text: str) -> None:
    if not date(2, 1, 1) <= today <= date(9998, 12, 1):
        return
    span = period(text, today)
    assert today in span
    start, end = span.moments(KYIV)
    assert start < end


def test_the_calendar_has_an_end_and_that_is_no_error() -> None:
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
        start, end = period("9999", TUESDAY).moments(ZoneInfo(zone))
        assert start < end
        start, end = period("0001", TUESDAY).moments(ZoneInfo(zone))
        assert start < end
