"""Several options of a picklist through every door: form, cell, paste, bulk change, list, filter, file, journal, undo."""

import html
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw
from tests.exchange.conftest import Desk
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]


@pytest.fixture
def trades(house: House) -> dict[str, int]:
    return {key: house.option("industry", key) for key in ("agriculture", "construction", "trade", "food", "medical")}


def test_a_form_offers_them_all_and_keeps_what_is_chosen(house: House, browser: SignIn, trades: dict[str, int]) -> None:
    someone = browser("Olena")
    chosen = [str(trades["trade"]), str(trades["food"])]
    answer = someone.submit("/sample/new/", {"name": "Гурт", "trades": ["", *chosen]})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:600]
    number = int(answer.headers["Location"].strip("/").split("/")[1])
    path = f"/sample/{number}/edit/"
    assert house.stored("sample", number)["trades"] == tuple(sorted(map(int, chosen)))
    assert someone.form(path)["trades"] == ["", *sorted(chosen, key=int)]
    assert someone.submit(path).status_code == 303
    assert house.stored("sample", number)["row_version"] == 1, "an untouched form changes nothing"
    for language, words in (("en", ("Trade", "Food industry")), ("uk", ("Торгівля", "Харчова промисловість"))):
        page = browser("Olena", language).get(f"/sample/{number}/").get_data(as_text=True)
        assert all(f">{word}</span>" in page for word in words)
    assert someone.submit(path, {"trades": [""]}).status_code == 303
    assert house.stored("sample", number)["trades"] is None


@pytest.mark.parametrize("wrong", ["x", "0", "-1", "99999999999", "medical"])
def test_what_is_no_option_is_refused_at_the_field(house: House, browser: SignIn, trades: dict[str, int], wrong: str) -> None:
    number = house.make("sample", name="а", trades=[trades["food"]])
    assert browser("Olena").submit(f"/sample/{number}/edit/", {"trades": ["", wrong]}).status_code == 422
    assert house.stored("sample", number)["trades"] == (trades["food"],)


def test_a_retired_option_stays_where_it_is_and_is_given_to_nobody(house: House, browser: SignIn, trades: dict[str, int]) -> None:
    number = house.make("sample", name="а", trades=[trades["food"], trades["trade"]])
    other = house.make("sample", name="б", trades=[trades["trade"]])
    configure(house, "{picklists: {industry: {options: [{key: food, label: {uk: Харчі, en: Food}, retired: true}]}}}")
    someone = browser("Olena")
    kept = ["", str(trades["food"]), str(trades["trade"]), str(trades["medical"])]
    assert someone.submit(f"/sample/{number}/edit/", {"trades": kept}).status_code == 303
    assert len(house.stored("sample", number)["trades"]) == 3
    assert someone.submit(f"/sample/{other}/edit/", {"trades": ["", str(trades["food"])]}).status_code == 422
    refused = someone.post(f"/sample/{other}/cell/trades", {"value": ["", str(trades["food"])], "row_version": "1"})
    assert refused.status_code == 422


def configure(house: House, text: str) -> None:
    with house.system() as session:
        apply(session, from_raw(yaml.safe_load(text), session.catalog))
        session.commit()


def listed(someone: Browser, **where: Any) -> set[str]:
    answer = someone.get(f"/sample/?columns=name,trades&where={quote(json.dumps(where))}")
    assert answer.status_code == 200, answer.get_data(as_text=True)[:400]
    return set(re.findall(r"Рядок \d", answer.get_data(as_text=True).split("<tbody")[1]))


def test_filters_ask_for_any_for_all_and_for_none(house: House, browser: SignIn, trades: dict[str, int]) -> None:
    rows: dict[int, list[str]] = {1: ["trade", "food"], 2: ["food"], 3: ["medical"], 4: [], 5: ["food", "medical", "trade"]}
    for n, keys in rows.items():
        house.make("sample", name=f"Рядок {n}", trades=[trades[k] for k in keys])
    someone = browser("Olena")

    def names(*numbers: int) -> set[str]:
        return {f"Рядок {n}" for n in numbers}

    assert listed(someone, field="trades", op="eq", value="food") == names(1, 2, 5)
    assert listed(someone, field="trades", op="eq", value=trades["food"]) == names(1, 2, 5)
    assert listed(someone, field="trades", op="ne", value="food") == names(3, 4)
    assert listed(someone, field="trades", op="in", value=["food", "medical"]) == names(1, 2, 3, 5)
    assert listed(someone, field="trades", op="not_in", value=["food", "medical"]) == names(4)
    assert listed(someone, field="trades", op="contains", value=["food", "trade"]) == names(1, 5)
    assert listed(someone, field="trades", op="contains", value="medical") == names(3, 5)
    assert listed(someone, field="trades", op="empty") == names(4)
    assert listed(someone, field="trades", op="not_empty") == names(1, 2, 3, 5)
    both = quote(json.dumps({"field": "trades", "op": "contains", "value": ["food", "trade"]}))
    page = html.unescape(someone.get(f"/sample/?where={both}").get_data(as_text=True))
    assert "includes all of" in page
    assert "Food industry, Trade" in page
    for op, value in (("eq", "nonsense"), ("eq", ["food"]), ("in", []), ("contains", ["food"] * 21), ("lt", "food"), ("eq", None), ("in", [None]), ("eq", {})):
        answer = someone.get(f"/sample/?where={quote(json.dumps({'field': 'trades', 'op': op, 'value': value}))}")
        assert answer.status_code == 400, (op, value)
    assert someone.get("/sample/?sort=trades").status_code == 400


def test_a_cell_a_paste_and_a_bulk_change_take_them(house: House, browser: SignIn, trades: dict[str, int]) -> None:
    first, second = (house.make("sample", name=name, trades=[trades["food"]]) for name in ("а", "б"))
    someone = browser("Olena")
    form = someone.get(f"/sample/{first}/cell/trades").get_data(as_text=True)
    assert " multiple" in form
    saved = someone.post(f"/sample/{first}/cell/trades", {"value": ["", str(trades["trade"]), str(trades["food"])], "row_version": "1"})
    assert (saved.status_code, ">Trade</span>" in saved.get_data(as_text=True)) == (200, True)
    assert someone.post(f"/sample/{first}/cell/trades", {"value": ["", "nonsense"], "row_version": "2"}).status_code == 422
    added = someone.post("/sample/bulk", {"ids": f"{first},{second}", "field": "trades", "value": str(trades["medical"]), "how": "add", "step": "apply"})
    assert added.status_code == 200, added.get_data(as_text=True)[:300]
    assert house.stored("sample", first)["trades"] == tuple(sorted((trades["food"], trades["trade"], trades["medical"])))
    assert house.stored("sample", second)["trades"] == tuple(sorted((trades["food"], trades["medical"])))
    someone.post("/sample/bulk", {"ids": f"{first},{second}", "field": "trades", "value": str(trades["food"]), "how": "take", "step": "apply"})
    assert house.stored("sample", second)["trades"] == (trades["medical"],)
    shown = someone.get("/sample/?columns=name,trades").get_data(as_text=True)
    copied = html.unescape(re.findall(r'data-text="([^"]*)"', shown.split("<tbody")[1])[0])
    pasted = {"columns": ["trades"], "rows": [{"id": second, "values": [copied]}]}
    answer = someone.client.post("/sample/paste", json=pasted, headers={"X-CSRFToken": someone.token})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert house.stored("sample", second)["trades"] == house.stored("sample", first)["trades"]


def test_the_journal_names_them_and_undo_brings_them_back(house: House, browser: SignIn, trades: dict[str, int]) -> None:
    number = house.make("sample", name="а", trades=[trades["food"]])
    someone = browser("Olena")
    data = {"value": ["", str(trades["trade"])], "row_version": "1", "csrf_token": someone.token}
    saved = someone.client.post(f"/sample/{number}/cell/trades", data=data, headers={"Accept": "application/json"})
    journal = someone.get(f"/sample/{number}/journal").get_data(as_text=True)
    assert "Food industry" in journal
    assert "Trade" in journal
    found = re.search(r"/undo/[0-9a-f]{32}", saved.headers["HX-Trigger"])
    assert found
    undone = someone.post(found[0], {})
    assert undone.status_code == 200
    assert house.stored("sample", number)["trades"] == (trades["food"],)


def test_files_list_their_keys_and_may_make_options(desk: Desk, house: House, trades: dict[str, int]) -> None:
    text = "code,name,trades\nS1,Перша,food; Торгівля\nS2,Друга,\nS3,Третя,Medical;medical\n"
    first = desk.load("sample", text)
    assert (first.created, first.failed) == (3, 0)
    assert [set(row[0] or ()) for row in desk.rows("sample", "trades")] == [{trades["food"], trades["trade"]}, set(), {trades["medical"]}]
    assert b"trade; food" in desk.export("sample", "csv", "code", "trades")
    assert b'["trade", "food"]' in desk.export("sample", "jsonl", "code", "trades")
    for form in ("csv", "xlsx", "jsonl"):
        again = desk.load("sample", desk.export("sample", form, "code", "trades"), name=f"again.{form}")
        assert (again.unchanged, again.failed) == (3, 0), form
    wrong = desk.load("sample", "code,trades\nS1,food; ковальство\n")
    assert (wrong.failed, wrong.updated) == (1, 0)
    dry = desk.load("sample", "code,trades\nS1,food\n", dry_run=True)
    assert dry.changes is not None
    assert (dry.changes[0]["field"], dry.changes[0]["new"]) == ("trades", ["food"])
    made = desk.load("sample", "code,trades\nS1,food; ковальство\n", "columns: {code: code, trades: {field: trades, missing: create}}")
    assert (made.updated, made.failed) == (1, 0)
    smithy = house.option("industry", "ковальство")
    assert set(desk.rows("sample", "trades")[0][0]) == {trades["food"], smithy}
    left = desk.load("sample", "code,trades\nS1,food; гончарство\n", "columns: {code: code, trades: {field: trades, missing: empty}}")
    assert (left.updated, desk.rows("sample", "trades")[0]) == (1, ((trades["food"],),))


def test_under_a_mask_they_are_neither_seen_nor_asked_for(house: House, browser: SignIn, trades: dict[str, int]) -> None:
    house.make("sample", name="Таємна", trades=[trades["food"]])
    someone = browser("Masha")
    page = someone.get("/sample/?columns=name,trades").get_data(as_text=True)
    assert "•••" in page
    assert "Food industry" not in page.split("<tbody")[1]
    answer = someone.get(f"/sample/?where={quote(json.dumps({'field': 'trades', 'op': 'eq', 'value': 'food'}))}")
    assert answer.status_code == 400
