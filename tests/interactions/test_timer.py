"""The timer of an interaction: a row of its person, one at a time; stopped it fills the form of what was held, forgotten it asks."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from crm.backoffice.guard import system_session
from crm.backoffice.journal import JournalRow
from crm.organization import timers
from crm.organization.timers import RunningTimer
from tests.interactions.test_screens import interaction
from tests.kit_forms.house import Browser, House, controls

SignIn = Callable[..., Browser]
STARTED = {"en": "Stop the timer", "uk": "Зупинити таймер"}


def since(house: House, person: str, ago: timedelta) -> datetime:
    """Set a person's timer back; the minute in which it then began."""
    began = datetime.now(UTC) - ago
    with house.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(RunningTimer).where(RunningTimer.user_id == house.people[person]).values(started_at=began))
    return began.replace(second=0, microsecond=0)


def rows(house: House) -> list[Any]:
    with house.engine.connect() as connection:
        return list(connection.execute(select(RunningTimer.__table__)))


def events(house: House) -> list[tuple[str, int | None]]:
    table = JournalRow.__table__
    with house.engine.connect() as connection:
        found = connection.execute(select(table.c.action, table.c.record_id).where(table.c.action.startswith("timer_")).order_by(table.c.id))
        return [tuple(row) for row in found]


def test_the_timer_of_a_planned_one_fills_the_form_of_what_was_held(house: House, browser: SignIn) -> None:
    number, olena = interaction(house, account=house.make("account", name="Полісся-Агро")), browser("Olena")
    page = olena.get(f"/interaction/{number}/").get_data(as_text=True)
    assert re.search(rf'action="/timer/start">.*?name="interaction" value="{number}"', page, re.S)
    assert STARTED["en"] not in page
    assert olena.post("/timer/start", {"interaction": str(number)}).headers["Location"] == f"/interaction/{number}/"
    assert STARTED["en"] in browser("Olena").get("/deal/").get_data(as_text=True)  # in another browser too
    began = since(house, "Olena", timedelta(minutes=37))
    assert ">0:37</span>" in olena.get("/").get_data(as_text=True)
    answer = olena.post("/timer/stop", {})
    assert answer.status_code == 303
    path = answer.headers["Location"]
    found = controls(olena.get(path).get_data(as_text=True))
    assert (found["actual_minutes"], found["state"]) == ("37\xa0min", str(house.option("interaction_state", "held")))
    assert house.stored("interaction", number)["held_at"] is None  # nothing is written until it is saved
    assert olena.submit(path, {}, untouched=found).status_code == 303
    stored = house.stored("interaction", number)
    assert (stored["held_at"], stored["actual_minutes"]) == (began, 37)
    assert rows(house) == []
    assert events(house) == [("timer_started", number), ("timer_stopped", number)]


def test_a_call_that_begins_now_is_made_when_it_ends(house: House, browser: SignIn) -> None:
    account, olena = house.make("account", name="Полісся-Агро"), browser("Olena")
    assert 'data-post="/timer/start"' in olena.get("/").get_data(as_text=True)
    before = house.count("interaction")
    assert olena.post("/timer/start", {"from": f"/account/{account}/"}).headers["Location"] == f"/account/{account}/"
    since(house, "Olena", timedelta(minutes=9))
    path = olena.post("/timer/stop", {}).headers["Location"]
    found = controls(olena.get(path).get_data(as_text=True))
    assert (found["account"], found["actual_minutes"], found["medium"]) == (str(account), "9\xa0min", str(house.option("interaction_medium", "call")))
    assert house.count("interaction") == before
    assert olena.submit(path, {"subject": "Питали про ціни"}, untouched=found).status_code == 303


def test_one_runs_at_a_time_and_is_not_taken_over(house: House, browser: SignIn) -> None:
    account = house.make("account", name="Полісся-Агро")
    first, second = interaction(house, account=account), interaction(house, account=account)
    olena = browser("Olena")
    olena.post("/timer/start", {"interaction": str(first)})
    assert olena.post("/timer/start", {"interaction": str(second)}).headers["Location"] == "/timer/"
    assert olena.post("/timer/start", {}).headers["Location"] == "/timer/"
    assert [row.record_id for row in rows(house)] == [first]
    assert "Постачання" in olena.get("/timer/").get_data(as_text=True)
    assert browser("Andrii").post("/timer/start", {"interaction": str(second)}).status_code == 303  # each person has his own
    assert sorted(row.record_id for row in rows(house)) == [first, second]


def test_of_two_presses_at_once_one_starts(house: House) -> None:
    begun: list[bool] = []

    def press() -> None:
        with system_session(house.engine, "test", house.catalog, write=True) as session:
            begun.append(timers.begin(session, house.people["Olena"], "interaction", None, ""))
            session.commit()

    threads = [Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(begun) == [False] * 5 + [True]
    assert len(rows(house)) == 1


@pytest.mark.parametrize(("language", "asks"), [("en", "How long did it really take?"), ("uk", "Скільки це тривало насправді?")])
def test_a_forgotten_timer_is_asked_about(house: House, browser: SignIn, language: str, asks: str) -> None:
    number = interaction(house, account=house.make("account", name="Полісся-Агро"))
    olena = browser("Olena", language=language)
    olena.post("/timer/start", {"interaction": str(number)})
    began = since(house, "Olena", timedelta(hours=12, minutes=3))
    assert olena.post("/timer/stop", {}).headers["Location"] == "/timer/"
    page = html.unescape(olena.get("/timer/").get_data(as_text=True))
    assert asks in page
    for wrong in ("", "0", "ages", "-5", "9" * 90, "99999999"):
        assert olena.post("/timer/stop", {"minutes": wrong}).status_code == 422, wrong
    assert len(rows(house)) == 1
    path = olena.post("/timer/stop", {"minutes": "25"}).headers["Location"]
    found = controls(olena.get(path).get_data(as_text=True))
    assert olena.submit(path, {}, untouched=found).status_code == 303
    stored = house.stored("interaction", number)
    assert (stored["held_at"], stored["actual_minutes"], rows(house)) == (began, 25, [])


def test_minutes_from_outside_do_not_replace_what_was_measured(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    olena.post("/timer/start", {})
    since(house, "Olena", timedelta(minutes=4))
    assert "actual_minutes=4" in olena.post("/timer/stop", {"minutes": "600"}).headers["Location"]
    assert olena.post("/timer/stop", {}).headers["Location"] == "/timer/"  # pressed twice: nothing runs


def test_a_timer_is_dropped_without_a_trace_in_the_record(house: House, browser: SignIn) -> None:
    number, olena = interaction(house, account=house.make("account", name="Полісся-Агро")), browser("Olena")
    olena.post("/timer/start", {"interaction": str(number)})
    assert olena.post("/timer/drop", {}).status_code == 303
    assert (rows(house), house.stored("interaction", number)["row_version"]) == ([], 1)
    assert events(house)[-1] == ("timer_dropped", number)


def test_what_may_not_be_held_may_not_be_timed(house: House, browser: SignIn) -> None:
    account, department = house.make("account", name="Полісся-Агро"), house.make("department", name="Продажі")
    house.change("user", house.people["Sofiia"], department=department)
    seen, unseen = interaction(house, account=account, department=department), interaction(house, account=account)
    sofiia = browser("Sofiia")
    assert sofiia.post("/timer/start", {"interaction": str(seen)}).status_code == 403
    for number in (str(unseen), "99999", "0", "x", "-1", str(2**40)):
        assert sofiia.post("/timer/start", {"interaction": number}).status_code == 404, number
    assert browser("Stepan").post("/timer/start", {}).status_code == 403
    ended = interaction(house, account=account, state="cancelled")
    assert browser("Olena").post("/timer/start", {"interaction": str(ended)}).headers["Location"] == f"/interaction/{ended}/"
    assert rows(house) == []


def test_what_has_ended_or_left_ones_sight_meanwhile_loses_no_minutes(house: House, browser: SignIn) -> None:
    account = house.make("account", name="Полісся-Агро")
    number, sofiia = interaction(house, account=account, owner="Sofiia"), browser("Sofiia")
    sofiia.post("/timer/start", {"interaction": str(number)})
    since(house, "Sofiia", timedelta(minutes=8))
    house.change("interaction", number, state=house.option("interaction_state", "cancelled"))
    answer = sofiia.post("/timer/stop", {})
    assert answer.headers["Location"] == f"/interaction/{number}/"
    assert "8\xa0min" in html.unescape(sofiia.get(answer.headers["Location"]).get_data(as_text=True))
    other = interaction(house, account=account, owner="Sofiia", subject="Передана далі")
    sofiia.post("/timer/start", {"interaction": str(other)})
    house.change("interaction", other, owner=house.people["Olena"])
    assert "Передана далі" not in sofiia.get("/timer/").get_data(as_text=True)
    assert sofiia.post("/timer/stop", {}).headers["Location"].startswith("/interaction/new/?state=held")
