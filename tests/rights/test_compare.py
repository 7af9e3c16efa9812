"""Two roles and two people side by side, and who holds a role from when until when."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

from crm.backoffice import records
from tests.company import today
from tests.kit_forms.house import Browser, House
from tests.rights.test_role_screen import number

SignIn = Callable[..., Browser]


def told(browser: Browser, kind: str, left: int, right: int) -> dict[str, dict[str, tuple[str, str]]]:
    """Entity → what differs → how, on either side."""
    answer = browser.get(f"/rights/compare/?kind={kind}&left={left}&right={right}")
    assert answer.status_code == 200
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for label, table in re.findall(r'<table class="b-grid b-differs">\s*<caption[^>]*>([^<]*)</caption>(.*?)</table>', answer.get_data(as_text=True), re.S):
        lines = re.findall(r'<tr><th scope="row">([^<]*)</th><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td></tr>', table)
        found[html.unescape(label)] = {html.unescape(what): (html.unescape(a), html.unescape(b)) for what, a, b in lines}
    return found


def test_only_what_differs_of_two_roles_is_told(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    seller, blind = number(house, "seller"), number(house, "blind")
    found = told(olena, "role", seller, blind)
    assert found["Companies"]["Phone"] == ("all: may be changed; own: may be changed", "masked")
    assert found["Companies"]["Change"] == ("own", "all") and "Create" not in found["Companies"]
    assert found["Deals"]["Margin"] == ("own: visible", "visible, where Amount less than 10,000")
    assert told(olena, "role", seller, seller) == {}
    assert told(olena, "role", number(house, "owner"), blind)["Companies"]["See"] == ("everything", "all")
    assert "Права однакові." in browser("Olena", "uk").get(f"/rights/compare/?left={seller}&right={seller}").get_data(as_text=True)


def test_two_people_differ_by_the_roles_that_they_hold(house: House, browser: SignIn) -> None:
    olena, people = browser("Olena"), house.people
    assert told(olena, "user", people["Sofiia"], people["Bohdan"])["Companies"]["Change"] == ("own", "all")
    assert told(olena, "user", people["Bohdan"], people["Bohdan"]) == {}


def test_whoever_asks_is_told_of_nothing_that_he_does_not_see(house: House, browser: SignIn) -> None:
    andrii = browser("Andrii")
    page = andrii.get(f"/rights/compare/?left={number(house, 'head')}&right={number(house, 'blind')}").get_data(as_text=True)
    assert "Yearly revenue" in page and "Margin" not in page and "Cost" not in page
    olena = browser("Olena")
    assert "10,000" in olena.get(f"/rights/role/{number(house, 'blind')}/deal/").get_data(as_text=True)
    for name in ("Sofiia", "Bohdan", "Stepan"):
        assert browser(name).get("/rights/compare/").status_code == 403
    for query, status in (("left=99999&right=1", 404), ("left=x&right=1", 400), ("kind=user&left=99999&right=1", 404), ("kind=other", 200), ("left=1", 200)):
        assert andrii.get(f"/rights/compare/?{query}").status_code == status, query


def test_a_role_names_its_holders_and_tells_whose_time_is_over(house: House, browser: SignIn) -> None:
    olena, blind = browser("Olena"), number(house, "blind")
    day = today()
    north = house.make("department", name="Північний відділ")
    past, later = (house.make("user", name=name, department=north) for name in ("Колишня", "Майбутня"))
    with house.system() as session:
        records.create(session, "membership", {"user": past, "role": blind, "until": day - timedelta(days=3)})
        records.create(session, "membership", {"user": later, "role": blind, "since": day + timedelta(days=3)})
        session.commit()
    page = olena.get(f"/rights/role/{blind}/").get_data(as_text=True)
    rows = re.search(r'<table class="b-grid b-cards b-holders">.*?</table>', page, re.S)
    assert rows
    shown = [("is-over" in row, re.sub(r"<[^>]+>", " ", row)) for row in re.findall(r"<tr.*?</tr>", rows[0], re.S)[1:]]
    assert [over for over, _ in shown] == [False, True, True]
    assert "Bohdan" in shown[0][1] and "Колишня" in shown[1][1] and "Північний відділ" in shown[1][1] and "not today" in shown[2][1]
    assert re.search(r'<tr><td class="p1"><a [^>]*>[^<]*Without revenue', olena.get("/rights/").get_data(as_text=True))
