"""What the report of the recipe “add a report” must then do. Run inside the copy of the project that has followed it, by test_recipes.py."""

import html
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from config import Settings
from crm.application import create_app
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw
from crm.organization.founding import add_person
from tests.kit_forms.house import PASSWORD, Browser, House
from tests.signing_in import signed_in

# By hand: Olena has five open deals, two of them with a step in 2020, one in 2999, two without; the lost one counts nowhere.
STEPS = (("lead", date(2020, 1, 1)), ("proposal", date(2020, 2, 1)), ("lead", date(2999, 1, 1)), ("lead", None), ("contract", None), ("lost", date(2020, 3, 1)))
BLIND = {"roles": {"blind": {"label": {"uk": "Без кроків", "en": "Without steps"}, "rules": [
    {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "next_step_on": "hidden"}}]}}}


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    made = House(create_app(Settings(instance=tmp_path, database_url=database_url, secret_key="k" * 40, testing=True)))
    with made.system() as session:
        apply(session, from_raw(BLIND, session.catalog))
        session.commit()
    with made.system() as session:
        for name, role in (("Olena", "owner"), ("Bohdan", "blind")):
            made.people[name] = add_person(session, f"{name.lower()}@firm.example", name, roles=(role,), password=PASSWORD)
        session.commit()
    for n, (stage, day) in enumerate(STEPS):
        reason = {"loss_reason": made.option("loss_reason", "price")} if stage == "lost" else {}
        made.make("deal", name=f"Угода {n}", owner=made.people["Olena"], stage=made.stage(stage), next_step_on=day, **reason)
    yield made
    made.engine.dispose()


def browser(house: House, name: str, language: str = "en") -> Browser:
    return Browser(*signed_in(house.app, f"{name.lower()}@firm.example", language))


def report(house: House, *words: str, code: int = 0) -> str:
    done = house.app.test_cli_runner().invoke(args=["report", "next_steps", *words])
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_command_gives_the_figures_counted_by_hand(house: House) -> None:
    told: dict[str, Any] = json.loads(report(house, "--param", "by=owner"))
    figures = {"open": 5, "planned": 1, "overdue": 2, "missing": 2, "overdue_rate": 0.4}
    assert told["rows"] == [{"owner": "Olena", "owner_id": house.people["Olena"], **figures}]
    assert told["totals"] == figures
    assert report(house, "--format", "csv").splitlines() == ["open,planned,overdue,missing,overdue_rate", "5,1,2,2,0.4"]
    assert "next_steps" in house.app.test_cli_runner().invoke(args=["report"]).stdout


@pytest.mark.parametrize(("language", "question"), [("en", "How many open deals have a next step"), ("uk", "Скільки відкритих угод мають наступний крок")])
def test_the_screen_shows_them_and_each_opens_its_records(house: House, language: str, question: str) -> None:
    reader = browser(house, "Olena", language)
    assert "/report/next_steps" in reader.get("/report/").get_data(as_text=True)
    page = reader.get("/report/next_steps?by=owner").get_data(as_text=True)
    assert question in page
    found: list[tuple[str, str]] = []
    for address, figure in re.findall(r'<a href="(/deal/\?where=[^"]+)">([^<]+)</a>', page):
        path = html.unescape(address)
        counted = reader.get(urlsplit(path).path + "count?" + urlsplit(path).query).get_data(as_text=True)
        found.append((figure, counted))
    assert sorted(figure for figure, _ in found if figure.isdecimal()) == ["1", "2", "2", "5"]
    for figure, counted in found:
        if figure.isdecimal():
            assert re.search(rf"\b{figure}\b", re.sub(r"<[^>]+>", " ", counted)), (figure, counted)
    assert reader.get("/report/next_steps?by=owner&format=xlsx").status_code == 200


def test_a_reader_without_the_day_does_not_get_it(house: House) -> None:
    blind = browser(house, "Bohdan")
    assert blind.get("/report/next_steps").status_code == 403
    assert "/report/next_steps" not in blind.get("/report/").get_data(as_text=True)
    report(house, "--as", "bohdan@firm.example", code=4)
