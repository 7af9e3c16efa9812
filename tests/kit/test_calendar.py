"""The page of the working calendar."""

from collections.abc import Callable

import pytest

from tests.kit.conftest import Browser
from tests.kit_forms.house import House

Sign = Callable[[str], Browser]


def test_holidays_are_loaded_once_and_can_be_taken_back(house: House, browser: Sign) -> None:
    olena = browser("Olena")
    assert "No day of this year differs" in olena.page("/calendar/?year=2026") and 'href="/calendar/"' in olena.page("/")
    assert olena.post("/calendar/", {"year": "2026"}).headers["Location"] == "/calendar/?year=2026"
    page = olena.page("/calendar/?year=2026")
    assert "Independence Day" in page and "Mon, 24 August" in page and "15 days off were added" in page
    olena.post("/calendar/", {"year": "2026"})
    assert "All of them are there already" in olena.page("/calendar/?year=2026")
    assert "Independence Day" not in olena.page("/calendar/?year=2027")
    assert "Mon – Fri, 09:00 – 18:00" in page


def test_who_may_not_add_days_only_looks(house: House, browser: Sign) -> None:
    roman = browser("Roman")
    assert 'method="post" action="/calendar/"' not in roman.page("/calendar/") and 'href="/calendar/"' not in roman.page("/account/")
    assert roman.post("/calendar/", {"year": "2026"}).status_code == 403


@pytest.mark.parametrize("year", ["", "x", "0", "99999", "1800", "٢٠٢٦"])
def test_a_year_that_is_none_is_refused_or_this_one(house: House, browser: Sign, year: str) -> None:
    olena = browser("Olena")
    assert olena.get(f"/calendar/?year={year}").status_code == 200
    assert olena.post("/calendar/", {"year": year}).status_code == 400
