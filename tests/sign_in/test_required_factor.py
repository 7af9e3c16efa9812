"""Roles that require two-step sign-in, and second factors that others reset."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update

from crm.backoffice import records
from crm.backoffice.guard import UserSession, system_session, user_session
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import apply, undo
from crm.backoffice.lowcode.document import read
from crm.errors import BadRequest, Forbidden, Invalid
from crm.organization.founding import give_role
from crm.organization.models import Membership, Role
from crm.organization.second_factor_models import SecondFactor
from crm.organization.sign_in_models import SignInSession
from crm.permissions import access_for
from tests.sign_in.conftest import PASSWORD, Browser, House, csrf
from tests.sign_in.test_second_factor import PAGE, code, give, turn_on

SELLER = "roles: {seller: {label: {uk: Продавець, en: Seller}, second_factor: %s, rules: [{entity: account, actions: [read], scope: all}]}}"


def configure(house: House, text: str) -> list[tuple[str, str | None, str]]:
    with system_session(house.engine, "test", house.app.extensions["brama"].refresh(), write=True) as session:
        applied = apply(session, read(text, session.catalog))
        session.commit()
    return [(c.kind, c.field, c.effect) for c in applied.changes]


def person(house: House, email: str, role: str) -> int:
    user_id = house.person(email, email.partition("@")[0].title())
    with system_session(house.engine, "test", house.catalog, write=True) as session:
        give_role(session, user_id, role)
        session.commit()
    return user_id


def asks(house: House, role: str) -> bool:
    with system_session(house.engine, "test", house.catalog) as session:
        return bool(session.scalar(select(Role.second_factor).where(Role.code == role)))


@pytest.fixture
def seller(house: House) -> Browser:
    person(house, "petro@firm.example", "seller")
    browser = house.browser()
    browser.sign_in("petro@firm.example")
    return browser


def test_no_role_requires_it_as_installed(house: House, seller: Browser) -> None:
    with system_session(house.engine, "test", house.catalog) as session:
        assert not any(session.scalars(select(Role.second_factor)))
        assert "second_factor" not in str(export.whole(session)["roles"])
    assert seller.get("/account/").status_code == 200


def test_whoever_owes_it_is_led_to_turn_it_on_before_anything_else(house: House, seller: Browser) -> None:
    assert ("role", "seller", "second_factor") in configure(house, SELLER % "true")
    for path in ("/", "/account/", "/account/new/", "/profile/", "/profile/sessions/", "/search?q=a", "/report/", "/account/export?format=csv"):
        assert (seller.get(path).status_code, seller.get(path).location) == (302, PAGE), path
    for path, head in (("/account/", {"HX-Request": "true"}), ("/account/columns", {"Accept": "application/json"})):
        assert seller.get(path, headers=head).status_code == 403
    page = seller.get(PAGE).text
    assert 'href="/account/"' not in page
    posted = seller.client.post("/account/new/", data={"csrf_token": csrf(page), "name": "Тест"})
    assert posted.status_code == 403
    turn_on(seller)
    assert seller.get("/account/").status_code == 200


def test_every_address_but_the_few_is_shut_until_then(house: House, seller: Browser) -> None:
    configure(house, SELLER % "true")
    adapter, answered = house.app.url_map.bind("localhost"), set()
    for rule in house.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        values: dict[str, Any] = {name: "1" if "filename" not in name else "css/tokens.css" for name in rule.arguments}
        values |= {"purpose": "reset"} if "purpose" in rule.arguments else {}
        try:
            path = adapter.build(rule.endpoint, values)
        except Exception:
            continue
        answer = seller.get(path)
        answer.close()
        if answer.status_code not in (302, 308, 404) or (answer.status_code == 302 and answer.location != PAGE):
            answered.add(rule.endpoint)
    assert answered <= {"second_factor.show", "static", "health", "sign_in.sign_in", "second_step.ask", "account_links.forgot", "account_links.choose"}


def test_signing_out_is_always_possible(house: House, seller: Browser) -> None:
    configure(house, SELLER % "true")
    assert seller.post("/sign-out", page=PAGE).status_code == 303
    assert not seller.is_signed_in()


def test_turning_it_off_leads_back_to_turning_it_on(house: House, seller: Browser) -> None:
    configure(house, SELLER % "true")
    key, _ = turn_on(seller)
    seller.post(PAGE + "off", {"current": PASSWORD, "code": code(key)}, page=PAGE)
    assert seller.get("/account/").location == PAGE


def test_a_role_that_ended_or_another_s_asks_nothing(house: House, seller: Browser) -> None:
    configure(house, SELLER.replace("seller", "clerk") % "true")
    assert seller.get("/account/").status_code == 200


def test_a_file_says_it_and_one_that_does_not_leaves_it(house: House) -> None:
    silent = SELLER.replace("second_factor: %s, ", "")
    configure(house, SELLER % "true")
    assert asks(house, "seller")
    assert configure(house, silent) == []
    with system_session(house.engine, "test", house.catalog) as session:
        told = export.whole(session)["roles"]
    assert [key for key, role in told.items() if role.get("second_factor")] == ["seller"]
    assert configure(house, SELLER % "false") == [("role", "seller", "second_factor")]
    assert not asks(house, "seller")
    with pytest.raises(BadRequest):
        configure(house, SELLER % "perhaps")


def test_a_version_that_turned_it_on_is_undone_and_others_leave_it(house: House) -> None:
    def taken_back(version: int) -> None:
        with system_session(house.engine, "test", house.app.extensions["brama"].refresh(), write=True) as session:
            undo(session, version)
            session.commit()

    def form(**values: Any) -> int:
        with system_session(house.engine, "test", house.app.extensions["brama"].refresh(), write=True) as session:
            role = session.scalar(select(Role.id).where(Role.code == "seller"))
            records.change(session, "role", role, values)
            session.commit()
        return int(house.app.extensions["brama"].refresh().version)

    renamed, turned = form(name="Торговець"), form(second_factor=True)
    taken_back(renamed)
    assert asks(house, "seller")
    taken_back(turned)
    assert not asks(house, "seller")


# --- others ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def keeper(house: House) -> Browser:
    person(house, "admin@firm.example", "administrator")
    browser = house.browser()
    browser.sign_in("admin@firm.example")
    return browser


def place_of(user_id: int) -> str:
    return f"/user/{user_id}/sign-in/"


def test_an_administrator_resets_a_lost_factor_and_the_person_is_signed_out(house: House, keeper: Browser) -> None:
    lost = person(house, "petro@firm.example", "administrator")
    browser = house.browser()
    browser.sign_in("petro@firm.example")
    turn_on(browser)
    assert place_of(lost) in keeper.get(f"/user/{lost}/").text
    assert f'action="{place_of(lost)}reset"' in keeper.get(place_of(lost)).text
    assert keeper.post(place_of(lost) + "reset", page=place_of(lost)).status_code == 303
    assert not browser.is_signed_in()
    assert browser.sign_in("petro@firm.example").location == "/"
    assert house.journaled("second_factor_reset") == 1


def test_nobody_resets_the_mightier_nor_himself_nor_without_the_right(house: House, keeper: Browser) -> None:
    owner = person(house, "owner@firm.example", "owner")
    browser = house.browser()
    browser.sign_in("owner@firm.example")
    turn_on(browser)
    own = next(u.user_id for u in house.rows(SignInSession) if u.email == "admin@firm.example")
    weak = person(house, "petro@firm.example", "seller")
    other = house.browser()
    other.sign_in("petro@firm.example")
    assert place_of(own) not in keeper.get(f"/user/{own}/").text
    assert place_of(weak) not in other.get(f"/user/{weak}/").text
    for who, target in ((keeper, owner), (keeper, own), (other, own), (other, owner), (other, weak)):
        assert who.get(place_of(target)).status_code == 403
        for what in ("reset", "end"):
            assert who.post(place_of(target) + what, page="/profile/").status_code == 403
    assert keeper.get(place_of(9999)).status_code == 404
    assert len(house.rows(SecondFactor)) == 1
    assert browser.is_signed_in()


def test_sign_ins_of_another_are_ended(house: House, keeper: Browser) -> None:
    left = house.person()
    browser = house.browser()
    browser.sign_in()
    assert keeper.post(place_of(left) + "end", page=place_of(left)).status_code == 303
    assert not browser.is_signed_in()
    assert house.journaled("sign_ins_ended") == 1


def test_who_does_not_hold_as_much_says_nothing_of_what_a_role_requires(house: House, keeper: Browser) -> None:
    with system_session(house.engine, "test", house.catalog) as session:
        ids = {r.code: r.id for r in session.execute(select(Role.id, Role.code))}
    access = access_for(house.engine, next(u.user_id for u in house.rows(SignInSession)), house.catalog)
    with user_session(house.engine, access, house.catalog, write=True) as session:
        with pytest.raises(Invalid):
            records.change(session, "role", ids["owner"], {"second_factor": True})
        records.change(session, "role", ids["administrator"], {"second_factor": True})
        session.commit()
    assert (asks(house, "owner"), asks(house, "administrator")) == (False, True)
    assert keeper.get("/account/").location == PAGE


def test_nobody_lifts_what_protects_a_role_of_his_own_but_an_owner(house: House, keeper: Browser) -> None:
    configure(house, SELLER % "true")
    with system_session(house.engine, "test", house.catalog) as session:
        ids = {r.code: r.id for r in session.execute(select(Role.id, Role.code))}
    own = next(u.user_id for u in house.rows(SignInSession))
    with system_session(house.engine, "test", house.catalog, write=True) as session:
        for code in ("administrator", "owner"):
            records.change(session, "role", ids[code], {"second_factor": True})
        session.commit()
        membership = session.execute(select(Membership.id).where(Membership.user_id == own)).scalar_one()

    def writing(who: int) -> UserSession:
        return user_session(house.engine, access_for(house.engine, who, house.catalog), house.catalog, write=True)

    with writing(own) as session, pytest.raises(Invalid, match="You hold this role yourself"):
        records.change(session, "role", ids["administrator"], {"second_factor": False})
    for values in ({"until": date(2026, 1, 1)}, {"role": ids["seller"]}):
        with writing(own) as session, pytest.raises(Forbidden, match="another person must take it from you"):
            records.change(session, "membership", membership, values)
    with writing(own) as session, pytest.raises(Forbidden, match="another person must take it from you"):
        records.remove(session, "membership", membership)
    with writing(own) as session:  # of a role that is not his, and of his own the other way round
        records.change(session, "role", ids["seller"], {"second_factor": False})
        records.change(session, "role", ids["seller"], {"second_factor": True})
        session.commit()
    another = person(house, "second@firm.example", "administrator")
    with writing(another) as session:  # whoever holds the role too is no other person
        with pytest.raises(Invalid):
            records.change(session, "role", ids["administrator"], {"second_factor": False})
        records.remove(session, "membership", membership)
        session.commit()
    with writing(person(house, "owner@firm.example", "owner")) as session:
        records.change(session, "role", ids["owner"], {"second_factor": False})
        session.commit()
    assert (asks(house, "administrator"), asks(house, "owner")) == (True, False)


def test_a_person_with_a_factor_is_asked_for_the_code_whatever_the_role(house: House, seller: Browser) -> None:
    configure(house, SELLER % "true")
    key, _ = turn_on(seller)
    again = house.browser()
    again.sign_in("petro@firm.example")
    assert again.get("/account/").location.startswith("/sign-in")
    assert give(again, code(key)).status_code == 303
    assert again.get("/account/").status_code == 200
    with system_session(house.engine, "test", house.catalog, write=True) as session:
        session.execute(update(SecondFactor).values(confirmed_at=None))
        session.commit()
    assert again.get("/account/").location == PAGE
