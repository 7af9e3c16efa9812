"""The plan for calendar programmes: read by its secret address, with its person's rights as they are now. Read here by RFC 5545 alone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from crm.backoffice import records
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.calendar_links import CalendarLink
from crm.organization.models import Role
from crm.organization.second_factor_models import SecondFactor
from crm.organization.sign_in import revoke_all, set_password
from tests.interactions.test_screens import interaction
from tests.kit_forms.house import PASSWORD, Browser, House
from tests.statements import statements

SignIn = Callable[..., Browser]
Lines = list[tuple[str, str]]
SOON = (datetime.now(UTC) + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)
HIDING = """
roles:
  seller:
    label: {uk: Продавець, en: Seller}
    rules:
      - {entity: interaction, actions: [read, create, update], scope: own, fields: {"*": edit, subject: hidden, agenda: hidden, account: hidden}}
      - {entity: user, actions: [read], scope: all, fields: {"*": read}}
"""


def address(browser: Browser) -> str:
    page = browser.post("/profile/calendar", {}).get_data(as_text=True)
    found = re.search(r'value="http[^"]*(/calendar/[\w-]{43}\.ics)"', page)
    assert found
    return found[1]


def content(body: bytes) -> Lines:
    """The content lines of a file: CRLF, at most 75 octets, unfolded; (name with parameters, text without escapes)."""
    assert body.endswith(b"\r\n")
    raw = body[:-2].split(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in raw)
    lines = re.sub(rb"\r\n[ \t]", b"", body).decode().split("\r\n")[:-1]
    found = []
    for line in lines:
        name, _, value = line.partition(":")
        found.append((name, re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)))
    return found


def events(body: bytes) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    inside = False
    for name, value in content(body):
        if (name, value) == ("BEGIN", "VEVENT"):
            found.append({})
            inside = True
        elif (name, value) == ("END", "VEVENT"):
            inside = False
        elif inside:
            assert name not in found[-1], name
            found[-1][name] = value
    return found


def planned(house: House, **given: Any) -> int:
    return interaction(house, **{"planned_start": SOON, "planned_minutes": 45, **given})


def test_the_plan_is_read_without_signing_in(house: House, browser: SignIn) -> None:
    account = house.make("account", name="ТОВ «Ромашка; і сини, Київ»")
    number = planned(house, account=account, subject="Ціни; знижка, \\ і «крапка»", agenda="Перше\nДруге, третє " + "довге " * 30)
    planned(house, account=account, owner="Sofiia", subject="Чужа")
    path = address(browser("Olena"))
    answer = house.app.test_client().get(path)
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "text/calendar", "private, no-cache")
    body = answer.get_data()
    head = [(name, value) for name, value in content(body)]
    assert [head[0], head[-1], ("VERSION", "2.0") in head] == [("BEGIN", "VCALENDAR"), ("END", "VCALENDAR"), True]
    (event,) = events(body)
    assert event["DTSTART"] == SOON.strftime("%Y%m%dT%H%M%SZ")
    assert event["DTEND"] == (SOON + timedelta(minutes=45)).strftime("%Y%m%dT%H%M%SZ")
    assert (event["UID"].partition("@")[0], event["STATUS"], event["SEQUENCE"]) == (f"interaction-{number}", "CONFIRMED", "1")
    assert event["SUMMARY"].endswith(": ТОВ «Ромашка; і сини, Київ». Ціни; знижка, \\ і «крапка»")
    assert event["DESCRIPTION"].startswith("Перше\nДруге, третє довге")
    assert event["URL"].endswith(f"/interaction/{number}/")
    assert re.fullmatch(r"\d{8}T\d{6}Z", event["DTSTAMP"])


def test_it_holds_what_one_answers_for_or_takes_part_in_and_tells_what_was_called_off(house: House, browser: SignIn) -> None:
    account = house.make("account", name="Полісся-Агро")
    moved, off, held, theirs, far = (
        planned(house, account=account), planned(house, account=account), planned(house, account=account),
        planned(house, account=account, owner="Sofiia"), planned(house, account=account, planned_start=SOON + timedelta(days=500)),
    )
    past = planned(house, account=account, planned_start=SOON - timedelta(days=50))
    house.make("interaction_participant", interaction=theirs, colleague=house.people["Olena"])
    path = address(browser("Olena"))
    before = {event["UID"] for event in events(house.app.test_client().get(path).get_data())}
    house.change("interaction", moved, state=house.option("interaction_state", "rescheduled"), next_start=SOON + timedelta(days=1))
    house.change("interaction", off, state=house.option("interaction_state", "cancelled"))
    house.change("interaction", held, state=house.option("interaction_state", "held"))
    found = {int(e["UID"].partition("@")[0].rpartition("-")[2]): e for e in events(house.app.test_client().get(path).get_data())}
    (after,) = set(found) - {moved, off, theirs}
    assert {n: found[n]["STATUS"] for n in found} == {moved: "CANCELLED", off: "CANCELLED", theirs: "CONFIRMED", after: "CONFIRMED"}
    assert {found[moved]["UID"], found[off]["UID"]} < before  # the same events, changed
    assert int(found[moved]["SEQUENCE"]) > 1
    assert not {far, past} & set(found)


def test_it_shows_what_its_person_may_see_now(house: House, browser: SignIn) -> None:
    account = house.make("account", name="Таємна компанія")
    number = planned(house, account=account, owner="Sofiia", subject="Таємна тема", agenda="Таємний порядок")
    path = address(browser("Sofiia"))
    assert "Таємна тема" in str(events(house.app.test_client().get(path).get_data()))
    with house.system() as session:
        apply(session, read(HIDING.encode(), session.catalog))
        session.commit()
    body = house.app.test_client().get(path).get_data()
    assert "Таємн" not in str(content(body))
    (event,) = events(body)
    assert (event["UID"].partition("@")[0], "DESCRIPTION" in event) == (f"interaction-{number}", False)
    house.change("interaction", number, owner=house.people["Olena"])
    assert events(house.app.test_client().get(path).get_data()) == []


def test_a_link_that_does_not_hold_answers_as_one_that_never_was(house: House, browser: SignIn) -> None:
    stranger = house.app.test_client()
    olena = browser("Olena")
    first = address(olena)
    page = olena.get("/profile/").get_data(as_text=True)
    assert first not in page  # shown once
    second = address(olena)
    with house.engine.connect() as connection:
        rows = list(connection.execute(select(CalendarLink.__table__)))
    assert len(rows) == 1
    assert second.split("/")[-1][:-4] not in str(rows)
    unknown = stranger.get(f"/calendar/{'x' * 43}.ics")

    def is_unknown(path: str) -> bool:
        answer = stranger.get(path)
        # The token of a form holds the moment.
        pages = [re.sub(r'content="[^"]*"|/calendar/[\w-]*\.ics', "·", a.get_data(as_text=True)) for a in (answer, unknown)]
        heads = [{k: v for k, v in a.headers.items() if k not in ("Date", "Set-Cookie", "Content-Length")} for a in (answer, unknown)]
        return answer.status_code == unknown.status_code == 404 and pages[0] == pages[1] and heads[0] == heads[1]

    assert is_unknown(first)
    assert stranger.get(second).status_code == 200
    with house.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(CalendarLink).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert is_unknown(second)
    third = address(olena)
    house.change("user", house.people["Olena"], active=False)
    assert is_unknown(third)
    house.change("user", house.people["Olena"], active=True)
    assert is_unknown(third)  # it does not come back with her
    fourth = address(browser("Olena"))
    assert stranger.get(fourth).status_code == 200
    assert browser("Olena").post("/profile/calendar/revoke", {}).status_code == 303
    assert is_unknown(fourth)
    for odd in ("", "%00", "a" * 5000, "..", "%F0%9F%98%80"):
        assert stranger.get(f"/calendar/{odd}.ics").status_code == 404, odd


def test_the_same_plan_is_not_sent_twice(house: House, browser: SignIn) -> None:
    number = planned(house, account=house.make("account", name="Полісся-Агро"))
    path, programme = address(browser("Olena")), house.app.test_client()
    mark = programme.get(path).headers["ETag"]
    again = programme.get(path, headers={"If-None-Match": mark})
    assert (again.status_code, again.get_data()) == (304, b"")
    house.change("interaction", number, subject="Інша тема")
    changed = programme.get(path, headers={"If-None-Match": mark})
    assert (changed.status_code, changed.headers["ETag"] != mark) == (200, True)


def test_a_long_plan_is_bounded_and_asks_few_questions(house: House, browser: SignIn) -> None:
    account = house.make("account", name="Полісся-Агро")
    options = {"medium": house.option("interaction_medium", "call"), "direction": house.option("direction", "outbound"), "owner": house.people["Olena"]}
    rows = [{**options, "account": account, "planned_start": SOON + timedelta(hours=n), "subject": f"№ {n}"} for n in range(1010)]
    house.make_many("interaction", rows)
    path = address(browser("Olena"))
    with statements(house.engine) as sent:
        body = house.app.test_client().get(path).get_data()
    assert len(events(body)) == 1000
    assert len(sent) <= 8


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_is_only_read(house: House, browser: SignIn, method: str) -> None:
    path = address(browser("Olena"))
    assert getattr(house.app.test_client(), method)(path).status_code in (400, 405)
    assert house.app.test_client().get(path).status_code == 200


def test_who_must_turn_two_step_sign_in_on_reads_nothing_until_he_does(house: House, browser: SignIn) -> None:
    sofiia = browser("Sofiia")
    where = address(sofiia)
    with house.system() as session:
        session.execute(update(Role).where(Role.code == "seller").values(second_factor=True))
        session.commit()
    assert house.app.test_client().get(where).status_code == 404
    with house.system() as session:
        session.add(SecondFactor(user_id=house.people["Sofiia"], key="-", session_id=1, begun_at=SOON, confirmed_at=SOON))
        session.commit()
    assert house.app.test_client().get(where).status_code == 200


def test_it_ends_with_all_sign_ins_and_its_person_is_told(house: House, browser: SignIn) -> None:
    stranger, olena = house.app.test_client(), browser("Olena")

    def told(why: str) -> None:
        """The last address is dead, its person reads why, and a new one works."""
        assert stranger.get(path).status_code == 404
        again = browser("Olena")
        assert why in (page := again.get("/profile/?lang=en").get_data(as_text=True)) and "works until" not in page
        assert why not in (again.post("/profile/calendar", {}).get_data(as_text=True))

    path = address(olena)
    assert olena.post("/sign-out-everywhere", {}).status_code == 303
    told("when you signed out everywhere")
    path = address(browser("Olena"))
    assert browser("Olena").post("/profile/password", {"current": PASSWORD, "password": "eight quiet storks", "again": "eight quiet storks"}).status_code == 303
    with house.system() as session:
        set_password(session, house.people["Olena"], PASSWORD)
        session.commit()
    told("when your password was changed")
    path = address(browser("Olena"))
    with house.system() as session:
        number = house.people["Olena"]
        assert revoke_all(session, number, "administrator") > 0
        session.commit()
    told("when an administrator signed you out everywhere")
    path = address(browser("Olena"))
    house.remove("user", number)
    assert stranger.get(path).status_code == 404
    with house.system() as session:
        records.restore(session, "user", number)
        session.commit()
    told("when your account was closed")
    path = address(browser("Olena"))
    house.change("user", number, email="else@firm.example")
    house.change("user", number, email="olena@firm.example")
    told("when your e-mail address was changed")


def test_who_keeps_people_ends_it_for_another(house: House, browser: SignIn) -> None:
    path = address(browser("Sofiia"))
    olena, number = browser("Olena"), house.people["Sofiia"]
    page = olena.get(f"/user/{number}/sign-in/?lang=en").get_data(as_text=True)
    assert "a calendar programme reads the plan" in page
    assert olena.post(f"/user/{number}/sign-in/end", {}).status_code == 303
    assert house.app.test_client().get(path).status_code == 404
    assert "a calendar programme" not in olena.get(f"/user/{number}/sign-in/?lang=en").get_data(as_text=True)
