"""The application as another person sees it: looked at only, under a banner, journaled, and never more than the looker's own."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from crm.admin_views.gate import SAFE
from crm.admin_views.rights import watching
from crm.backoffice import records
from crm.backoffice.guard import user_session
from crm.backoffice.journal import JournalRow
from crm.errors import GuardRefusal
from crm.permissions import access_for
from tests.kit_forms.house import PASSWORD, Browser, House

SignIn = Callable[..., Browser]
BANNER = "Back to my own"


def look(browser: Browser, user: int, reason: str = "A question about deals") -> Any:
    return browser.post(f"/rights/as/{user}/", {"reason": reason})


def events(house: House, *actions: str) -> list[Any]:
    with house.system(write=False) as session:
        return list(session.execute(select(JournalRow).where(JournalRow.action.in_(actions)).order_by(JournalRow.id)).scalars())


@pytest.fixture
def deals(house: House) -> tuple[int, int]:
    """One of Sofiia's, one of nobody's."""
    account = house.make("account", name="Полісся-Агро", revenue=70000)
    return tuple(house.make_many("deal", [  # type: ignore[return-value]
        {"name": "Угода Софії", "account": account, "owner": house.people["Sofiia"], "amount": 500, "cost": 100}, {"name": "Нічия угода", "account": account}]))


def test_an_owner_looks_with_a_sellers_eyes_and_comes_back(house: House, browser: SignIn, deals: tuple[int, int]) -> None:
    olena, sofiia = browser("Olena"), house.people["Sofiia"]
    hers, other = deals
    assert olena.get(f"/deal/{other}/").status_code == 200
    assert "As another person sees it" in olena.get(f"/rights/as/{sofiia}/").get_data(as_text=True)
    assert look(olena, sofiia).status_code == 303
    page = olena.get("/deal/").get_data(as_text=True)
    assert BANNER in page and "You see what Sofiia sees." in page and "Угода Софії" in page and "Нічия угода" not in page
    assert "/rights/" not in page.replace("/rights/as/end", "")
    assert (olena.get(f"/deal/{other}/").status_code, olena.get(f"/deal/{hers}/").status_code) == (404, 200)
    answer = olena.post("/rights/as/end", {})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/user/{sofiia}/")
    assert BANNER not in olena.get("/deal/").get_data(as_text=True) and olena.get(f"/deal/{other}/").status_code == 200
    started, ended = events(house, "view_as", "view_as_end")
    assert [(e.actor_id, e.entity, e.record_id) for e in (started, ended)] == [(house.people["Olena"], "user", sofiia)] * 2
    assert started.changes == {"reason": [None, "A question about deals"]}


def test_what_is_read_meanwhile_is_journaled_in_the_name_of_who_looks(house: House, browser: SignIn, deals: tuple[int, int]) -> None:
    olena = browser("Olena")
    look(olena, house.people["Sofiia"])
    assert "Margin" in olena.get(f"/deal/{deals[0]}/").get_data(as_text=True)
    [read] = events(house, "read")
    assert read.actor_id == house.people["Olena"] and read.changes["as"] == [None, house.people["Sofiia"]]


def test_an_administrator_does_not_gain_what_he_lacks(house: House, browser: SignIn, deals: tuple[int, int]) -> None:
    """The seller sees her margin, the administrator does not: nor does he with her eyes."""
    andrii, sofiia = browser("Andrii"), browser("Sofiia")
    assert "Margin" in sofiia.get(f"/deal/{deals[0]}/").get_data(as_text=True)
    look(andrii, house.people["Sofiia"])
    page = andrii.get(f"/deal/{deals[0]}/").get_data(as_text=True)
    assert "Угода Софії" in page and "Margin" not in page and "What you do not see yourself is left out." in page
    for asked in ("sort=-margin", "columns=margin", 'where={"field":"margin","op":"gt","value":1}'):
        assert andrii.get(f"/deal/?{asked}").status_code == 400
    assert "Нічия угода" not in andrii.get("/deal/").get_data(as_text=True)


def test_who_may_not_look(house: House, browser: SignIn) -> None:
    people = house.people
    for name, person, status in (
        ("Andrii", "Olena", 403), ("Sofiia", "Bohdan", 403), ("Bohdan", "Sofiia", 403), ("Stepan", "Sofiia", 403), ("Olena", "Olena", 400),
        ("Andrii", "Andrii", 400),
    ):
        who = browser(name)
        assert who.get(f"/rights/as/{people[person]}/").status_code == status
        assert look(who, people[person]).status_code == status
        assert BANNER not in who.get("/profile/").get_data(as_text=True)
    andrii = browser("Andrii")
    for person, offered in (("Andrii", False), ("Sofiia", True)):
        assert (f"/rights/as/{people[person]}/" in andrii.get(f"/user/{people[person]}/").get_data(as_text=True)) == offered
    olena = browser("Olena")
    assert look(olena, 99999).status_code == 404
    for reason in ("", "   ", "x" * 201):
        assert look(olena, people["Sofiia"], reason).status_code == 422
    assert events(house, "view_as") == []


def test_nothing_unsafe_passes_while_one_looks(house: House, browser: SignIn, deals: tuple[int, int]) -> None:
    """Every rule of the address map by every method that may write: refused, but the way back and the way out."""
    olena = browser("Olena")
    token = olena.token
    look(olena, house.people["Sofiia"])
    tried = 0
    for rule in house.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - SAFE):
            if rule.endpoint in watching.ALWAYS:
                continue
            path = re.sub(r"<[^>]*\bint\b[^>]*>", str(deals[0]), rule.rule)
            path = re.sub(r"<any\((\w+)[^>]*>", r"\1", path)
            path = re.sub(r"<[^>]+>", "x", path)
            answer = olena.client.open(path, method=method, data={"csrf_token": token})
            assert answer.status_code == 403, (method, rule.rule, answer.status_code)
            tried += 1
    assert tried > 100
    assert "Угода Софії" in olena.get(f"/deal/{deals[0]}/").get_data(as_text=True)


def test_pages_of_ones_own_exports_and_what_is_not_named_are_not_shown(house: House, browser: SignIn, deals: tuple[int, int]) -> None:
    olena = browser("Olena")
    look(olena, house.people["Sofiia"])
    for path in ("/profile/", "/profile/sessions/", "/imports/", "/rights/", "/recycle/", "/journal/", "/deal/export?format=csv", f"/deal/{deals[0]}/explain",
                 "/deal/import/", f"/rights/as/{house.people['Bohdan']}/", "/report/win_rate?format=csv", "/report/win_rate?format=xlsx"):
        assert olena.get(path).status_code == 403, path
    for path in ("/", "/search?q=ог", "/deal/", "/deal/count", "/deal/filters", "/deal/lookup", f"/deal/{deals[0]}/edit/", f"/deal/{deals[0]}/journal",
                 "/deal/new/", "/report/", "/report/win_rate", "/health"):
        assert olena.get(path).status_code == 200, path


def test_a_borrowed_session_writes_nothing_whatever_is_asked_of_it(house: House, deals: tuple[int, int]) -> None:
    access = access_for(house.engine, house.people["Sofiia"], house.catalog)
    with user_session(house.engine, access, house.catalog, write=True, watcher=house.people["Olena"]) as session:
        records.change(session, "deal", deals[0], {"name": "Інша"})
        with pytest.raises(GuardRefusal):
            session.commit()
    assert house.stored("deal", deals[0])["name"] == "Угода Софії"


def test_an_old_cookie_brings_no_look_back(house: House, browser: SignIn, deals: tuple[int, int]) -> None:
    """The cookie of a look, kept and sent again after its end, and in a second browser while it lasts."""
    olena, thief = browser("Olena"), Browser(house.app.test_client(), "none")
    look(olena, house.people["Sofiia"])
    olena.get("/deal/")
    kept = olena.client.get_cookie("brama-8000")
    assert kept is not None
    thief.client.set_cookie("brama-8000", kept.decoded_value)
    assert BANNER in thief.get("/deal/").get_data(as_text=True)
    olena.post("/rights/as/end", {})
    thief.client.set_cookie("brama-8000", kept.decoded_value)
    assert BANNER not in thief.get("/deal/").get_data(as_text=True) and BANNER not in olena.get("/deal/").get_data(as_text=True)
    assert olena.post("/rights/as/end", {}).headers["Location"] == "/"
    assert len(events(house, "view_as_end")) == 1


def test_it_ends_by_itself(house: House, browser: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """After half an hour, when the right to look is gone, when the person has left, and at the next sign-in."""
    sofiia = house.people["Sofiia"]
    andrii = browser("Andrii")
    monkeypatch.setattr(watching, "LONGEST", -1)
    look(andrii, sofiia)
    assert BANNER not in andrii.get("/").get_data(as_text=True)
    monkeypatch.undo()
    look(andrii, sofiia)
    house.change("user", sofiia, active=False)
    assert BANNER not in andrii.get("/").get_data(as_text=True)
    house.change("user", sofiia, active=True)
    look(andrii, sofiia)
    assert BANNER in andrii.get("/").get_data(as_text=True)
    andrii.post("/sign-out", {})
    form = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', andrii.get("/sign-in").get_data(as_text=True))
    assert form
    assert andrii.client.post("/sign-in", data={"email": "andrii@firm.example", "password": PASSWORD, "csrf_token": form[1]}).status_code == 303
    assert BANNER not in andrii.get("/").get_data(as_text=True)
    assert len(events(house, "view_as_end")) >= 2
