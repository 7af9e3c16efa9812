"""What is unread: changed last by somebody else after one opened it; told by a mark, a filter and a view, and to oneself alone."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import delete, select, update

from crm.backoffice import lists, records, seen
from crm.backoffice.guard import system_session, user_session
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.backoffice.unread import WITHIN
from crm.errors import BadRequest
from crm.organization.models import User
from crm.permissions import access_for
from tests.kit_forms.house import Browser, House
from tests.statements import statements

SignIn = Callable[..., Browser]


def bold(page: str) -> list[str]:
    """The names of the rows that are marked."""
    rows = re.findall(r'<tr data-id="\d+" data-v="\d+"( class="is-unread")?>.*?class="b-main-text"[^>]*>([^<]*)<', page, re.S)
    assert page.count("data-unread-mark") == sum(1 for mark, _ in rows if mark)
    return [html.unescape(name) for mark, name in rows if mark]


def listed(reader: Browser, query: str = "", entity: str = "account") -> str:
    answer = reader.get(f"/{entity}/?sort=name&{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)[:800]
    return answer.get_data(as_text=True)


def names(page: str) -> list[str]:
    return [html.unescape(name) for name in re.findall(r'class="b-main-text"[^>]*>([^<]*)<', page)]


def by(house: House, who: str | None, number: int, entity: str = "account", /, **values: object) -> None:
    """A change in somebody's name, or in nobody's."""
    with system_session(house.engine, "test", house.catalog, write=True, actor_id=house.people[who] if who else None) as session:
        records.change(session, entity, number, values)
        session.commit()


def aged(house: House, entity: str, number: int, by_: timedelta) -> None:
    """The record was changed so much earlier."""
    table = house.catalog.entity(entity).table
    with house.engine.execution_options(writer=True).begin() as connection:
        moment = connection.execute(select(table.c.updated_at).where(table.c.id == number)).scalar_one()
        connection.execute(update(table).where(table.c.id == number).values(updated_at=moment - by_))


@pytest.fixture
def accounts(house: House) -> dict[str, int]:
    """Of everybody who has an account for long."""
    with house.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(User).values(created_at=datetime.now(UTC) - timedelta(days=400)))
    return {name: house.make("account", name=name, owner=house.people["Sofiia"]) for name in ("Алея", "Берег", "Вежа")}


def test_what_somebody_else_changed_is_unread_until_one_opens_it(house: House, browser: SignIn, accounts: dict[str, int]) -> None:
    olena, andrii = browser("Olena"), browser("Andrii")
    assert bold(listed(olena)) == []  # what the system makes marks nothing
    by(house, "Andrii", accounts["Берег"], city="Київ")
    by(house, "Andrii", accounts["Вежа"], city="Київ")
    by(house, None, accounts["Алея"], city="Київ")
    assert bold(listed(olena)) == ["Берег", "Вежа"]
    assert bold(listed(andrii)) == []  # his own
    assert olena.get(f"/account/{accounts['Берег']}/?drawer=1").status_code == 200
    assert bold(listed(olena)) == ["Вежа"]
    by(house, "Andrii", accounts["Берег"], city="Львів")  # within the ten minutes of one look
    assert bold(listed(olena)) == ["Берег", "Вежа"]
    olena.get(f"/account/{accounts['Берег']}/")
    assert bold(listed(olena)) == ["Вежа"]
    by(house, "Olena", accounts["Вежа"], city="Одеса")  # whoever changes a record knows it
    assert bold(listed(olena)) == []
    assert bold(listed(andrii)) == ["Вежа"]
    opened = [tuple(row) for row in house.engine.connect().execute(select(seen.TABLE.c.record_id, seen.TABLE.c.times))]
    assert opened == [(accounts["Берег"], 1)]  # one look all the same


def test_what_is_old_and_what_was_before_one_came_is_read(house: House, browser: SignIn, accounts: dict[str, int]) -> None:
    olena = browser("Olena")
    for number in accounts.values():
        by(house, "Andrii", number, city="Київ")
    aged(house, "account", accounts["Алея"], WITHIN + timedelta(minutes=1))
    aged(house, "account", accounts["Берег"], WITHIN - timedelta(minutes=5))
    assert bold(listed(olena)) == ["Берег", "Вежа"]
    with house.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(User).where(User.id == house.people["Olena"]).values(created_at=datetime.now(UTC) - timedelta(days=1)))
    assert bold(listed(olena)) == ["Вежа"]


def test_the_filter_shows_them_alone_with_their_number(house: House, browser: SignIn, accounts: dict[str, int]) -> None:
    olena = browser("Olena")
    for name in ("Алея", "Вежа"):
        by(house, "Andrii", accounts[name], city="Київ")
    page = listed(olena, "unread=1")
    assert names(page) == bold(page) == ["Алея", "Вежа"]
    assert 'action="/account/read"' in page
    assert 'action="/account/read"' not in listed(olena)
    assert 'data-count="2"' in olena.get("/account/count?unread=1").get_data(as_text=True)
    assert f'data-prev="" data-next="{accounts["Вежа"]}"' in olena.get(f"/account/{accounts['Алея']}/?drawer=1&unread=1&sort=name").get_data(as_text=True)
    grouped = html.unescape(listed(olena, "unread=1&group=city"))
    rows = re.search(r'data-group-open="([^"]+)"', grouped)
    assert rows and "unread=1" in rows[1]
    narrowed = listed(olena, "unread=1&where=" + quote(json.dumps({"field": "name", "op": "starts", "value": "Ве"})))
    assert names(narrowed) == ["Вежа"]
    assert "You have read it all." in listed(browser("Andrii"), "unread=1")
    # A view keeps it.
    kept = olena.post("/account/views", {"name": "Нове", "query": "unread=1&sort=name"})
    assert kept.status_code == 303
    assert names(olena.get(kept.location).get_data(as_text=True)) == ["Вежа"]


def test_all_is_marked_as_read_of_one_list_and_by_one_person(house: House, browser: SignIn, accounts: dict[str, int]) -> None:
    olena, sofiia = browser("Olena"), browser("Sofiia")
    deal = house.make("deal", name="Угода", account=accounts["Алея"], owner=house.people["Sofiia"])
    by(house, "Andrii", accounts["Алея"], city="Київ")
    by(house, "Andrii", deal, "deal", name="Угода 2")
    answer = olena.post("/account/read", {"query": "unread=1&sort=name&search=Алея"})
    assert (answer.status_code, answer.location) == (303, "/account/?sort=name&search=%D0%90%D0%BB%D0%B5%D1%8F")
    assert bold(listed(olena)) == []
    assert bold(listed(olena, entity="deal")) == ["Угода 2"]
    assert bold(listed(sofiia)) == ["Алея"]
    by(house, "Andrii", accounts["Берег"], city="Київ")
    assert bold(listed(olena)) == ["Берег"]
    for odd in ("x" * 50_000, "of=../../evil", "unread=1&of=//evil.example", ""):
        answer = olena.post("/account/read", {"query": odd})
        assert answer.status_code in (303, 400)
        assert answer.status_code == 400 or answer.location.startswith("/account/")
    with house.system(write=False) as session:
        assert all(row["record_id"] != seen.EVERY for row in seen.of_people(session, [house.people["Olena"]]))
    with house.system() as session:
        seen.forget(session, [house.people["Olena"]])
        session.commit()


def test_it_is_told_only_where_the_change_itself_may_be_known(house: House, browser: SignIn, accounts: dict[str, int]) -> None:
    with house.system() as session:
        session.kernel(delete(seen.TABLE))
        session.commit()
    by(house, "Andrii", accounts["Алея"], city="Київ")
    hidden = house.make("contact", name="Чужа", owner=house.people["Olena"])
    by(house, "Andrii", hidden, "contact", name="Чужа 2")
    blind = browser("Bohdan")
    assert bold(listed(blind)) == ["Алея"]
    assert names(listed(blind, "unread=1", "contact")) == []
    # Rows of a parent are not opened by themselves, and of the company's own settings nobody keeps it.
    olena = browser("Olena")
    for entity in ("deal_line", "stage", "position"):
        assert olena.get(f"/{entity}/?unread=1").status_code == 400
        assert olena.post(f"/{entity}/read", {}).status_code == 400
    with house.system() as session:
        apply(session, read(b"""
roles:
  blind:
    label: {uk: x, en: x}
    rules: [{entity: account, actions: [read], scope: all, fields: {"*": read, updated_by: hidden}}]
""", session.catalog))
        session.commit()
    assert bold(listed(blind)) == []
    assert blind.get("/account/?unread=1").status_code == 400
    assert blind.post("/account/read", {}).status_code == 400


def test_through_anothers_eyes_nobody_sees_what_that_person_has_not_read(house: House, accounts: dict[str, int]) -> None:
    by(house, "Andrii", accounts["Алея"], city="Київ")
    catalog, olena = house.catalog, house.people["Olena"]
    access = access_for(house.engine, olena, catalog)
    marks: list[set[object]] = []
    for watcher in (None, house.people["Andrii"]):
        with user_session(house.engine, access, catalog, watcher=watcher) as session:
            page = lists.page(session, replace(lists.parse_query(session, "account", {}), marks=True))
            marks.append({row.values.get(lists.UNREAD) for row in page.rows})
            if watcher is not None:
                with pytest.raises(BadRequest):
                    lists.parse_query(session, "account", {"unread": "1"})
    assert marks == [{0, 1}, {None}]


def test_marks_cost_no_query_of_their_own(house: House, browser: SignIn, accounts: dict[str, int]) -> None:
    olena = browser("Olena")
    for number in accounts.values():
        by(house, "Andrii", number, city="Київ")
    for query in ("", "unread=1"):
        listed(olena, query)
        with statements(house.engine) as sent:
            assert len(bold(listed(olena, query))) == 3
        assert all("FROM account" in statement for statement in sent if "record_seen" in statement), sent
        assert len(sent) <= 4, sent
    with house.system(write=False) as session:  # a file or a job asks for no marks
        assert lists.UNREAD not in lists.page(session, lists.parse_query(session, "account", {})).rows[0].values
