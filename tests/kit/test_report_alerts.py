"""Alerts on figures of kept reports: told once a crossing, again after it has been back, and never of what one may not see."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import select

from crm.alerting import look_for
from crm.backoffice import records
from crm.backoffice.kept_reports import alerts
from tests.kit.conftest import Browser, House
from tests.kit.test_report_schedules import keep

SignIn = Callable[..., Browser]
QUERY = "entity=account&measure=count,sum:revenue&by=status"


@pytest.fixture
def towns(house: House) -> House:
    house.make_many("account", [{"name": f"К{n}", "revenue": Decimal(n)} for n in range(1, 4)])
    return house


def alert(someone: Browser, kept: str, value: str, **form: str) -> None:
    answer = someone.post("/reports/alerts/new/", {"kept": kept, "measure": "sum:revenue", "above": "1", "place": "", "value": value, **form})
    assert answer.status_code == 303, answer.get_data(as_text=True)[-800:]


def told(house: House, name: str) -> int:
    return look_for(house.engine, house.catalog, house.people[name])


def test_a_crossing_is_told_once_and_again_after_it_has_been_back(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    alert(someone, keep(someone, QUERY), "10")
    assert told(towns, "Olena") == 0, "1 + 2 + 3 is below ten"
    number = towns.make("account", name="Великий", revenue=Decimal(5))
    assert told(towns, "Olena") == 1 and told(towns, "Olena") == 0, "told once"
    assert "above 10" in someone.page("/notices/") and "told again once it has been back" in someone.page("/reports/alerts/")
    towns.change("account", number, revenue=Decimal(4))
    assert told(towns, "Olena") == 0, "ten is not above ten: it is back"
    towns.change("account", number, revenue=Decimal(6))
    assert told(towns, "Olena") == 1
    assert told(towns, "Andrii") == 0 and "You are told of no figure" in browser("Andrii").page("/reports/alerts/")


def test_what_has_crossed_already_is_no_news_and_below_is_the_other_side(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    kept = keep(someone, QUERY)
    alert(someone, kept, "5")
    alert(someone, kept, "3", measure="count", above="0", place="0")
    assert told(towns, "Olena") == 0
    towns.make_many("account", [{"name": "Ще", "revenue": Decimal(1)}])
    assert told(towns, "Olena") == 0


def test_a_row_that_is_not_there_has_no_figure_and_crosses_nothing(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    alert(someone, keep(someone, QUERY), "100", place="0")
    with towns.system() as session:
        everything = session.table("account")
        records.remove_many(session, "account", list(session.scalars(select(everything.id).where(everything.visible))))
        session.commit()
    assert told(towns, "Olena") == 0 and "a row that is not there now" in someone.page("/reports/alerts/")


def test_who_has_lost_the_right_is_told_nothing(towns: House, browser: SignIn) -> None:
    admin, blind = browser("Olena"), browser("Bohdan")
    kept = keep(admin, QUERY)
    admin.post(f"/reports/kept/{kept}/share", {"label_en": "Turnover", "roles": []})
    refused = blind.post("/reports/alerts/new/", {"kept": "turnover", "measure": "sum:revenue", "above": "1", "value": "1"})
    assert refused.status_code == 422 and "revenue" not in refused.get_data(as_text=True).split("<main")[1].lower()
    roman = browser("Roman")
    alert(roman, "turnover", "10")
    rules = [{"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read", "revenue": "hidden"}}]
    before = towns.configure({"roles": {"reader": {"label": {"uk": "Читач", "en": "Reader"}, "rules": rules}}})
    towns.make("account", name="Великий", revenue=Decimal(50))
    assert told(towns, "Roman") == 0
    page = roman.page("/reports/alerts/")
    assert "a report that is not open to you" in page and "10" not in page.split('class="b-rows"')[1].split("</ul>")[0].replace("alerts/1", "")
    assert before


@pytest.mark.parametrize("form", [
    {"value": "x"}, {"value": ""}, {"value": "NaN"}, {"value": "1e99"}, {"measure": "sum:phone"}, {"place": "77"}, {"place": "x"},
])
def test_nonsense_is_refused(towns: House, browser: SignIn, form: dict[str, str]) -> None:
    someone = browser("Olena")
    answer = someone.post("/reports/alerts/new/", {"kept": keep(someone, QUERY), "measure": "sum:revenue", "above": "1", "place": "", "value": "5", **form})
    assert answer.status_code == 422
    assert "You are told of no figure" in someone.page("/reports/alerts/") and someone.get("/reports/alerts/new/?kept=987").status_code == 404


def test_an_alert_is_removed_by_its_owner_alone_and_goes_with_its_report(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    kept = keep(someone, QUERY)
    alert(someone, kept, "10")
    here = re.findall(r'action="(/reports/alerts/\d+/remove)"', someone.page("/reports/alerts/"))[0]
    assert browser("Andrii").post(here).status_code == 404 and someone.post(here).status_code == 303
    alert(someone, kept, "10")
    someone.post(f"/reports/kept/{kept}/remove")
    with towns.system(write=False) as session:
        assert alerts.people(session) == []
