"""A disk that is full in the middle of a change of the set-up: the old one stays whole, and whoever made the change is told why."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg.errors import DiskFull
from sqlalchemy import Engine, event, inspect
from sqlalchemy.exc import OperationalError

from crm.admin_views.configuration import views
from crm.packages import text_of
from tests.builder.steps import hidden, plan, text_of as words
from tests.kit_forms.conftest import browser, furnish, house
from tests.kit_forms.house import Browser, House

__all__ = ["browser", "furnish", "house"]
SignIn = Callable[..., Browser]
HERE = "/configuration/ready-packages/services"


@contextmanager
def no_room_left(engine: Engine) -> Iterator[None]:
    """SQLite may not grow by more than a few pages; of PostgreSQL's statements the hundredth that makes something finds the disk full."""
    made = 0

    def limited(connection: Any, *_: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 12}")

    def full(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal made
        made += statement.startswith(("CREATE", "ALTER", "INSERT"))
        if made > 100:
            raise OperationalError(statement, {}, DiskFull())

    name, listener = ("checkout", limited) if engine.dialect.name == "sqlite" else ("before_cursor_execute", full)
    target: Any = engine.pool if name == "checkout" else engine
    event.listen(target, name, listener)
    try:
        yield
    finally:
        event.remove(target, name, listener)
        engine.dispose()


def test_the_old_set_up_stays_and_a_sentence_says_why(house: House, browser: SignIn) -> None:
    olena = browser("Olena", "uk")
    before, tables = house.catalog.version, set(inspect(house.engine).get_table_names())
    form = hidden(plan(olena, HERE)) | {"step": "publish"}
    with no_room_left(house.engine):
        answer = olena.post(HERE, form)
        assert answer.status_code == 507 and "На диску не лишилося місця" in words(answer)
        done = house.app.test_cli_runner().invoke(args=["config", "apply", "-"], input=text_of("wholesale"))
        assert done.exit_code == 1 and done.stderr.startswith("There is no room left on the disk")
    assert house.catalog.version == before and set(inspect(house.engine).get_table_names()) == tables
    assert olena.get("/account/").status_code == 200
    assert olena.post(HERE, form).status_code == 303 and house.catalog.version == before + 1


def test_a_full_disk_of_files_is_told_alike_and_other_faults_are_not(house: House, browser: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    olena = browser("Olena")
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    for number, status in ((errno.ENOSPC, 507), (errno.EDQUOT, 507), (errno.EIO, 500)):
        def broken(number: int = number) -> None:
            raise OSError(number, "no")

        monkeypatch.setattr(views, "configurer", broken)
        assert olena.get("/configuration/").status_code == status
