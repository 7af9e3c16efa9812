"""The page of conflicting roles, and the refusal in the form of a membership."""

from collections.abc import Callable

from sqlalchemy import select

from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.founding import give_role
from crm.organization.models import Role
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]


def declare(house: House, text: str) -> None:
    with house.system() as session:
        apply(session, read(text, session.catalog))
        session.commit()


def give(house: House, person: str, role: str) -> None:
    with house.system() as session:
        give_role(session, house.people[person], role)
        session.commit()


def number(house: House, code: str) -> int:
    with house.system(write=False) as session:
        return session.execute(select(Role.id).where(Role.code == code)).scalar_one()


def test_the_page_names_who_holds_two_roles_and_stands_in_the_menu_once_there_is_a_conflict(house: House, browser: SignIn) -> None:
    keeper = browser("Andrii")
    assert 'href="/duties/"' not in keeper.get("/account/").text
    assert "No roles are declared as conflicting." in keeper.get("/duties/").text
    give(house, "Sofiia", "approver")
    declare(house, "conflicts: {money: {roles: [seller, approver]}}")
    assert 'href="/duties/"' in keeper.get("/account/").text
    page = keeper.get("/duties/").text
    assert "Sofiia" in page
    assert "Seller · Approver" in page
    assert "Violation" in page
    assert "Порушення" in browser("Olena", "uk").get("/duties/").text


def test_who_does_not_keep_roles_gets_no_such_page(house: House, browser: SignIn) -> None:
    declare(house, "conflicts: {money: {roles: [seller, approver]}}")
    for name in ("Sofiia", "Bohdan", "Stepan"):
        signed_in = browser(name)
        assert signed_in.get("/duties/").status_code == 403
        assert 'href="/duties/"' not in signed_in.get("/").text


def test_the_form_says_why_and_a_reason_lets_it_pass_where_that_is_allowed(house: House, browser: SignIn) -> None:
    declare(house, "conflicts: {money: {roles: [seller, approver], with_reason: true}}")
    keeper, path = browser("Olena"), f"/membership/new/?user={house.people['Sofiia']}"
    typed = {"role": str(number(house, "approver")), "user": str(house.people["Sofiia"])}
    refused = keeper.submit(path, typed)
    assert refused.status_code == 422
    assert "Only a reason allows both." in refused.text
    assert keeper.submit(path, {**typed, "reason": "Order 12"}).status_code in (302, 303)
    page = keeper.get("/duties/").text
    assert "With a reason" in page
    assert "Order 12" in page
