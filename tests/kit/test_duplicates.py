"""The page of duplicates, the hint on a card, and the command."""

import json
from collections.abc import Callable

import pytest

from crm.backoffice.job_queue import execute
from crm.backoffice.jobs import TABLE
from crm.backoffice.likeness.search import search
from sqlalchemy import select
from tests.kit.conftest import Browser
from tests.kit_forms.house import House

Sign = Callable[[str], Browser]


def twice(house: House, entity: str = "account", **values: str) -> tuple[int, int]:
    one, two = house.make_many(entity, [{"name": "Криниця", **values}, {"name": "Krynytsia", **values}])
    search(house.engine, house.catalog, entity, pause=0)
    return one, two


def test_a_group_stands_side_by_side_with_its_reasons_and_leads_to_the_merge(house: House, browser: Sign) -> None:
    one, two = twice(house, phone="+380441234567")
    olena = browser("Olena")
    page = olena.page("/duplicates/?entity=account")
    assert "Name: sounds alike" in page and "Phone: the same" in page and "1 group" in page
    assert page.count(f'href="/account/{one}/"') >= 1 and 'class="is-same"' in page
    answer = olena.post("/duplicates/", {"entity": "account", "deed": "merge", "ids": [one, two]})
    assert answer.headers["Location"] == f"/account/merge?ids={one},{two}" and olena.get(answer.headers["Location"]).status_code == 200
    assert "/duplicates/" in olena.page("/"), "it stands in the menu"


def test_what_is_said_to_be_different_is_remembered_with_who_and_taken_back(house: House, browser: Sign) -> None:
    one, two = twice(house)
    olena = browser("Olena")
    assert olena.post("/duplicates/", {"entity": "account", "deed": "apart", "ids": [one, two]}).status_code == 303
    assert "Krynytsia" not in olena.page("/duplicates/?entity=account")
    parted = olena.page("/duplicates/?entity=account&decided=1")
    assert "Krynytsia" in parted and "Not duplicates: Olena" in parted
    assert olena.post("/duplicates/", {"entity": "account", "deed": "doubt", "ids": [one, two]}).status_code == 303
    assert "Krynytsia" in olena.page("/duplicates/?entity=account")


def test_the_card_says_so_and_leads_there(house: House, browser: Sign) -> None:
    one, two = twice(house)
    olena = browser("Olena")
    counts = olena.page(f"/account/{one}/?counts=1")
    assert f'<a class="b-strong" href="/account/{two}/">Krynytsia</a>' in counts and f"/duplicates/?entity=account&amp;of={one}" in counts
    assert "Krynytsia" in olena.page(f"/duplicates/?entity=account&of={one}")
    assert "alike" not in olena.page(f"/account/{house.make('account', name='Обрій')}/?counts=1")


def test_who_may_only_read_sees_them_and_decides_nothing(house: House, browser: Sign) -> None:
    one, two = twice(house)
    roman = browser("Roman")
    page = roman.page("/duplicates/?entity=account")
    assert "Krynytsia" in page and 'name="deed"' not in page and 'href="/duplicates/"' not in roman.page("/")
    for deed in ("apart", "doubt", "search"):
        assert roman.post("/duplicates/", {"entity": "account", "deed": deed, "ids": [one, two]}).status_code == 403
    assert roman.get(f"/account/merge?ids={one},{two}").status_code == 403


def test_what_is_not_seen_is_no_reason(house: House, browser: Sign) -> None:
    house.make_many("account", [{"name": "Лан", "phone": "+380441234567"}, {"name": "Обрій", "phone": "+380441234567"}])
    search(house.engine, house.catalog, "account", pause=0)
    assert "Обрій" in browser("Olena").page("/duplicates/?entity=account")
    assert "Обрій" not in browser("Bohdan").page("/duplicates/?entity=account"), "he knows phones only masked"
    oksana = browser("Oksana")  # of companies her own alone
    assert "Обрій" not in oksana.page("/duplicates/?entity=account") and oksana.get("/contact/").status_code == 403


@pytest.mark.parametrize(("form", "status"), [
    ({}, 404), ({"entity": "deal", "deed": "apart"}, 404), ({"entity": "account"}, 400), ({"entity": "account", "deed": "burn", "ids": "1"}, 400),
    ({"entity": "account", "deed": "apart"}, 400), ({"entity": "account", "deed": "apart", "ids": "x"}, 400),
    ({"entity": "account", "deed": "apart", "ids": ["999998", "999999"]}, 404), ({"entity": "account", "deed": "apart", "ids": list(range(1, 40))}, 400),
])
def test_what_cannot_be_decided_is_said(house: House, browser: Sign, form: dict[str, object], status: int) -> None:
    assert browser("Olena").post("/duplicates/", dict(form)).status_code == status


@pytest.mark.parametrize("words", ["?entity=none", "?page=x", "?page=999999999", "?page=0", "?entity=account&decided=1&page=7", "?of=999999&entity=account"])
def test_any_address_answers(house: House, browser: Sign, words: str) -> None:
    twice(house)
    assert browser("Olena").get(f"/duplicates/{words}").status_code == 200


def test_a_record_that_is_no_number_is_refused(house: House, browser: Sign) -> None:
    assert browser("Olena").get("/duplicates/?entity=account&of=x").status_code == 400


def test_the_search_is_asked_for_once_and_done_by_the_worker(house: House, browser: Sign) -> None:
    house.make_many("account", [{"name": "Криниця"}, {"name": "Krynytsia"}])
    olena = browser("Olena")
    assert "Nobody has searched yet" in olena.page("/duplicates/")
    for _ in range(2):
        assert olena.post("/duplicates/", {"entity": "account", "deed": "search"}).status_code == 303
    assert "The search is going on" in olena.page("/duplicates/?entity=account")
    with house.engine.connect() as connection:
        (job,) = connection.execute(select(TABLE.c.id)).scalars().all()
    execute(house.engine, house.app.extensions["brama"].settings, house.catalog, job)
    assert "Krynytsia" in olena.page("/duplicates/?entity=account") and "Searched:" in olena.page("/duplicates/?entity=account")


def test_the_command_tells_groups_and_of_a_person_what_he_sees(house: House) -> None:
    one, two = house.make_many("account", [{"name": "Криниця", "phone": "+380441234567"}, {"name": "Krynytsia"}])
    three = house.make("account", name="Обрій", phone="+380441234567")
    run = house.app.test_cli_runner()
    told = json.loads(run.invoke(args=["data", "duplicates", "account"]).stdout)
    assert [(g["alike"], [r["id"] for r in g["records"]], g["state"]) for g in told["groups"]] == [(["name", "phone"], [one, two, three], "open")]
    assert told["searched_at"] and not told["more"]
    his = json.loads(run.invoke(args=["data", "duplicates", "account", "--as", "bohdan@firm.example"]).stdout)
    assert [(g["alike"], [r["id"] for r in g["records"]]) for g in his["groups"]] == [(["name"], [one, two])]
    assert json.loads(run.invoke(args=["data", "duplicates", "account", "--parted"]).stdout)["groups"] == []
    assert run.invoke(args=["data", "duplicates", "deal"]).exit_code == 1
