"""Access reviewed by campaign: who opens it and over what, who reviews what, who is told what, and which decisions are refused."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from freezegun import freeze_time
from sqlalchemy import update

from config import Settings
from crm.admin_views.access_reviews import mine
from crm.backoffice import outbox
from crm.backoffice.jobs import Work
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.backoffice.notices import NoticeRow
from crm.extensions import mail
from crm.rights.reviews.telling import remind
from tests.kit_forms.house import PASSWORD, Browser, House
from tests.company import today
from tests.rights.reviewing import ITEMS, MEMBERSHIPS, REVIEWS, SignIn, decide, item, keep_the_rest, number, opened, rows, soon


@pytest.fixture
def settings(house: House) -> Settings:
    found: Settings = house.app.extensions["brama"].settings
    return found


def test_whoever_does_not_keep_roles_opens_none_and_others_learn_nothing(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    for name in ("Sofiia", "Bohdan", "Stepan"):
        there = browser(name)
        assert there.get("/access-reviews/new/").status_code == 403
        assert there.post("/access-reviews/new/", {"name": "x"}).status_code == 403
        assert "No access review" in there.get("/access-reviews/").text
        assert 'href="/access-reviews/"' not in there.get("/deal/").text
    review = opened(house, browser("Olena"))
    stepan, missing = browser("Stepan"), 999
    for what in ("", "mine/", "?format=csv"):
        assert stepan.get(f"/access-reviews/{review}/{what}").status_code == stepan.get(f"/access-reviews/{missing}/{what}").status_code == 404
    # An administrator who did not open it is as anybody else; the reviewer decides and looks after nothing.
    assert browser("Andrii").get(f"/access-reviews/{review}/").status_code == 404
    assert two["Bohdan"].get(f"/access-reviews/{review}/").status_code == 404
    assert two["Bohdan"].get(f"/access-reviews/{review}/?format=csv").status_code == 404
    for what in ("sign", "call-off", "hand-over"):
        form = {"current": PASSWORD, "from": str(house.people["Bohdan"]), "to": str(house.people["Stepan"])}
        for there in (two["Bohdan"], stepan, browser("Andrii")):
            assert there.post(f"/access-reviews/{review}/{what}", form).status_code == 404, what
    assert decide(house, stepan, review, item(house, review, "Olena"), "keep").status_code == 404
    assert decide(house, two["Sofiia"], review, item(house, review, "Olena"), "keep").status_code == 404
    assert rows(house, ITEMS, ITEMS.c.decision.is_not(None)) == []


def test_only_who_sees_every_membership_opens_a_review(house: House, browser: SignIn) -> None:
    file = """
roles:
  keeper:
    label: {uk: Ключник, en: Keeper}
    rules:
      - {entity: role, actions: [read, update], scope: all, fields: {"*": read}}
      - {entity: department, actions: [read], scope: all, fields: {"*": read}}
      - {entity: user, actions: [read], scope: all, fields: {"*": read}}
      - {entity: membership, actions: [read, delete, update], scope: %s, fields: {"*": edit}}
"""
    for scope, status in (("department", 403), ("all", 200)):
        with house.system() as session:
            apply(session, read((file % scope).encode(), session.catalog))
            session.commit()
        if scope == "department":
            house.make("membership", user=house.people["Stepan"], role=number(house, "keeper"))
        assert browser("Stepan").get("/access-reviews/new/").status_code == status, scope


def test_what_a_form_is_refused_for(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    good = {"name": "A", "kind": "all", "deadline": str(soon()), "mode": "named", "first": str(house.people["Bohdan"]), "second": str(house.people["Sofiia"])}
    for wrong in (
        {"name": " "}, {"name": "x" * 121}, {"deadline": "tomorrow"}, {"deadline": str(today() - timedelta(days=1))},
        {"deadline": str(today() + timedelta(days=400))}, {"kind": "department"}, {"kind": "roles"}, {"kind": "roles", "roles": "999"},
        {"first": "", "second": ""}, {"first": "999", "second": "x"},
        {"kind": "roles", "roles": str(number(house, "clerk"))},
    ):
        answer = olena.post("/access-reviews/new/", {**good, **wrong})
        assert answer.status_code == 422, wrong
        assert 'role="alert"' in answer.text, wrong
    # Of the owner, alone and reviewed by nobody else.
    alone = {"kind": "roles", "roles": str(number(house, "owner")), "mode": "heads", "first": "", "second": ""}
    assert "Nobody is there to review 1 membership." in olena.post("/access-reviews/new/", {**good, **alone}).text
    assert rows(house, REVIEWS) == [] and rows(house, ITEMS) == []


def test_heads_review_their_own_people_and_the_heads_above_review_them(house: House, browser: SignIn) -> None:
    people = house.people
    top = house.make("department", name="Company", head=people["Andrii"])
    below = house.make("department", name="Sales", head=people["Sofiia"], parent=top)
    for name in ("Sofiia", "Bohdan"):
        house.change("user", people[name], department=below)
    house.change("user", people["Andrii"], department=top)
    heads = {"mode": "heads", "first": str(people["Bohdan"]), "second": ""}
    review = opened(house, browser("Olena"), **heads)
    found = {one.user_id: one.reviewer_id for one in rows(house, ITEMS, ITEMS.c.review_id == review)}
    assert found == {
        people["Bohdan"]: people["Sofiia"], people["Sofiia"]: people["Andrii"], people["Andrii"]: people["Bohdan"], people["Stepan"]: people["Bohdan"],
        people["Olena"]: people["Bohdan"],
    }
    # Of a department with those below: nobody else.
    review = opened(house, browser("Olena"), **heads, kind="department", department=str(top))
    assert {one.user_id for one in rows(house, ITEMS, ITEMS.c.review_id == review)} == {people[name] for name in ("Andrii", "Sofiia", "Bohdan")}
    # Of two owners each reviews the other, whoever was named beside the heads.
    house.make("membership", user=people["Andrii"], role=number(house, "owner"))
    review = opened(house, browser("Olena"), **heads, kind="roles", roles=str(number(house, "owner")))
    assert {one.user_id: one.reviewer_id for one in rows(house, ITEMS, ITEMS.c.review_id == review)} == {
        people["Olena"]: people["Andrii"], people["Andrii"]: people["Olena"],
    }


def test_what_a_decision_is_refused_for(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    review = opened(house, browser("Olena"))
    stepan = item(house, review, "Stepan")
    for decision, comment, until, words in (
        ("", "", "", "Choose what becomes of it."), ("grant", "x", "", "Choose what becomes of it."), ("remove", " ", "", "Say why it is taken away."),
        ("keep", "x" * 501, "", "At most 500 characters."), ("shorten", "", "", "Choose a day"),
        ("shorten", "", str(today() - timedelta(days=1)), "Choose a day"),
        ("shorten", "", "9999-99-99", "Choose a day"),
    ):
        answer = decide(house, two["Bohdan"], review, stepan, decision, comment, until)
        assert answer.status_code == 422 and words in answer.text, (decision, comment, until)
    assert item(house, review, "Stepan").decision is None
    house.change("membership", stepan.membership_id, until=soon())
    assert decide(house, two["Bohdan"], review, stepan, "shorten", "", str(soon())).status_code == 422  # a review lengthens nothing
    assert decide(house, two["Bohdan"], review, stepan, "shorten", "", str(today())).status_code == 303
    assert decide(house, two["Bohdan"], review, stepan, "keep").status_code == 303  # until the sign-off he may decide otherwise
    assert "changed meanwhile" in two["Bohdan"].get(f"/access-reviews/{review}/mine/").text


def test_a_conflicting_role_stays_only_with_a_word_why(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    seller, approver = number(house, "seller"), number(house, "approver")
    house.make("membership", user=house.people["Stepan"], role=seller)
    house.make("membership", user=house.people["Stepan"], role=approver)
    with house.system() as session:
        apply(session, read(b"conflicts: {money: {roles: [seller, approver]}}", session.catalog))
        session.commit()
    review = opened(house, browser("Olena"))
    page = two["Bohdan"].get(f"/access-reviews/{review}/mine/").text
    assert "conflicts with Approver" in page and "conflicts with Seller" in page
    of = item(house, review, "Stepan", "seller")
    answer = decide(house, two["Bohdan"], review, of, "keep")
    assert answer.status_code == 422 and "This role conflicts with another one" in answer.text
    all_of_him = f"/access-reviews/{review}/mine/keep/{house.people['Stepan']}"
    assert two["Bohdan"].post(all_of_him, {}).status_code == 422
    assert rows(house, ITEMS, ITEMS.c.decision.is_not(None)) == []
    assert two["Bohdan"].post(all_of_him, {"comment": "covers for a colleague"}).status_code == 303
    assert {one.decision for one in rows(house, ITEMS, ITEMS.c.user_id == house.people["Stepan"])} == {"keep"}


def test_reviewers_get_a_notice_and_a_letter_and_are_reminded_once(house: House, browser: SignIn, two: dict[str, Browser], settings: Settings) -> None:
    olena = browser("Olena")
    review = opened(house, olena)
    with house.app.app_context(), mail.record_messages() as sent:
        outbox.deliver(house.engine)
    assert sorted(one.recipients[0] for one in sent) == ["bohdan@firm.example", "sofiia@firm.example"]
    assert all(f"/access-reviews/{review}/mine/" in one.body and "Stepan" not in one.body for one in sent)
    assert "You are asked to review who holds which roles." in two["Sofiia"].get("/notices/").text
    assert "Waiting for you" in two["Sofiia"].get("/access-reviews/").text

    def told(person: str) -> int:
        return len(rows(house, NoticeRow.__table__, NoticeRow.user_id == house.people[person]))

    def work() -> None:
        remind(Work(1, {}, None, house.engine, house.catalog, settings))

    work()
    assert told("Bohdan") == told("Sofiia") == 1
    keep_the_rest(house, {"Sofiia": two["Sofiia"]}, review)
    for days, expected in ((-2, 2), (-1, 2), (1, 3), (2, 3)):
        with freeze_time(datetime.combine(soon() + timedelta(days=days), datetime.min.time(), UTC) + timedelta(hours=12)):
            work()
        assert told("Bohdan") == expected, days
    assert told("Sofiia") == 1 and told("Olena") == 1  # the owner hears that it is too late
    with house.app.app_context(), mail.record_messages() as sent:
        outbox.deliver(house.engine)
    assert {one.recipients[0] for one in sent} == {"bohdan@firm.example", "olena@firm.example"}
    keep_the_rest(house, two, review)
    assert "Everything in your review of roles is decided: sign it off." in olena.get("/notices/").text


def test_what_is_not_decided_is_handed_over_but_not_to_oneself(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    olena = browser("Olena")
    review = opened(house, olena)
    decide(house, two["Bohdan"], review, item(house, review, "Olena"), "keep")
    given = {"from": str(house.people["Bohdan"]), "to": str(house.people["Stepan"])}
    assert olena.post(f"/access-reviews/{review}/hand-over", {**given, "to": "999"}).status_code == 422
    assert olena.post(f"/access-reviews/{review}/hand-over", given).status_code == 303
    found = {one.user_id: one.reviewer_id for one in rows(house, ITEMS)}
    assert found[house.people["Olena"]] == house.people["Bohdan"] and found[house.people["Stepan"]] == house.people["Bohdan"]
    assert found[house.people["Andrii"]] == house.people["Stepan"]
    assert decide(house, browser("Stepan"), review, item(house, review, "Andrii"), "keep").status_code == 303


def test_what_a_role_lets_do_is_told_as_far_as_the_reviewer_knows(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    review = opened(house, browser("Olena"))
    page = two["Bohdan"].get(f"/access-reviews/{review}/mine/").text
    assert "Everything, always." in page and "What the role lets do" in page and "<dt>Deals</dt>" in page
    assert "<dt>Roles</dt>" not in page and "/rights/" not in page  # he sees no roles
    assert "/rights/role/" in browser("Olena").get(f"/access-reviews/{opened(house, browser('Olena'), first=str(house.people['Olena']))}/mine/").text


def test_what_was_taken_in_an_emergency_is_no_part_of_a_review(house: House, browser: SignIn) -> None:
    house.make("membership", user=house.people["Stepan"], role=number(house, "clerk"), until=today() - timedelta(days=1))
    made = house.make("membership", user=house.people["Stepan"], role=number(house, "head"))
    with house.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(MEMBERSHIPS).where(MEMBERSHIPS.c.id == made).values(taken_until=datetime.now(UTC) + timedelta(hours=1)))
    review = opened(house, browser("Olena"))
    assert {one.role_id for one in rows(house, ITEMS, ITEMS.c.review_id == review, ITEMS.c.user_id == house.people["Stepan"])} == {number(house, "stranger")}


def test_a_reviewer_of_many_sees_those_first_of_whom_something_is_not_decided(
    house: House, browser: SignIn, two: dict[str, Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mine, "PEOPLE", 2)
    review, shown = opened(house, browser("Olena")), set[int]()
    for _ in range(4):  # of four people two are shown, decided ones last
        page = two["Bohdan"].get(f"/access-reviews/{review}/mine/").text
        people = [int(number) for number in re.findall(r'id="person-(\d+)"', page)]
        assert "2 more people come up as you decide." in page and len(people) == 2 and people[0] not in shown
        shown.add(people[0])
        assert two["Bohdan"].post(f"/access-reviews/{review}/mine/keep/{people[0]}", {}).status_code == 303
    assert "You have decided all of it." in two["Bohdan"].get(f"/access-reviews/{review}/mine/").text
