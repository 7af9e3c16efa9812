"""Who has seen what: a row for each person and record, told to those who may change it, forgotten after a year and with the person."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from crm.backoffice import seen
from crm.backoffice.jobs import Work
from crm.backoffice.personal.beside import beside
from tests.kit_forms.house import Browser, House
from tests.statements import statements
from tests.timeline.test_timeline import text

SignIn = Callable[..., Browser]
TABLE = seen.TABLE


def kept(house: House) -> list[tuple[str, int, int, int]]:
    """Entity, record, person, times."""
    with house.engine.connect() as connection:
        rows = connection.execute(select(TABLE.c.entity, TABLE.c.record_id, TABLE.c.user_id, TABLE.c.times).order_by(TABLE.c.record_id, TABLE.c.user_id))
        return [tuple(row) for row in rows]


def earlier(house: House, by: timedelta) -> None:
    with house.engine.execution_options(writer=True).begin() as connection:
        for row in connection.execute(select(TABLE)).all():
            connection.execute(update(TABLE).where(TABLE.c.record_id == row.record_id, TABLE.c.user_id == row.user_id).values(last_at=row.last_at - by))


@pytest.fixture
def account(house: House) -> int:
    return house.make("account", name="Полісся-Агро", owner=house.people["Sofiia"])


def test_a_look_is_kept_once_within_ten_minutes_and_counted_after(house: House, browser: SignIn, account: int) -> None:
    olena, number = browser("Olena"), house.people["Olena"]
    for path in ("", "?drawer=1", "?tab=deals", "?counts=1", "journal", "timeline"):
        olena.get(f"/account/{account}/{path}")
    assert kept(house) == [("account", account, number, 1)]
    earlier(house, timedelta(minutes=11))
    olena.get(f"/account/{account}/?drawer=1")
    assert kept(house) == [("account", account, number, 2)]
    browser("Sofiia").get(f"/account/{account}/")
    assert kept(house) == [("account", account, number, 2), ("account", account, house.people["Sofiia"], 1)]


def test_what_was_not_seen_leaves_no_row(house: House, browser: SignIn, account: int) -> None:
    foreign = house.make("contact", name="Чужа", owner=house.people["Olena"])
    assert browser("Bohdan").get(f"/contact/{foreign}/").status_code == 404
    assert browser("Stepan").get(f"/account/{account}/").status_code == 403
    assert browser("Olena").get("/account/?search=Полісся").status_code == 200
    assert kept(house) == []


def test_a_card_sends_one_statement_for_it_and_one_more_when_it_is_a_new_look(house: House, browser: SignIn, account: int) -> None:
    olena = browser("Olena")
    sent = []
    for _ in range(2):
        with statements(house.engine) as found:
            olena.get(f"/account/{account}/")
        sent.append([statement.split()[0] for statement in found if "record_seen" in statement])
    assert sent == [["SELECT", "INSERT"], ["SELECT"]]


def test_those_who_may_change_it_are_told_and_only_of_people_they_know(house: House, browser: SignIn, account: int) -> None:
    for name in ("Olena", "Bohdan"):
        browser(name).get(f"/account/{account}/")
    sofiia = browser("Sofiia")
    page = text(sofiia.get(f"/account/{account}/seen"))
    assert "Olena" in page and "Bohdan" in page
    assert f'href="/account/{account}/seen"' in text(sofiia.get(f"/account/{account}/"))
    beside = text(sofiia.get(f"/account/{account}/?counts=1"))
    assert "Seen by:" in beside and "Olena" in beside
    deal = house.make("deal", name="Угода", owner=house.people["Olena"])
    browser("Olena").get(f"/deal/{deal}/")
    stepan = browser("Stepan")  # may change deals, and knows no colleague
    assert stepan.get(f"/deal/{deal}/").status_code == 200
    assert "Olena" not in text(stepan.get(f"/deal/{deal}/seen"))
    assert "Nobody has opened it yet." in text(stepan.get(f"/deal/{deal}/seen"))
    assert "Seen by:" not in text(stepan.get(f"/deal/{deal}/?counts=1"))


def test_who_may_only_read_is_told_nothing(house: House, browser: SignIn, account: int) -> None:
    colleague = house.people["Olena"]
    bohdan = browser("Bohdan")  # reads users and changes none
    assert bohdan.get(f"/user/{colleague}/").status_code == 200
    assert bohdan.get(f"/user/{colleague}/seen").status_code == 403
    assert "/seen" not in text(bohdan.get(f"/user/{colleague}/"))
    assert "Seen by:" not in text(bohdan.get(f"/user/{colleague}/?counts=1"))
    assert bohdan.get("/account/999999/seen").status_code == 404


def test_what_others_changed_since_is_marked_as_new(house: House, browser: SignIn, account: int) -> None:
    olena, sofiia = browser("Olena"), browser("Sofiia")
    assert ">new<" not in text(olena.get(f"/account/{account}/"))
    earlier(house, timedelta(minutes=30))
    assert sofiia.submit(f"/account/{account}/edit/", {"city": "Суми"}).status_code == 303
    page = text(olena.get(f"/account/{account}/"))
    assert page.count(">new<") == 2  # what she had not seen half an hour ago: the making and Sofiia's change
    assert ">new<" not in text(olena.get(f"/account/{account}/"))


def test_it_goes_with_the_person_into_his_file_and_into_oblivion(house: House, browser: SignIn, account: int) -> None:
    for name in ("Olena", "Sofiia"):
        browser(name).get(f"/account/{account}/")
    with house.system() as session:
        kept_beside = beside("user")
        assert kept_beside is not None
        gathered = kept_beside.gather(session, [house.people["Sofiia"]])["seen"]
        assert [(row["entity"], row["record_id"], row["times"]) for row in gathered] == [("account", account, 1)]
        kept_beside.erase(session, [house.people["Sofiia"]])
        session.commit()
    assert kept(house) == [("account", account, house.people["Olena"], 1)]


def test_it_is_kept_for_a_year(house: House, account: int) -> None:
    now = datetime.now(UTC)
    rows: list[dict[str, Any]] = [
        {"entity": "account", "record_id": account, "user_id": n, "last_at": now - timedelta(days=days), "times": 1} for n, days in enumerate((0, 364, 366))
    ]
    with house.engine.execution_options(writer=True).begin() as connection:
        connection.execute(insert(TABLE), rows)
    work = Work(0, {}, None, house.engine, house.catalog, house.app.extensions["brama"].settings)
    assert seen.forget_old(work) == {"forgotten": 1}
    assert [row[2] for row in kept(house)] == [0, 1]
