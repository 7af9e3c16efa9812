"""Actions of competitors: what they must satisfy, what a talk offers to begin with, and who sees what."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import outbox, records
from crm.errors import Invalid
from tests.company import Company, today
from tests.kit.conftest import Browser, House

SignIn = Callable[..., Browser]


def test_an_action_happened_today_or_earlier(company: Company) -> None:
    (rival,) = company.make("competitor", {"name": "Полярна Лінія"})
    values = {"name": "Знизили ціни на камери", "competitor": rival, "kind": company.option("competitor_action_kind", "price_cut")}
    with company.system() as session, pytest.raises(Invalid) as refused:
        records.create(session, "competitor_action", {**values, "happened_on": today() + timedelta(days=1)})
    assert set(refused.value.fields) == {"happened_on"}
    with company.system() as session, pytest.raises(Invalid) as nobody:
        records.create(session, "competitor_action", {key: value for key, value in values.items() if key == "name"})
    assert set(nobody.value.fields) == {"competitor", "kind"}
    (number,) = company.make("competitor_action", values)
    with company.system(write=False) as session:
        table = session.table("competitor_action")
        assert session.execute(select(table["happened_on"]).where(table.visible, table.id == number)).scalar() == today()


def chosen(form: str) -> dict[str, str]:
    """What stands in the plain inputs and the chosen options of a form."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf' {key}="([^"]*)"', tag) for key in ("name", "value"))
        if name and value and value[1]:
            found[name[1]] = value[1]
    for name, body in re.findall(r'<select[^>]*name="(\w+)".*?>(.*?)</select>', form, re.S):
        option = re.search(r'value="([^"]+)" selected', body)
        if option:
            found[name] = option[1]
    return found


def talk(house: House, *rivals: int, **values: Any) -> int:
    return house.make(
        "interaction", subject="Порівнювали ціни", medium=house.option("interaction_medium", "call"), direction=house.option("direction", "outbound"),
        state=house.option("interaction_state", "held"), held_at=datetime.now(UTC) - timedelta(days=3), actual_minutes=10, competitors=rivals, **values,
    )


def test_a_talk_offers_what_its_minutes_say_and_nothing_is_written_by_itself(house: House, browser: SignIn) -> None:
    account = house.make("account", name="Обрій")
    deal = house.make("deal", name="Дах", account=account, stage=house.stage("lead"))
    one, other = house.make("competitor", name="Полярна Лінія"), house.make("competitor", name="Вітрина-Люкс")
    number = talk(house, one, account=account, deal=deal)
    olena = browser("Olena")
    begun = chosen(olena.page(f"/competitor_action/new/?interaction={number}"))
    assert (begun["competitor"], begun["account"], begun["deal"], begun["interaction"]) == (str(one), str(account), str(deal), str(number))
    assert begun["known_from"] == "Порівнювали ціни" and begun["happened_on"] < str(today())
    both = chosen(olena.page(f"/competitor_action/new/?interaction={talk(house, one, other, account=account)}"))
    assert "competitor" not in both, "of two the writer says which one it was"
    assert house.count("competitor_action") == 0
    for wrong in ("999999", "x", "0", "-1"):
        assert chosen(olena.page(f"/competitor_action/new/?interaction={wrong}"))["happened_on"] == str(today())
    assert "tab=competitor_actions" in olena.page(f"/interaction/{number}/")


def test_what_a_writer_does_not_see_of_a_talk_is_not_offered(house: House, browser: SignIn) -> None:
    account, rival = house.make("account", name="Обрій"), house.make("competitor", name="Полярна Лінія")
    number = talk(house, rival, account=account)
    house.configure({"roles": {"own": {"label": {"uk": "Власні", "en": "Own"}, "rules": [
        {"entity": "competitor_action", "actions": ["read", "create"], "scope": "all", "fields": {"*": "edit"}},
        {"entity": "competitor", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
        {"entity": "account", "actions": ["read"], "scope": "own", "fields": {"*": "read"}},
        {"entity": "interaction", "actions": ["read"], "scope": "all", "fields": {"*": "read", "competitors": "hidden", "subject": "hidden", "name": "hidden"}},
    ]}}})
    page = browser("Oksana").page(f"/competitor_action/new/?interaction={number}")
    begun = chosen(page)
    assert "competitor" not in begun and not begun.get("known_from") and "Обрій" not in page and "Порівнювали" not in page
    assert browser("Roman").get("/competitor_action/").status_code == 403


def test_the_owner_of_a_deal_finds_a_notice_of_a_rival_that_has_entered_it(house: House, browser: SignIn) -> None:
    deal = house.make("deal", name="Дах", stage=house.stage("lead"), owner=house.people["Olena"])
    house.make("deal_competitor", deal=deal, competitor=house.make("competitor", name="Полярна Лінія"))
    with house.app.app_context():
        outbox.deliver(house.engine)
    olena = browser("Olena")
    page = olena.page("/notices/?lang=uk")
    assert "В угоді, над якою ви працюєте, зʼявився суперник" in page and "Полярна Лінія" not in page
    found = re.search(r'action="(/notices/[0-9a-f]+)"', page)
    assert found and olena.post(found[1]).location == f"/deal/{deal}/?tab=rivals"
    assert "зʼявився суперник" not in browser("Oksana").page("/notices/?lang=uk")
