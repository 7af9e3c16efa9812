"""What no database keeps or no record can be, sent to every door of the browser: a sentence, never a failure, nothing written."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.kit_forms.house import Browser, House

HALF, ZERO = "\ud800", "a\0b"
SENTENCES = {"en": "half a character", "uk": "половина символу"}
CONDITIONS = [
    {"field": "name", "op": "eq", "value": HALF}, {"field": "name", "op": HALF, "value": 1}, {"field": HALF, "op": "eq", "value": 1}, {HALF: 1},
    {"field": "owner", "op": "eq", "value": ZERO}, {"field": "owner", "op": "in", "value": [HALF]}, {"count": HALF, "op": "gt", "value": 1},
    {"count": "deals", "where": {"field": "name", "op": "contains", "value": ZERO}, "op": "gt", "value": 0},
]


@pytest.mark.parametrize("where", CONDITIONS)
@pytest.mark.parametrize("language", ["en", "uk"])
def test_half_a_character_and_zero_in_a_condition_are_told_at_every_door(
    house: House, browser: Callable[..., Browser], where: dict[str, Any], language: str
) -> None:
    house.make("account", name="Рошен")
    someone = browser("Olena", language)
    for path in ("/account/", "/account/count", "/account/export?format=csv", "/account/bulk?field=name&all=1", "/report/win_rate"):
        address, _, rest = path.partition("?")
        query = {"where": json.dumps(where), **dict(pair.split("=") for pair in rest.split("&") if pair)}
        answer = someone.get(address, query_string=query)
        assert (answer.status_code, SENTENCES[language] in answer.text) == (400, True), (path, answer.text[:500])


def test_they_are_told_in_what_is_pasted_too_and_nothing_is_written(house: House, browser: Callable[..., Browser]) -> None:
    number, someone = house.make("account", name="Рошен"), browser("Olena")
    headers = {"X-CSRFToken": someone.token, "Accept": "application/json"}
    for text in (HALF, ZERO):
        for columns, values in ((["name"], [text]), (["owner"], [text]), ([text], ["x"]), (["industry"], [text])):
            body = {"columns": columns, "rows": [{"id": number, "row_version": 1, "values": values}]}
            answer = someone.client.post("/account/paste", data=json.dumps(body), content_type="application/json", headers=headers)
            assert (answer.status_code, SENTENCES["en"] in answer.json["message"]) == (400, True), answer.text
    for key in ("name", "owner", "industry"):
        assert someone.post(f"/account/{number}/cell/{key}", {"value": ZERO, "row_version": "1"}).status_code == 422, key
    assert (house.stored("account", number)["name"], house.stored("account", number)["row_version"]) == ("Рошен", 1)


@pytest.mark.parametrize("number", [2**31, 2**63 - 1, 2**63, 10**30, -1, -(2**31) - 1])
def test_a_number_that_no_record_has_fits_nothing(house: House, browser: Callable[..., Browser], number: int) -> None:
    account, owner = house.make("account", name="Рошен", owner=house.people["Olena"]), house.people["Olena"]
    someone = browser("Olena")
    for key, known in (("id", account), ("owner", owner)):
        for op, value, found in (("eq", number, 0), ("in", [number], 0), ("in", [number, known], 1)):
            where = json.dumps({"field": key, "op": op, "value": value})
            assert someone.get("/account/count", query_string={"where": where}).status_code == 200, (key, op)
            exported = someone.get("/account/export", query_string={"format": "csv", "columns": "name", "where": where})
            assert (exported.status_code, exported.text.count("Рошен")) == (200, found), (key, op, exported.text)


def test_true_is_no_number_of_a_record(house: House, browser: Callable[..., Browser]) -> None:
    assert browser("Olena").get("/account/count", query_string={"where": '{"field": "id", "op": "in", "value": [true]}'}).status_code == 400


@pytest.mark.parametrize("address", [
    f"/imports/{'a' * 31}%00/", f"/account/import/{'a' * 31}%00/", "/account/1/cell/%00", "/deal/2147483648/", "/account/99999999999/edit/",
])
def test_an_address_that_can_be_none_of_ours_is_404(house: House, browser: Callable[..., Browser], address: str) -> None:
    assert browser("Olena").get(address).status_code == 404


@pytest.mark.parametrize("number", [2**31, 99999999999, 10**25])
def test_a_sign_in_that_cannot_be_is_404(house: House, browser: Callable[..., Browser], number: int) -> None:
    assert browser("Olena").post(f"/profile/sessions/{number}/end", {}).status_code == 404


@pytest.mark.parametrize("name", ["owner", "department"])
def test_a_zero_in_a_parameter_of_a_report_is_400(house: House, browser: Callable[..., Browser], name: str) -> None:
    answer = browser("Olena", "uk").get(f"/report/win_rate?{name}=a%00")
    assert (answer.status_code, SENTENCES["uk"] in answer.text) == (400, True)


@pytest.mark.parametrize("share", ["-1", "101", "50000"])
def test_a_probability_beyond_a_hundred_percent_is_refused_by_cell_form_and_paste(house: House, browser: Callable[..., Browser], share: str) -> None:
    someone, stage = browser("Olena"), house.stage("won")
    deal = house.make("deal", name="Угода")
    for entity, number in (("stage", stage), ("deal", deal)):
        before = house.stored(entity, number)
        cell = someone.post(f"/{entity}/{number}/cell/probability", {"value": share, "row_version": str(before["row_version"])})
        assert (cell.status_code, "between 0 and 100 %" in cell.text) == (422, True), cell.text
        form = someone.submit(f"/{entity}/{number}/edit/", {"probability": share})
        assert (form.status_code, "between 0 and 100 %" in form.text) == (422, True)
        body = {"columns": ["probability"], "rows": [{"id": number, "values": [share]}]}
        pasted = someone.client.post(f"/{entity}/paste", json=body, headers={"X-CSRFToken": someone.token, "Accept": "application/json"})
        assert pasted.status_code == 422, pasted.text
        assert house.stored(entity, number) == before
