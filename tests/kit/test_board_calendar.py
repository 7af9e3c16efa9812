"""The calendar of a list: each record on its day, the figures of the list's foot, moves to another day, and who sees which date."""

import html
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from urllib.parse import quote

import pytest
from sqlalchemy import select

from tests.kit.conftest import Browser, House, where
from tests.statements import statements

SignIn = Callable[..., Browser]


def days(page: str) -> dict[str, tuple[list[str], int]]:
    """Day → the names that stand there, and how many more it has; of days that have some."""
    found = {}
    for day, body in re.findall(r'data-day="([^"]*)".*?<ol data-items>(.*?)</section>', page, re.S):
        more = re.search(r'b-cal-more"[^>]*>(\d+) more', body)
        names = [html.unescape(name) for name in re.findall(r'data-name="([^"]*)"', body)]
        if names or more:
            found[day] = (names, int(more[1]) if more else 0)
    return found


def figures(page: str, place: str) -> str:
    return html.unescape(re.search(rf"{place}>([^<]*)", page)[1])  # type: ignore[index]


@pytest.fixture
def planned(house: House) -> House:
    lead = house.stage("lead")
    house.make("exchange_rate", currency="EUR", day=date(2024, 1, 1), rate=Decimal(50))
    house.make_many("deal", [
        {"name": name, "stage": lead, "expected_on": day, "next_step_on": step, "amount": Decimal(amount), "currency": currency, "probability": Decimal("0.5"),
         "owner": house.people["Oksana"]}
        for name, day, step, amount, currency in (
            ("Дах", date(2026, 11, 1), None, "100", "UAH"), ("Кран", date(2026, 11, 30), date(2026, 11, 2), "2", "EUR"),
            ("Вага", date(2026, 12, 6), None, "7", "UAH"), ("Насос", None, None, "9", "UAH"),
        )
    ])
    return house


def test_records_stand_on_their_days_with_the_figures_of_the_list(planned: House, browser: SignIn) -> None:
    olena = browser("Olena")
    page = olena.page("/board/deal/calendar?from=2026-11")
    assert len(re.findall('data-day="', page)) == 42, "whole weeks, from 26 October until 6 December"
    assert days(page) == {"2026-11-01": (["Дах"], 0), "2026-11-30": (["Кран"], 0), "2026-12-06": (["Вага"], 0)}
    assert figures(page, "data-whole") == "4 records · 116 UAH · 2 € · together 216 UAH · weighted 108 UAH"
    assert figures(page, "data-part") == "2 records · 100 UAH · 2 € · together 200 UAH · weighted 100 UAH"
    foot = html.unescape(olena.page("/deal/count"))
    assert "together 216 UAH" in foot and "weighted 108 UAH" in foot
    assert days(olena.page("/board/deal/calendar?from=2026-11&by=next_step_on")) == {"2026-11-02": (["Кран"], 0)}
    assert days(olena.page("/board/deal/calendar?week=2026-11-30")) == {"2026-11-30": (["Кран"], 0), "2026-12-06": (["Вага"], 0)}
    only = f"where={quote(where('currency', 'eq', 'EUR'))}"
    filtered = olena.page(f"/board/deal/calendar?from=2026-11&{only}")
    assert days(filtered) == {"2026-11-30": (["Кран"], 0)} and f'href="/deal/?{html.escape(only)}"'.replace("%20", "+") in filtered
    assert "Nothing here fits" in olena.page(f"/board/deal/calendar?from=2027-11&{only}")


def test_of_a_full_day_the_number_is_told_and_its_list_is_one_press_away(planned: House, browser: SignIn) -> None:
    planned.make_many("deal", [{"name": f"У{n}", "stage": planned.stage("lead"), "expected_on": date(2026, 11, 4)} for n in range(9)])
    olena, sent = browser("Olena"), []
    for _ in range(2):
        olena.page("/board/deal/calendar?from=2026-11")
        with statements(planned.engine) as found:
            page = olena.page("/board/deal/calendar?from=2026-11")
        sent.append(len(found))
        planned.make_many("deal", [{"name": f"Ф{n}", "stage": planned.stage("lead"), "expected_on": date(2026, 11, 5)} for n in range(30)])
    names, more = days(page)["2026-11-04"]
    assert (len(names), more) == (4, 5) and sent[0] == sent[1] and sent[0] <= 16, sent
    assert len(days(olena.page("/board/deal/calendar?week=2026-11-04"))["2026-11-04"][0]) == 9


def test_a_record_moves_to_a_day_and_not_against_its_rights(planned: House, browser: SignIn) -> None:
    with planned.system(write=False) as session:
        deals = session.table("deal")
        numbers = dict(session.execute(select(deals["name"], deals.id).where(deals.visible)).all())
    oksana = browser("Oksana")
    words = "?by=expected_on&from=2026-11"
    moved = oksana.post(f"/board/deal/{numbers['Дах']}{words}", {"column": "2026-11-05", "row_version": "1"})
    assert moved.status_code == 200 and moved.get_json()["said"] == "“Дах” moved to “5 November”."
    assert planned.stored("deal", numbers["Дах"])["expected_on"] == date(2026, 11, 5)
    late = browser("Olena").post(f"/board/deal/{numbers['Дах']}{words}", {"column": "2026-11-06", "row_version": "1"})
    assert late.status_code == 409 and late.get_json()["message"] == "Oksana has moved “Дах” to “November 2026” meanwhile."
    assert browser("Roman").get("/board/deal/calendar").status_code == 403
    assert oksana.post(f"/board/deal/{numbers['Дах']}{words}", {"column": "2026-02-30", "row_version": "2"}).status_code == 400


@pytest.mark.parametrize("words", ["by=nope", "by=stage", "by=amount", "by=created_at", "where=x", "sort=nope", "columns=nope"])
def test_a_calendar_asked_for_wrongly_is_refused(house: House, browser: SignIn, words: str) -> None:
    assert browser("Olena").get(f"/board/deal/calendar?{words}").status_code == 400
    for fine in ("from=x", "week=x", "week=0001-01-01", "week=9999-12-31", "from=2199-12", "from=1900-01", "week=2199-12-31"):
        assert browser("Olena").get(f"/board/deal/calendar?{fine}").status_code == 200, fine


def test_a_date_that_is_hidden_makes_no_calendar(planned: House, browser: SignIn) -> None:
    planned.configure({"roles": {"own": {"label": {"uk": "Власні", "en": "Own"}, "rules": [
        {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "expected_on": "hidden", "amount": "hidden"}},
        {"entity": "territory", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
    ]}}})
    oksana = browser("Oksana")
    hidden, unknown = (oksana.get(f"/board/deal/calendar?by={key}") for key in ("expected_on", "expected_ox"))
    assert hidden.status_code == unknown.status_code == 400
    page = oksana.page("/board/deal/calendar")
    assert "Expected on" not in page and "weighted" not in page, "another date takes its place; what rests on the amount is not there"
    assert oksana.get("/board/territory/calendar").status_code == 400 and "calendar" not in oksana.page("/territory/")
