"""A role taken in an emergency: on offer, for a reason, for some hours, told to the owners, over by itself, and nothing to pass on."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun import freeze_time
from sqlalchemy import select, update

from crm.backoffice import outbox, records
from crm.backoffice.guard import user_session
from crm.backoffice.journal import JournalRow
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import apply, undo
from crm.backoffice.lowcode.document import read
from crm.errors import BadRequest, Invalid
from crm.extensions import mail
from crm.organization.models import Membership, Role
from crm.organization.second_factor_models import SecondFactor
from crm.permissions import access_for
from tests.kit_forms.house import PASSWORD, Browser, House

SignIn = Callable[..., Browser]
BANNER = "Give back now"
FILE = "roles: {taker: {label: {uk: Черговий, en: On duty}, emergency: %s}}"


def number(house: House, code: str) -> int:
    with house.system(write=False) as session:
        return session.execute(select(Role.id).where(Role.code == code)).scalar_one()


def declare(house: House, role: str = "seller", *, takes: tuple[str, ...] = ("head",), hours: int | None = 4) -> None:
    house.change("role", number(house, role), emergency=tuple(number(house, code) for code in takes) or None, emergency_hours=hours)


def events(house: House, *actions: str) -> list[Any]:
    with house.system(write=False) as session:
        return list(session.execute(select(JournalRow).where(JournalRow.action.in_(actions)).order_by(JournalRow.id)).scalars())


def taken(house: House) -> list[Any]:
    with house.system(write=False) as session:
        table = Membership.__table__
        return list(session.execute(select(table).where(table.c.taken_until.is_not(None)).order_by(table.c.id)))


def ask(house: House, browser: Browser, kind: str = "head", /, **given: str) -> Any:
    return browser.post("/emergency/", {"role": str(number(house, kind)), "hours": "2", "reason": "The head is in hospital", "current": PASSWORD, **given})


@pytest.fixture
def deal(house: House) -> int:
    account = house.make("account", name="Полісся-Агро")
    return house.make("deal", name="Нічия угода", account=account, amount=500, cost=100)


def test_a_seller_takes_a_declared_role_sees_more_is_told_so_and_gives_it_back(house: House, browser: SignIn, deal: int) -> None:
    declare(house)
    sofiia = browser("Sofiia")
    assert sofiia.get(f"/deal/{deal}/").status_code == 404
    assert 'href="/emergency/"' in sofiia.get("/deal/").text
    assert "Head, at most 4 h" in sofiia.get("/emergency/").text
    assert ask(house, sofiia).status_code == 303
    page = sofiia.get(f"/deal/{deal}/")
    assert page.status_code == 200 and BANNER in page.text and "you hold the role “Head” until" in page.text
    [row] = taken(house)
    assert row.user_id == house.people["Sofiia"] and row.reason == "The head is in hospital"
    assert timedelta(hours=1, minutes=55) < row.taken_until - datetime.now(UTC) <= timedelta(hours=2)
    assert sofiia.post(f"/emergency/{row.id}/back", {}).status_code == 303
    assert sofiia.get(f"/deal/{deal}/").status_code == 404
    assert BANNER not in sofiia.get("/deal/").text
    start, end = events(house, "emergency", "emergency_end")
    assert start.actor_id == end.actor_id == house.people["Sofiia"]
    assert start.changes["role"] == [None, "head"] and start.changes["reason"] == end.changes["reason"] == [None, "The head is in hospital"]


def test_what_is_read_meanwhile_is_journaled(house: House, browser: SignIn, deal: int) -> None:
    declare(house)
    sofiia = browser("Sofiia")
    ask(house, sofiia)
    assert "Cost" in sofiia.get(f"/deal/{deal}/").text
    [read_row] = events(house, "read")
    assert read_row.actor_id == house.people["Sofiia"]


def test_it_ends_by_itself(house: House, browser: SignIn, deal: int) -> None:
    declare(house)
    sofiia = browser("Sofiia")
    ask(house, sofiia)
    [row] = taken(house)
    with freeze_time(row.taken_until - timedelta(seconds=5)):
        assert sofiia.get(f"/deal/{deal}/").status_code == 200
        assert "head" in access_for(house.engine, row.user_id, house.catalog).roles
    with freeze_time(row.taken_until + timedelta(seconds=1)):
        assert sofiia.get(f"/deal/{deal}/").status_code == 404
        assert "head" not in access_for(house.engine, row.user_id, house.catalog).roles
        assert sofiia.post(f"/emergency/{row.id}/back", {}).status_code == 404


def test_what_is_refused(house: House, browser: SignIn) -> None:
    declare(house)
    sofiia = browser("Sofiia")
    for wrong in (
        {"role": str(number(house, "administrator"))}, {"role": str(number(house, "owner"))}, {"role": "x"}, {"hours": "5"}, {"hours": "0"}, {"hours": "²"},
        {"reason": " "}, {"reason": "x" * 201}, {"current": "wrong wrong wrong"},
    ):
        assert ask(house, sofiia, **wrong).status_code == 422, wrong
    bohdan = browser("Bohdan")
    assert "No role is offered to you." in bohdan.get("/emergency/").text
    assert 'href="/emergency/"' not in bohdan.get("/account/").text
    assert ask(house, bohdan).status_code == 422
    assert taken(house) == []
    ask(house, sofiia)
    assert ask(house, sofiia).status_code == 422  # it is held already
    [row] = taken(house)
    assert bohdan.post(f"/emergency/{row.id}/back", {}).status_code == 404


def test_the_owner_gets_a_letter_and_a_notice(house: House, browser: SignIn) -> None:
    declare(house)
    ask(house, browser("Sofiia"))
    with house.app.app_context(), mail.record_messages() as sent:
        outbox.deliver(house.engine)
    [letter] = [one for one in sent if "emergency" in one.subject or "надзвичайній" in one.subject]
    assert letter.recipients == ["olena@firm.example"]
    assert "Sofiia" in letter.body and "The head is in hospital" in letter.body
    assert "A role was taken in an emergency." in browser("Olena").get("/notices/").text


def test_the_page_names_who_took_what_to_those_who_keep_roles(house: House, browser: SignIn) -> None:
    declare(house)
    olena = browser("Olena")
    assert "Nobody took a role in an emergency." in olena.get("/emergency/taken/").text
    sofiia = browser("Sofiia")
    ask(house, sofiia)
    page = olena.get("/emergency/taken/").text
    assert "Sofiia" in page and "The head is in hospital" in page and 'href="/emergency/taken/"' in page
    [link] = re.findall(r'href="(/journal/\?who=[^"]+)"', page)
    assert "Role taken in an emergency" in olena.get(link.replace("&amp;", "&")).text
    assert "Sofiia" in browser("Andrii").get("/emergency/taken/").text
    for name in ("Bohdan", "Stepan"):
        assert browser(name).get("/emergency/taken/").status_code == 403
    assert sofiia.get("/emergency/taken/").status_code == 403


def test_a_role_that_asks_for_a_code_is_not_taken_without_a_second_factor(house: House, browser: SignIn) -> None:
    declare(house)
    house.change("role", number(house, "head"), second_factor=True)
    sofiia = browser("Sofiia")
    refused = ask(house, sofiia)
    assert refused.status_code == 422 and "requires two-step sign-in" in refused.text
    with house.system() as session:
        session.add(SecondFactor(user_id=house.people["Sofiia"], key="x", session_id=0, begun_at=datetime.now(UTC), confirmed_at=datetime.now(UTC)))
        session.commit()
    assert ask(house, sofiia, code="000000").status_code == 422
    assert taken(house) == []


def test_conflicting_roles_are_judged(house: House, browser: SignIn) -> None:
    declare(house, takes=("approver",))
    with house.system() as session:
        apply(session, read("conflicts: {money: {roles: [seller, approver]}}", session.catalog))
        session.commit()
    assert ask(house, browser("Sofiia"), "approver").status_code == 422
    assert taken(house) == []


def test_a_taken_role_leads_no_further(house: House, browser: SignIn) -> None:
    declare(house)
    declare(house, "head", takes=("administrator",))
    sofiia = browser("Sofiia")
    ask(house, sofiia)
    assert ask(house, sofiia, "administrator").status_code == 422


def test_what_was_taken_is_not_passed_on(house: House, browser: SignIn) -> None:
    """Whoever holds an administrator's rights for some hours makes nobody an administrator, neither himself."""
    declare(house, takes=("administrator",))
    sofiia = house.people["Sofiia"]
    ask(house, browser("Sofiia"), "administrator")
    access = access_for(house.engine, sofiia, house.catalog)
    assert "administrator" in access.roles
    for user in (sofiia, house.people["Bohdan"]):
        with user_session(house.engine, access, house.catalog, write=True) as session, pytest.raises(Invalid):
            records.create(session, "membership", {"user": user, "role": number(house, "stranger")})
    with house.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(Membership.__table__).where(Membership.__table__.c.taken_until.is_not(None)).values(taken_until=None))
    access = access_for(house.engine, sofiia, house.catalog)
    with user_session(house.engine, access, house.catalog, write=True) as session:  # held for good he gives what it allows
        assert records.create(session, "membership", {"user": house.people["Bohdan"], "role": number(house, "stranger")})


def test_who_has_less_declares_nothing_and_gives_no_role_that_leads_further(house: House) -> None:
    seller, stranger, given = number(house, "seller"), number(house, "stranger"), {"user": house.people["Bohdan"], "role": number(house, "stranger")}
    andrii = access_for(house.engine, house.people["Andrii"], house.catalog)
    owner = access_for(house.engine, house.people["Olena"], house.catalog)
    with user_session(house.engine, andrii, house.catalog, write=True) as session, pytest.raises(Invalid):
        records.change(session, "role", seller, {"emergency": (number(house, "head"),)})
    for wrong in ({"emergency": (number(house, "owner"),)}, {"emergency": (seller,)}, {"emergency_hours": 9}, {"emergency_hours": 0}):
        with user_session(house.engine, owner, house.catalog, write=True) as session, pytest.raises(Invalid):
            records.change(session, "role", seller, wrong)
    with user_session(house.engine, andrii, house.catalog, write=True) as session:
        assert records.create(session, "membership", given)
    with user_session(house.engine, owner, house.catalog, write=True) as session:
        records.change(session, "role", stranger, {"emergency": (number(house, "head"),)})
        session.commit()
    with user_session(house.engine, andrii, house.catalog, write=True) as session, pytest.raises(Invalid):
        records.create(session, "membership", given)
    with user_session(house.engine, owner, house.catalog, write=True) as session:
        assert records.create(session, "membership", given)


def test_a_file_says_it_and_it_is_taken_back(house: House) -> None:
    with house.system() as session:
        made = apply(session, read(FILE % "{roles: [head, clerk], hours: 3}", session.catalog))
        session.commit()
    with house.system(write=False) as session:
        assert export.whole(session)["roles"]["taker"]["emergency"] == {"roles": ["clerk", "head"], "hours": 3}
        assert "emergency" not in export.whole(session)["roles"]["head"]
    with house.system() as session:
        changed = apply(session, read(FILE % "{roles: [head]}", session.catalog))
        assert [(c.kind, c.field, c.effect) for c in changed.changes] == [("role", "taker", "emergency")]
        session.commit()
    with house.system() as session:
        assert apply(session, read("roles: {taker: {label: {uk: Черговий, en: On duty}}}", session.catalog)).changes == ()
        undo(session, changed.version)
        session.commit()
    with house.system(write=False) as session:
        assert export.whole(session)["roles"]["taker"]["emergency"] == {"roles": ["clerk", "head"], "hours": 3}
    owner = access_for(house.engine, house.people["Olena"], house.catalog)
    with user_session(house.engine, owner, house.catalog, write=True) as session:
        records.change(session, "role", number(house, "taker"), {"emergency": None, "emergency_hours": None})
        session.commit()
    with house.system() as session:
        assert "emergency" not in export.whole(session)["roles"]["taker"]
        undo(session, session.catalog.version)
        session.commit()
    with house.system(write=False) as session:
        assert export.whole(session)["roles"]["taker"]["emergency"] == {"roles": ["clerk", "head"], "hours": 3}
    assert made.version < changed.version


@pytest.mark.parametrize("wrong", ["[head]", "{roles: [taker]}", "{roles: [nobody]}", "{roles: [head], hours: 9}", "{roles: head}", "{roles: [head], x: 1}",
                                   "{roles: [owner]}"])
def test_a_file_that_says_it_wrong_is_refused(house: House, wrong: str) -> None:
    with house.system() as session, pytest.raises((BadRequest, Invalid)):
        apply(session, read(FILE % wrong, session.catalog))
