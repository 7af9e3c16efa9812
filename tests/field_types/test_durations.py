"""Durations through every door: form, cell, list with its foot, filter, file, journal, mask."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.exchange.conftest import Desk
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
NB = "\u00a0"


def test_it_is_typed_in_a_form_as_people_write_it_and_shown_in_the_readers_language(house: House, browser: SignIn) -> None:
    someone = browser("Olena")
    answer = someone.submit("/sample/new/", {"name": "Зустріч", "lasts": "1:30"})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:800]
    number = int(answer.headers["Location"].strip("/").split("/")[1])
    assert house.stored("sample", number)["lasts"] == 90
    assert f"1{NB}h 30{NB}min" in someone.get(f"/sample/{number}/").get_data(as_text=True)
    assert f"1{NB}год 30{NB}хв" in browser("Olena", "uk").get(f"/sample/{number}/").get_data(as_text=True)
    assert someone.form(f"/sample/{number}/edit/")["lasts"] == f"1{NB}h 30{NB}min"
    assert someone.submit(f"/sample/{number}/edit/").status_code == 303
    assert house.stored("sample", number)["row_version"] == 1, "an untouched form changes nothing"


WRONG = [("-5", "less than nothing"), ("1:75", "is not a duration"), ("1.333 h", "whole minutes"), ("9999999999", "too long")]


@pytest.mark.parametrize(("typed", "why"), WRONG)
def test_what_is_no_duration_is_refused_at_its_field(house: House, browser: SignIn, typed: str, why: str) -> None:
    number = house.make("sample", name="а", lasts=5)
    answer = browser("Olena").submit(f"/sample/{number}/edit/", {"lasts": typed})
    assert answer.status_code == 422
    assert why in answer.get_data(as_text=True)
    assert house.stored("sample", number)["lasts"] == 5


def test_a_list_sorts_filters_and_adds_them_up(house: House, browser: SignIn) -> None:
    for name, lasts in (("Довга", 600), ("Коротка", 45), ("Без часу", None), ("Звичайна", 60)):
        house.make("sample", name=name, lasts=lasts)
    someone = browser("Olena")
    page = someone.get("/sample/?sort=lasts&columns=name,lasts").get_data(as_text=True)
    assert page.index("Коротка") < page.index("Звичайна") < page.index("Довга")
    foot = someone.get("/sample/count?columns=name,lasts").get_data(as_text=True)
    assert f"11{NB}h 45{NB}min" in foot
    for op, value, expected in (
        ("ge", "1 h", {"Довга", "Звичайна"}), ("lt", 60, {"Коротка"}), ("between", ["0:45", "1:00"], {"Коротка", "Звичайна"}), ("empty", None, {"Без часу"}),
        ("in", [45, "10 год"], {"Коротка", "Довга"}),
    ):
        where = {"field": "lasts", "op": op} | ({} if value is None else {"value": value})
        page = someone.get(f"/sample/?where={quote(json.dumps(where))}").get_data(as_text=True)
        assert {name for name in ("Довга", "Коротка", "Без часу", "Звичайна") if name in page} == expected, (op, value)
    assert someone.get(f"/sample/?where={quote(json.dumps({'field': 'lasts', 'op': 'gt', 'value': 'довго'}))}").status_code == 400


def test_a_cell_takes_it_and_the_journal_tells_it(house: House, browser: SignIn) -> None:
    number = house.make("sample", name="а", lasts=5)
    someone = browser("Olena")
    saved = someone.post(f"/sample/{number}/cell/lasts", {"value": "2h15", "row_version": "1"})
    assert saved.status_code == 200
    assert f"2{NB}h 15{NB}min" in saved.get_data(as_text=True)
    assert someone.post(f"/sample/{number}/cell/lasts", {"value": "-1", "row_version": "2"}).status_code == 422
    journal = someone.get(f"/sample/{number}/journal").get_data(as_text=True)
    assert f"5{NB}min" in journal
    assert f"2{NB}h 15{NB}min" in journal


def test_files_hold_minutes_and_may_say_hours(desk: Desk) -> None:
    report = desk.load("sample", "code,name,lasts\nS1,Перша,90\nS2,Друга,1:30\nS3,Третя,1 год 30 хв\nS4,Четверта,\n")
    assert report.created == 4
    assert desk.rows("sample", "lasts") == [(90,), (90,), (90,), (None,)]
    for form in ("csv", "xlsx", "jsonl"):
        again = desk.load("sample", desk.export("sample", form, "code", "name", "lasts"), name=f"again.{form}")
        assert (again.unchanged, again.failed) == (4, 0), form
    assert b'"lasts": 90' in desk.export("sample", "jsonl", "code", "lasts")
    hours = desk.load("sample", "code,lasts\nS1,2.5\n", "scale: {lasts: 60}")
    assert (hours.updated, desk.rows("sample", "lasts")[0]) == (1, (150,))
    wrong = desk.load("sample", "code,lasts\nS1,-3\n")
    assert (wrong.failed, desk.rows("sample", "lasts")[0]) == (1, (150,))


def test_under_a_mask_it_is_neither_seen_nor_asked_for(house: House, browser: SignIn) -> None:
    house.make("sample", name="Таємна", lasts=777)
    someone = browser("Masha")
    page: Any = someone.get("/sample/?columns=name,lasts").get_data(as_text=True)
    assert "•••" in page
    assert "12" not in page.split("Таємна")[1].split("</tr>")[0]
    assert someone.get("/sample/?sort=lasts").status_code == 400
