"""Kept reports by mail: to whom, when, with which figures, once; and that whoever has lost a right gets nothing."""

import email
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from email.policy import default
from io import BytesIO
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from crm.backoffice import outbox
from crm.backoffice.journal import JournalRow as Journal
from crm.backoffice.kept_reports import schedules
from crm.backoffice.kept_reports.models import ReportReceiver, ReportSchedule
from crm.backoffice.kept_reports.schedules import Plan
from crm.letters.reports import ask
from crm.organization.models import User
from tests.kit.conftest import Browser, House

SignIn = Callable[..., Browser]
KYIV = ZoneInfo("Europe/Kyiv")
TABLE, RECEIVER = ReportSchedule.__table__, ReportReceiver.__table__


@pytest.fixture
def towns(house: House) -> House:
    house.make_many("account", [{"name": f"К{n}", "city": "Київ", "revenue": Decimal(n)} for n in range(1, 4)])
    return house


def keep(someone: Browser, query: str = "entity=account&measure=count,sum:revenue&by=owner", name: str = "Обіг") -> str:
    return someone.post("/reports/kept", {"name": name, "report": "records", "query": query}).headers["Location"].partition("kept=")[2]


def schedule(someone: Browser, kept: str, *people: int, **form: str) -> None:
    answer = someone.post("/reports/schedules/new/", {"kept": kept, "every": "day", "hour": "8", "receivers": list(people), **form})
    assert answer.status_code == 303, answer.get_data(as_text=True)[-800:]


def letters(house: House, later: timedelta = timedelta(days=2)) -> dict[str, EmailMessage]:
    """What goes out when the time has come: address → letter."""
    folder = Path(str(house.app.extensions["brama"].settings.instance)) / "mail"
    before = set(folder.glob("*.eml"))
    ask(house.engine, house.catalog, datetime.now(UTC) + later)
    with house.app.app_context():
        outbox.deliver(house.engine)
    found = [email.message_from_bytes(path.read_bytes(), policy=default) for path in sorted(set(folder.glob("*.eml")) - before)]
    return {str(one["To"]): one for one in found}  # type: ignore[misc]


def outcomes(house: House) -> dict[int, str | None]:
    with house.engine.connect() as connection:
        return {row.user_id: row.outcome for row in connection.execute(select(RECEIVER))}


def test_each_gets_the_figures_that_he_may_see_then_and_once(towns: House, browser: SignIn) -> None:
    olena, bohdan, roman = (towns.people[name] for name in ("Olena", "Bohdan", "Roman"))
    schedule(browser("Olena"), keep(browser("Olena")), bohdan, roman, myself="1")
    assert letters(towns, timedelta(0)) == {}, "its time has not come"
    sent = letters(towns)
    addresses = {to.partition("@")[0]: one for to, one in sent.items()}
    assert set(addresses) == {"olena", "bohdan", "roman"}
    whole, blind = (addresses[who].get_body(("plain",)).get_content() for who in ("olena", "bohdan"))  # type: ignore[union-attr]
    assert "6.00" in whole or "6,00" in whole
    assert "6.00" not in blind and "6,00" not in blind and " | 3\r\n" in blind
    (attached,) = list(addresses["olena"].iter_attachments())
    sheet = load_workbook(BytesIO(attached.get_content())).worksheets[0]
    assert [cell.value for cell in sheet[2]][1:] == [3, 6]
    assert letters(towns, timedelta(0)) == {} and set(outcomes(towns).values()) == {"sent"}
    with towns.engine.begin() as connection:  # the outbox hands a message over again: its letter is not sent again
        connection.execute(update(outbox.OutboxRow.__table__).where(outbox.OutboxRow.__table__.c.topic == "report").values(delivered_at=None))
    with towns.app.app_context():
        outbox.deliver(towns.engine)
    assert letters(towns, timedelta(0)) == {} and outcomes(towns) == {olena: "sent", bohdan: "sent", roman: "sent"}


def test_whoever_has_lost_the_right_or_left_gets_nothing_and_the_sender_sees_it(towns: House, browser: SignIn) -> None:
    admin, bohdan, roman = browser("Olena"), towns.people["Bohdan"], towns.people["Roman"]
    schedule(admin, keep(admin, "entity=account&measure=sum:revenue&by=owner", "Лише обіг"), bohdan, roman)
    with towns.engine.begin() as connection:
        connection.execute(update(User.__table__).where(User.__table__.c.id == roman).values(active=False))
    assert letters(towns) == {}
    assert outcomes(towns) == {bohdan: "no_right", roman: "gone"}
    page = admin.page("/reports/schedules/")
    assert "not sent: has no access to this report" in page and "has left" in page
    with towns.engine.begin() as connection:
        connection.execute(update(User.__table__).where(User.__table__.c.id == roman).values(active=True))


def test_nothing_is_sent_in_the_name_of_whoever_has_left_nor_of_a_report_that_is_shared_no_more(towns: House, browser: SignIn) -> None:
    admin, andrii, roman = browser("Olena"), browser("Andrii"), towns.people["Roman"]
    schedule(andrii, keep(andrii), roman)
    with towns.engine.begin() as connection:
        connection.execute(update(User.__table__).where(User.__table__.c.id == towns.people["Andrii"]).values(active=False))
    assert letters(towns) == {} and outcomes(towns) == {roman: "gone"}
    kept = keep(admin)
    schedule(admin, kept, roman, myself="1")
    admin.post(f"/reports/kept/{kept}/share", {"label_en": "Turnover", "roles": ["reader"]})
    assert len(letters(towns)) == 2, "who has shared it sends it on"
    admin.post("/reports/kept/turnover/share", {"label_en": "Turnover", "roles": ["blind"]})
    sent = letters(towns, timedelta(days=4))
    assert [to.partition("@")[0] for to in sent] == ["olena"]
    admin.post("/reports/kept/turnover/remove")
    assert letters(towns, timedelta(days=9)) == {} and "Turnover" not in admin.page("/reports/schedules/")


def test_a_receiver_stops_it_by_the_link_of_the_letter_and_nobody_else_does(towns: House, browser: SignIn) -> None:
    admin, roman = browser("Olena"), browser("Roman")
    schedule(admin, keep(admin), towns.people["Roman"])
    (sent,) = letters(towns).values()
    link = re.search(r"/reports/schedules/\d+/stop/", sent.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert link
    assert "Stop these letters?" in roman.page(link[0])
    for stranger in (browser("Bohdan"), browser("Andrii")):
        assert stranger.get(link[0]).status_code == 404 == stranger.post(link[0], {}).status_code
    assert roman.post(link[0], {}).status_code == 303
    assert letters(towns, timedelta(days=4)) == {} and "wants it no more" in admin.page("/reports/schedules/")
    roman.post(link[0], {"on": "0"})
    assert len(letters(towns, timedelta(days=8))) == 1


def test_it_is_paused_sent_at_once_and_removed_by_its_owner_alone(towns: House, browser: SignIn) -> None:
    admin = browser("Olena")
    schedule(admin, keep(admin), towns.people["Roman"], myself="1")
    here = re.findall(r'action="(/reports/schedules/\d+)"', admin.page("/reports/schedules/"))[0]
    for form in ({"now": "1"}, {"pause": "1"}, {"remove": "1"}):
        assert browser("Roman").post(here, form).status_code == 404
    admin.post(here, {"now": "1"})
    assert [to.partition("@")[0] for to in letters(towns, timedelta(0))] == ["olena"]
    admin.post(here, {"pause": "1"})
    assert letters(towns) == {} and "paused" in admin.page("/reports/schedules/")
    admin.post(here, {"pause": "0"})
    assert len(letters(towns)) == 2
    admin.post(here, {"remove": "1"})
    assert letters(towns, timedelta(days=9)) == {}


@pytest.mark.parametrize("form", [
    {"every": "year"}, {"hour": "24"}, {"hour": "x"}, {"every": "week", "weekday": "8"}, {"every": "month", "day": "0"}, {"myself": ""}, {"receivers": "99999"},
])
def test_nonsense_is_refused_and_nothing_is_scheduled(towns: House, browser: SignIn, form: dict[str, str]) -> None:
    admin = browser("Olena")
    answer = admin.post("/reports/schedules/new/", {"kept": keep(admin), "every": "day", "hour": "8", "myself": "1", **form})
    assert answer.status_code == 422 and "b-wrong" in answer.get_data(as_text=True)
    assert "No report goes out by mail" in admin.page("/reports/schedules/")
    assert admin.get("/reports/schedules/new/?kept=987").status_code == 404


@pytest.mark.parametrize(("plan", "after", "expected"), [
    (Plan("day", 1, 8, False), datetime(2026, 3, 6, 7, 0), datetime(2026, 3, 6, 8, 0)),  # a Friday
    (Plan("day", 1, 8, False), datetime(2026, 3, 6, 8, 0), datetime(2026, 3, 7, 8, 0)),
    (Plan("day", 1, 8, True), datetime(2026, 3, 6, 8, 0), datetime(2026, 3, 9, 8, 0)),  # over the weekend
    (Plan("week", 7, 9, False), datetime(2026, 3, 6, 8, 0), datetime(2026, 3, 8, 9, 0)),
    (Plan("week", 7, 9, True), datetime(2026, 3, 6, 8, 0), datetime(2026, 3, 9, 9, 0)),  # Sunday's goes on Monday
    (Plan("week", 7, 9, True), datetime(2026, 3, 9, 8, 0), datetime(2026, 3, 9, 9, 0)),
    (Plan("month", 31, 10, False), datetime(2026, 2, 1, 0, 0), datetime(2026, 2, 28, 10, 0)),
    (Plan("month", 31, 10, True), datetime(2026, 2, 1, 0, 0), datetime(2026, 2, 2, 10, 0)),  # that of January, a Saturday
    (Plan("month", 31, 10, True), datetime(2026, 2, 2, 10, 0), datetime(2026, 3, 2, 10, 0)),
    (Plan("day", 1, 3, False), datetime(2026, 3, 28, 12, 0), datetime(2026, 3, 29, 4, 0)),  # three o'clock is left out that night
])
def test_the_next_time(plan: Plan, after: datetime, expected: datetime) -> None:
    def works(day: date) -> bool:
        return day.isoweekday() < 6

    assert plan.next(after.replace(tzinfo=KYIV), KYIV, works).astimezone(KYIV).replace(tzinfo=None) == expected


def test_what_was_missed_while_nobody_worked_goes_out_once(towns: House, browser: SignIn) -> None:
    admin = browser("Olena")
    schedule(admin, keep(admin), myself="1")
    assert len(letters(towns, timedelta(days=30))) == 1
    with towns.system() as session:
        assert schedules.post_due(session, datetime.now(UTC) + timedelta(days=30), lambda day: True) == 0


# --- a whole dashboard ----------------------------------------------------------------------------------------------


def arrange(someone: Browser, *panels: dict[str, str]) -> None:
    """A dashboard of these panels alone."""
    someone.post("/dashboard/reset", {})
    for panel in panels:
        assert someone.post("/dashboard/panels", panel).status_code in (200, 303)


def send_dashboard(someone: Browser, *people: int, which: str = "*", **form: str) -> None:
    asked = {"dashboard": which, "every": "day", "hour": "8", "receivers": list(people), **form}
    assert someone.post("/reports/schedules/new/", asked).status_code == 303


TURNOVER = {"report": "records", "query": "entity=account&measure=count,sum:revenue&by=owner", "as": "table"}
MONEY = {"report": "records", "query": "entity=account&measure=sum:revenue&by=owner", "as": "table"}
TOWNS = {"entity": "account", "query": "columns=name,city&sort=name", "as": "rows", "title": "Міста"}
NUMBER = {"entity": "account", "query": "", "as": "count"}


def test_a_whole_dashboard_goes_as_each_may_see_it_with_a_sheet_a_panel(towns: House, browser: SignIn) -> None:
    admin, people = browser("Olena"), towns.people
    arrange(admin, TURNOVER, MONEY, TOWNS, NUMBER)
    assert "dashboard=%2A" in admin.page("/dashboard/")
    send_dashboard(admin, people["Bohdan"], myself="1")
    sent = {to.partition("@")[0]: one for to, one in letters(towns).items()}
    assert set(sent) == {"olena", "bohdan"} and outcomes(towns) == {people["Olena"]: "sent", people["Bohdan"]: "sent"}
    whole, blind = (sent[who].get_body(("plain",)).get_content() for who in ("olena", "bohdan"))  # type: ignore[union-attr]
    assert whole.count("\r\n== ") == 4 and ("6.00" in whole or "6,00" in whole) and "К2 | Київ" in whole
    assert blind.count("\r\n== ") == 3 and "6.00" not in blind and "6,00" not in blind and "К2 | Київ" in blind  # what rests on revenue is absent
    book = load_workbook(BytesIO(next(iter(sent["olena"].iter_attachments())).get_content()))
    assert len(book.worksheets) == 4 and len({sheet.title.lower() for sheet in book.worksheets}) == 4
    assert [cell.value for cell in book.worksheets[0][2]][1:] == [3, 6]
    assert [[cell.value for cell in row] for row in book["Міста"]][1:3] == [["К1", "Київ"], ["К2", "Київ"]]
    assert book.worksheets[3]["A2"].value == 3
    of_blind = load_workbook(BytesIO(next(iter(sent["bohdan"].iter_attachments())).get_content()))
    assert [sheet["A2"].value for sheet in of_blind.worksheets][1:] == [3], "whoever may not export gets no list as a file"
    with towns.engine.connect() as connection:
        taken = connection.execute(select(Journal.actor_id, Journal.changes).where(Journal.action == "export", Journal.entity == "account")).all()
    assert [(who, what["fields"]) for who, what in taken] == [(people["Olena"], ["name", "city"])]
    link = re.search(r"/reports/schedules/\d+/stop/", blind)
    assert link and "A dashboard of a colleague" in browser("Bohdan").page(link[0]) and browser("Roman").get(link[0]).status_code == 404


def test_a_dashboard_that_is_not_open_any_more_is_not_sent_and_its_sender_sees_it(towns: House, browser: SignIn) -> None:
    admin, roman, bohdan = browser("Olena"), towns.people["Roman"], towns.people["Bohdan"]
    arrange(admin, MONEY, TOWNS)
    admin.post("/dashboard/share", {"key": "", "label_en": "Sales", "roles": ["reader", "owner"]})
    for stranger, which in ((browser("Bohdan"), "sales"), (browser("Roman"), "nothing"), (browser("Roman"), "\0")):
        assert stranger.get(f"/reports/schedules/new/?dashboard={quote(which)}").status_code == 404
    send_dashboard(admin, roman, bohdan, which="sales")
    assert [to.partition("@")[0] for to in letters(towns)] == ["roman"] and outcomes(towns) == {roman: "sent", bohdan: "no_right"}
    assert "not sent: has no access to this report or dashboard" in admin.page("/reports/schedules/")
    admin.post("/dashboard/share", {"key": "sales", "roles": ["blind"]})
    assert [to.partition("@")[0] for to in letters(towns, timedelta(days=4))] == ["bohdan"] and outcomes(towns)[roman] == "no_right"
    assert "a dashboard that is not open to you" in browser("Roman").page("/reports/schedules/")
    admin.post("/dashboard/share", {"remove": "sales"})
    assert letters(towns, timedelta(days=6)) == {}


def test_a_dashboard_of_short_lists_alone_is_not_scheduled_and_one_of_which_nothing_shows_is_not_sent(towns: House, browser: SignIn) -> None:
    admin, bohdan = browser("Olena"), towns.people["Bohdan"]
    admin.post("/dashboard/reset", {})
    answer = admin.post("/reports/schedules/new/", {"dashboard": "*", "every": "day", "hour": "8", "myself": "1"})
    assert answer.status_code == 422 and "Short lists of the day do not go by mail" in answer.get_data(as_text=True)
    admin.post("/dashboard/panels", MONEY)
    send_dashboard(admin, bohdan)
    assert letters(towns) == {} and outcomes(towns) == {bohdan: "no_right"}
