"""Computed fields: kept by the door, typed by nobody, as secret as what they are computed from."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from urllib.parse import quote

import pytest

from crm.backoffice import records
from crm.backoffice.catalog import shape
from crm.backoffice.checks import check_entities
from crm.backoffice.entities import Entity
from crm.backoffice.records import InvalidRows
from crm.errors import Invalid
from crm.messages import render
from tests.exchange.conftest import Desk
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]


def test_it_follows_its_sources_and_what_is_computed_from_it_follows_it(house: House) -> None:
    number = house.make("sample", name="а", rate=Decimal(500), lasts=90)
    stored = house.stored("sample", number)
    assert (stored["cost"], stored["taxed"], stored["long"], stored["quarters"]) == (Decimal(750), Decimal(900), False, 6)
    house.change("sample", number, lasts=125)
    stored = house.stored("sample", number)
    assert (stored["cost"], stored["taxed"], stored["long"], stored["quarters"]) == (Decimal("1041.67"), Decimal("1250.004"), True, 8)
    house.change("sample", number, rate=None)
    stored = house.stored("sample", number)
    assert (stored["cost"], stored["taxed"], stored["long"]) == (None, None, True)


def test_nobody_gives_it_a_value_by_any_door(house: House, browser: SignIn, desk: Desk) -> None:
    number = house.make("sample", name="а", rate=Decimal(60), lasts=60)
    someone = browser("Olena")
    assert "cost" not in someone.form(f"/sample/{number}/edit/")
    assert someone.submit(f"/sample/{number}/edit/", {"cost": "1"}).status_code == 400
    assert someone.post(f"/sample/{number}/cell/cost", {"value": "1", "row_version": "1"}).status_code == 403
    assert someone.post("/sample/bulk", {"ids": str(number), "field": "cost", "value": "1", "step": "apply"}).status_code == 403
    pasted = {"columns": ["cost"], "rows": [{"id": number, "values": ["1"]}]}
    assert someone.client.post("/sample/paste", json=pasted, headers={"X-CSRFToken": someone.token}).status_code == 403
    with house.system() as session, pytest.raises(Invalid, match="computed"):
        records.change(session, "sample", number, {"cost": Decimal(1)})
    assert desk.load("sample", f"code,cost\nS-{number},1\n").updated == 0
    assert house.stored("sample", number)["cost"] == 60


def test_lists_sort_filter_and_add_it_up_and_files_go_out_and_in(house: House, browser: SignIn, desk: Desk) -> None:
    for name, rate in (("Дешева", 100), ("Дорога", 900), ("Без ставки", None)):
        house.make("sample", name=name, rate=None if rate is None else Decimal(rate), lasts=60)
    someone = browser("Olena")
    page = someone.get("/sample/?sort=-cost&columns=name,cost").get_data(as_text=True)
    assert page.index("Дорога") < page.index("Дешева")
    assert "1,000" in someone.get("/sample/count?columns=name,cost").get_data(as_text=True)
    page = someone.get("/sample/?where=" + quote(json.dumps({"field": "cost", "op": "gt", "value": 500}))).get_data(as_text=True)
    assert "Дорога" in page
    assert "Дешева" not in page
    assert b"cost" in desk.export("sample", "csv")
    again = desk.load("sample", desk.export("sample", "csv"))
    assert (again.unchanged, again.failed) == (3, 0)


def test_a_result_that_does_not_fit_refuses_the_save_at_the_field(house: House) -> None:
    with house.system() as session, pytest.raises(InvalidRows) as refused:
        records.create(session, "sample", {"name": "а", "rate": Decimal("99999999999999"), "lasts": 60_000_000})
    assert "too large" in render(refused.value.rows[0]["cost"], "en")


def test_the_journal_tells_it_and_undo_takes_it_back_with_its_source(house: House, browser: SignIn) -> None:
    number = house.make("sample", name="а", rate=Decimal(60), lasts=60)
    someone = browser("Olena")
    data = {"value": "2 h", "row_version": "1", "csrf_token": someone.token}
    saved = someone.client.post(f"/sample/{number}/cell/lasts", data=data, headers={"Accept": "application/json"})
    assert house.stored("sample", number)["cost"] == 120
    assert "Cost" in someone.get(f"/sample/{number}/journal").get_data(as_text=True)
    batch = json.loads(saved.headers["HX-Trigger"])
    assert someone.post(next(v for v in _texts(batch) if v.startswith("/undo/")), {}).status_code == 200
    stored = house.stored("sample", number)
    assert (stored["lasts"], stored["cost"]) == (60, 60)


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("person", ["Roma", "Sasha", "Masha"])
def test_where_a_source_is_hidden_even_at_times_the_result_is_not_there(house: House, browser: SignIn, person: str) -> None:
    """Roma does not see the rate, Sasha on short ones alone, Masha its mask: from the cost each would reckon it back."""
    number = house.make("sample", name="а", rate=Decimal(777), lasts=60)
    someone = browser(person)
    for path in ("/sample/?columns=name,cost", "/sample/?sort=cost", "/sample/?where=" + quote(json.dumps({"field": "taxed", "op": "gt", "value": 1}))):
        assert someone.get(path).status_code == 400, path
    for path in (f"/sample/{number}/", f"/sample/{number}/edit/", f"/sample/{number}/journal", "/sample/"):
        page = someone.get(path)
        if page.status_code == 200:
            text = page.get_data(as_text=True)
            assert "With tax" not in text, path
            assert "932.4" not in text, path
    told = house.app.test_cli_runner().invoke(args=["access", "explain", f"{person.lower()}@firm.example", "sample", str(number), "cost"])
    assert json.loads(told.stdout)["mode"] == "hidden"


def test_what_is_wrong_with_a_formula_the_checks_say(house: House) -> None:
    entity = shape().entities["sample"]

    def findings(key: str, formula: str, **facets: object) -> list[str]:
        fields = {**entity.fields, key: replace(entity.fields[key], formula=formula, **facets)}  # type: ignore[arg-type]
        changed: Entity = replace(entity, fields=fields)
        return [f.check for f in check_entities(replace(shape(), entities={**shape().entities, "sample": changed})) if f.entity == "sample"]

    assert findings("cost", "rate * lasts / 60") == []
    assert findings("cost", "lasts >") == ["entity.E011"]
    assert findings("cost", "lasts > 5") == ["entity.E011"]
    assert findings("cost", "nothing + 1") == ["entity.E011"]
    assert findings("cost", "story + 1") == ["entity.E011"]
    assert set(findings("cost", "taxed + 1")) == {"entity.E011"}
    assert findings("cost", "rate * 2", required=True) == ["entity.E011"]
    secret = {**entity.fields, "rate": replace(entity.fields["rate"], sensitivity="sensitive")}
    told = check_entities(replace(shape(), entities={**shape().entities, "sample": replace(entity, fields=secret)}))
    assert [f.check for f in told if f.entity == "sample"] == ["entity.E011"], "the cost would tell the rate"


def test_scripts_are_told_that_it_is_computed(house: House) -> None:
    told = json.loads(house.app.test_cli_runner().invoke(args=["describe", "sample"]).stdout)
    cost = next(f for f in told["fields"] if f["key"] == "cost")
    assert (cost["type"], cost["gives"], cost["formula"]) == ("formula", "money", "round(rate * lasts / 60, 2)")
