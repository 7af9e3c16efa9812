"""A review of access signed off: carried out with the rights of whoever signs, frozen under a digest, reported; and a review called off."""

import csv
import io
from datetime import timedelta

from openpyxl import load_workbook
from sqlalchemy import update

from crm.backoffice.journal import JournalRow
from crm.backoffice.personal.beside import beside
from crm.backoffice.seals.block import Keeper
from crm.backoffice.seals.sealing import seal
from tests.kit_forms.house import Browser, House
from tests.company import today
from tests.rights.reviewing import ITEMS, REVIEWS, SignIn, decide, item, keep_the_rest, number, opened, rows, sign, standing, soon


def test_a_review_from_opening_to_its_report(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    olena = browser("Olena")
    review = opened(house, olena)
    assert {(one.user_id, one.reviewer_id) for one in rows(house, ITEMS)} == {
        (house.people[name], house.people["Sofiia" if name == "Bohdan" else "Bohdan"]) for name in house.people
    }
    page = two["Bohdan"].get(f"/access-reviews/{review}/mine/").text
    own = house.people["Bohdan"]
    assert "Stepan" in page and "last seen" in page and "never signed in" in page and f'id="person-{own}"' not in page
    assert decide(house, two["Bohdan"], review, item(house, review, "Stepan"), "remove", "left the project").status_code == 303
    until = today() + timedelta(days=30)
    assert decide(house, two["Bohdan"], review, item(house, review, "Sofiia"), "shorten", "", str(until)).status_code == 303
    assert standing(house, "Stepan") and standing(house, "Sofiia")[0].until is None  # nothing before the sign-off
    assert sign(olena, review).status_code == 400
    keep_the_rest(house, two, review)
    stepan = browser("Stepan")
    assert sign(olena, review).status_code == 303
    assert standing(house, "Stepan") == [] and standing(house, "Sofiia")[0].until == until
    assert stepan.get("/deal/").status_code == 302  # whoever loses a role is signed out
    [row] = rows(house, JournalRow.__table__, JournalRow.entity == "membership", JournalRow.action == "remove")
    assert row.actor_id == house.people["Olena"] and row.reason == f"access review {review}, decided by user {house.people['Bohdan']}"
    outcomes = {one.user_id: one.outcome for one in rows(house, ITEMS)}
    assert outcomes[house.people["Stepan"]] == "removed" and outcomes[house.people["Sofiia"]] == "shortened" and outcomes[house.people["Olena"]] == "kept"
    page = olena.get(f"/access-reviews/{review}/").text
    assert "It reads as it was signed." in page and "waits for its seal" in page and "left the project" in page
    runtime = house.app.extensions["brama"]
    seal(house.engine, Keeper.of(runtime.settings.instance, runtime.settings.secret_key), at_once=True)
    assert "in sealed block 1" in olena.get(f"/access-reviews/{review}/").text
    journal = olena.get("/journal/?action=event").text
    assert "Access review signed off" in journal and "Decision about a person’s role" in journal


def test_a_review_that_was_touched_after_its_sign_off_says_so(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    olena = browser("Olena")
    review = opened(house, olena)
    keep_the_rest(house, two, review)
    sign(olena, review)
    with house.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(ITEMS).where(ITEMS.c.user_id == house.people["Stepan"]).values(comment=None))
    page = olena.get(f"/access-reviews/{review}/").text
    assert "It reads as it was signed." in page and "The text of 1 comment" in page
    with house.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(ITEMS).where(ITEMS.c.user_id == house.people["Stepan"]).values(decision="remove"))
    assert "It does not read as it was signed" in olena.get(f"/access-reviews/{review}/").text


def test_nothing_goes_beyond_the_rights_of_whoever_signs(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    # Two owners, a review of an administrator, and reviewers who would take the owner's role and a role that denies something away.
    house.make("membership", user=house.people["Stepan"], role=number(house, "owner"))
    andrii = browser("Andrii")
    review = opened(house, andrii)
    assert decide(house, two["Bohdan"], review, item(house, review, "Stepan", "owner"), "remove", "not needed").status_code == 303
    assert decide(house, two["Bohdan"], review, item(house, review, "Stepan", "stranger"), "remove", "not needed").status_code == 303
    keep_the_rest(house, two, review)
    answer = sign(andrii, review)
    assert answer.status_code == 422 and "Not everything is yours to carry out." in answer.text
    assert "This role allows more than you may do yourself." in answer.text
    assert len(standing(house, "Stepan")) == 2 and rows(house, REVIEWS)[0].signed_at is None
    olena = browser("Olena")  # an owner signs in his place
    assert "Spring" in olena.get("/access-reviews/").text
    assert sign(olena, review).status_code == 303
    assert standing(house, "Stepan") == []


def test_the_last_owner_is_not_locked_out(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    olena = browser("Olena")
    for decision, until in (("remove", ""), ("shorten", str(soon()))):
        review = opened(house, olena)
        assert decide(house, two["Bohdan"], review, item(house, review, "Olena"), decision, "too much", until).status_code == 303
        keep_the_rest(house, two, review)
        answer = sign(olena, review)
        assert answer.status_code == 422 and "Somebody must remain the owner, without an end." in answer.text
        assert standing(house, "Olena")[0].until is None
        assert decide(house, two["Bohdan"], review, item(house, review, "Olena"), "keep").status_code == 303
        assert sign(olena, review).status_code == 303


def test_one_signs_with_the_password_and_only_once(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    olena = browser("Olena")
    review = opened(house, olena)
    keep_the_rest(house, two, review)
    assert "The current password is wrong." in sign(olena, review, current="wrong wrong wrong").text
    assert rows(house, REVIEWS)[0].signed_at is None
    assert "Andrii" in two["Bohdan"].get(f"/access-reviews/{review}/mine/").text
    assert sign(olena, review).status_code == 303
    over = two["Bohdan"].get(f"/access-reviews/{review}/mine/").text  # what a reviewer needed to decide is told no more
    assert "This review is over" in over and "Andrii" not in over
    assert sign(olena, review).status_code == 400
    assert decide(house, two["Bohdan"], review, item(house, review, "Stepan"), "remove", "late").status_code == 400
    assert olena.post(f"/access-reviews/{review}/call-off", {}).status_code == 400
    assert item(house, review, "Stepan").decision == "keep"


def test_what_has_changed_since_is_shown_and_not_carried_out(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    olena = browser("Olena")
    review = opened(house, olena)
    assert decide(house, two["Bohdan"], review, item(house, review, "Stepan"), "remove", "left").status_code == 303
    house.remove("membership", item(house, review, "Stepan").membership_id)
    house.change("membership", item(house, review, "Sofiia").membership_id, role=number(house, "clerk"))
    house.make("membership", user=house.people["Stepan"], role=number(house, "approver"))
    page = olena.get(f"/access-reviews/{review}/").text
    assert page.count("ended meanwhile") == 2 and "Given since it was opened" in page and "Approver" in page
    assert decide(house, two["Bohdan"], review, item(house, review, "Sofiia"), "remove", "x").status_code == 400
    keep_the_rest(house, {"Bohdan": two["Bohdan"], "Sofiia": browser("Sofiia")}, review)  # another role has signed her out
    assert sign(olena, review).status_code == 303
    assert item(house, review, "Stepan").outcome == item(house, review, "Sofiia").outcome == "ended"
    assert [one.role_id for one in standing(house, "Sofiia")] == [number(house, "clerk")]
    assert [one.role_id for one in standing(house, "Stepan")] == [number(house, "approver")]


def test_a_review_is_called_off_and_nothing_of_it_happens(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    olena = browser("Olena")
    review = opened(house, olena)
    decide(house, two["Bohdan"], review, item(house, review, "Stepan"), "remove", "left")
    assert olena.post(f"/access-reviews/{review}/call-off", {}).status_code == 303
    assert standing(house, "Stepan") and "called off" in olena.get(f"/access-reviews/{review}/").text
    assert sign(olena, review).status_code == 400
    assert decide(house, two["Bohdan"], review, item(house, review, "Andrii"), "keep").status_code == 400
    assert "Waiting for you" not in two["Bohdan"].get("/access-reviews/").text


def test_the_report_as_files(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    olena = browser("Olena")
    review = opened(house, olena)
    decide(house, two["Bohdan"], review, item(house, review, "Stepan"), "remove", "=1+1")
    keep_the_rest(house, two, review)
    sign(olena, review)
    lines = list(csv.DictReader(io.StringIO(olena.get(f"/access-reviews/{review}/?format=csv").get_data(as_text=True).lstrip("\ufeff"))))
    [stepan] = [line for line in lines if line["Person"] == "Stepan"]
    assert stepan["Decision"] == "Take away" and stepan["Outcome"] == "Taken away" and stepan["Reviewer"] == "Bohdan" and stepan["Comment"] == "'=1+1"
    assert len(lines) == len(house.people)
    book = load_workbook(io.BytesIO(olena.get(f"/access-reviews/{review}/?format=xlsx").data))
    assert book["Memberships"].max_row == len(house.people) + 1
    facts = {row[0].value: row[1].value for row in book["Sign-off"]}
    assert facts["Digest (SHA-256)"] == rows(house, REVIEWS)[0].digest and facts["Signed off by"] == "Olena"
    assert olena.get(f"/access-reviews/{review}/?format=pdf").status_code == 400
    assert len(rows(house, JournalRow.__table__, JournalRow.action == "export")) == 2


def test_a_person_erased_takes_the_comments_about_him_along_and_the_rest_still_holds(house: House, browser: SignIn, two: dict[str, Browser]) -> None:
    olena = browser("Olena")
    review = opened(house, olena)
    decide(house, two["Bohdan"], review, item(house, review, "Stepan"), "remove", "Stepan is ill")
    keep_the_rest(house, two, review)
    sign(olena, review)
    kept = beside("user")
    assert kept is not None
    with house.system() as session:
        [told] = kept.gather(session, [house.people["Stepan"]])["access_reviews"]
        kept.erase(session, [house.people["Stepan"]])
        session.commit()
    assert told["comment"] == "Stepan is ill" and told["outcome"] == "removed"
    gone = item(house, review, "Stepan")
    assert gone.comment is gone.salt is gone.last_seen_at is None and gone.decision == "remove"
    page = olena.get(f"/access-reviews/{review}/").text
    assert "It reads as it was signed." in page and "The text of 1 comment" in page and "Stepan is ill" not in page
