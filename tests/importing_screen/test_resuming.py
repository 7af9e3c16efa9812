"""A worker that was killed leaves an import that its person sees, goes on with, or takes back."""

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from crm.admin_views.imports import past_views
from crm.backoffice import lists, pace
from crm.backoffice.exchange.batches import BATCH
from crm.backoffice.job_queue import ATTEMPTS, dispatch, execute, revive
from crm.backoffice.jobs import TABLE
from tests.importing_screen.conftest import Desk
from tests.kit_forms.house import Browser, House

ROWS = 120
FILE = "name,city\n" + "".join(f"Фірма {n:03d}{chr(1072 + n % 30)},Київ\n" for n in range(ROWS))


def names(house: House) -> list[str]:
    with house.system(write=False) as session:
        return [str(row.values["name"]) for row in lists.stream(session, lists.ListQuery("account", ("name",), sort=(("name", False), ("id", False))))]


def kill_while_writing(house: House) -> None:
    """Do the waiting job in a process that is killed after its second transaction."""
    handed: list[int] = []
    dispatch(house.engine, handed.append)
    child = os.fork()
    if child == 0:
        try:
            house.engine.dispose(close=False)
            runtime = house.app.extensions["brama"]
            steps = iter((False, True))

            def give_way(_engine: Any) -> None:
                if next(steps):
                    os.kill(os.getpid(), signal.SIGKILL)

            pace.give_way, pace.CHUNK = give_way, 50
            execute(house.engine, runtime.settings, runtime.refresh(), handed[0])
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def given_up(house: House) -> None:
    """The worker died as often as the queue tries."""
    with house.engine.begin() as connection:
        connection.execute(update(TABLE).where(TABLE.c.state == "running").values(beat_at=datetime.now(UTC) - timedelta(minutes=5), attempts=ATTEMPTS))
    revive(house.engine)


@pytest.fixture
def killed(house: House, desk: Callable[..., Desk]) -> tuple[Desk, str]:
    """Somebody whose import was killed, and its address."""
    at = desk("Olena").bring(FILE)
    at.send(match=[])
    at.run()
    kill_while_writing(house)
    with house.engine.connect() as connection:
        batch = connection.execute(select(BATCH.c.key, BATCH.c.counts)).one()
    assert 0 < batch.counts["created"] < ROWS
    return at, f"/imports/{batch.key}/"


def test_an_interrupted_import_is_told_of_and_goes_on(
    house: House, killed: tuple[Desk, str], work: Callable[[], int], browser: Callable[..., Browser],
) -> None:
    at, url = killed
    assert at.browser.post(f"{url}resume", {}).status_code == 409, "the queue has not given it up"
    given_up(house)
    page = at.browser.get(url).get_data(as_text=True)
    assert f"of {ROWS} rows" in page
    assert "interrupted" in at.browser.get("/imports/").get_data(as_text=True)
    assert browser("Sofiia").post(f"{url}resume", {}).status_code == 404
    assert at.browser.post(f"{url}resume", {}).status_code == 303
    assert at.browser.post(f"{url}resume", {}).status_code == 409
    work()
    assert len(names(house)) == len(set(names(house))) == ROWS
    assert at.look().numbers() == (ROWS, 0, 0, 0)
    assert at.url == url


def test_an_interrupted_import_is_taken_back(house: House, killed: tuple[Desk, str]) -> None:
    at, url = killed
    given_up(house)
    assert 0 < len(names(house)) < ROWS
    assert at.browser.post(f"{url}undo", {}).status_code == 303
    assert names(house) == []
    assert at.browser.post(f"{url}resume", {}).status_code == 409


def test_a_way_back_whose_worker_was_killed_is_ended_by_the_next_one(
    house: House, desk: Callable[..., Desk], work: Callable[[], int], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(past_views, "AT_ONCE", 0)
    at = desk("Olena").bring("name\n" + "".join(f"Фірма {n}\n" for n in range(230)))
    at.run()
    work()
    assert len(names(house)) == 230
    with house.engine.connect() as connection:
        batch = connection.execute(select(BATCH.c.key)).scalar_one()
    assert at.browser.post(f"/imports/{batch}/undo", {}).status_code == 303
    kill_while_writing(house)
    assert 100 <= len(names(house)) <= 130, "two parts are taken back, nothing of a third"
    assert "being taken back" in at.browser.get("/imports/?lang=en").get_data(as_text=True)
    with house.engine.begin() as connection:
        connection.execute(update(TABLE).where(TABLE.c.state == "running").values(beat_at=datetime.now(UTC) - timedelta(minutes=5)))
    assert work() == 1
    assert names(house) == []
    assert "230 records are as before" in at.browser.get(f"/imports/{batch}/?lang=en").get_data(as_text=True)
