"""Many records at once: paste, fill-down, bulk change with preview, removal; all of it can be taken back, none of it passes a right."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from freezegun import freeze_time

from crm.backoffice import lists, records
from crm.backoffice.conditions.tree import parse
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.founding import give_role
from tests.kit.conftest import Browser, House, where

SignIn = Callable[..., Browser]
STOCK = """
roles:
  stock:
    label: {uk: Склад, en: Stock}
    rules: [{entity: product, actions: [read], scope: all, fields: {"*": read}}]
"""


def accounts(house: House, count: int = 3, **values: object) -> list[int]:
    return house.make_many("account", [{"name": f"К{n}", "city": "Київ", "employees": n, **values} for n in range(count)])


def pasted(numbers: list[int], columns: list[str], values: list[list[str]], **more: object) -> dict[str, object]:
    return {"columns": columns, "rows": [{"id": n, "row_version": 1, "values": v} for n, v in zip(numbers, values, strict=True)], **more}


def test_paste_saves_a_range_and_is_taken_back_as_one(house: House, browser: SignIn) -> None:
    numbers = accounts(house)
    someone = browser("Olena", "uk")
    answer = someone.send(
        "/account/paste?columns=name,city,employees", pasted(numbers, ["city", "employees"], [["Львів", "10"], ["Одеса", "20"], ["Суми", ""]])
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_json()["count"] == 3
    assert [house.stored("account", n)["city"] for n in numbers] == ["Львів", "Одеса", "Суми"]
    assert [house.stored("account", n)["employees"] for n in numbers] == [10, 20, None]
    assert len(answer.get_json()["rows"]) == 3
    assert someone.undo(answer).get_json()["undone"] == 3
    assert [house.stored("account", n)["city"] for n in numbers] == ["Київ"] * 3


def test_paste_with_errors_saves_nothing_and_names_each_cell_then_saves_the_good_ones_when_asked(house: House, browser: SignIn) -> None:
    numbers = accounts(house)
    body = pasted(numbers, ["name", "employees"], [["Перша", "10"], ["Друга", "багато"], ["", "30"]])
    someone = browser("Olena")
    answer = someone.send("/account/paste", body)
    assert answer.status_code == 422
    errors = {(e["id"], e["field"]): e for e in answer.get_json()["errors"]}
    assert set(errors) == {(numbers[1], "employees"), (numbers[2], "name")}
    assert errors[numbers[1], "employees"]["text"] == "багато"
    assert answer.get_json()["good"] == 4
    assert [house.stored("account", n)["name"] for n in numbers] == ["К0", "К1", "К2"]
    partial = someone.send("/account/paste", {**body, "partial": True})
    assert partial.status_code == 200
    assert [house.stored("account", n)["name"] for n in numbers] == ["Перша", "Друга", "К2"]
    assert [house.stored("account", n)["employees"] for n in numbers] == [10, 1, 30]


def test_pasted_references_mean_visible_records_by_code_or_name(house: House, browser: SignIn) -> None:
    numbers = accounts(house)
    parent = house.make("account", name="Головна", code="HEAD")
    house.make("account", name="Двійник", code="T1")
    house.make("account", name="Двійник", code="T2")
    someone = browser("Olena")
    answer = someone.send("/account/paste", pasted(numbers, ["parent"], [["HEAD"], ["Головна"], ["Двійник"]]))
    assert answer.status_code == 422
    assert [e["id"] for e in answer.get_json()["errors"]] == [numbers[2]]
    assert someone.send("/account/paste", pasted(numbers[:2], ["parent"], [["HEAD"], ["Головна"]])).status_code == 200
    assert house.stored("account", numbers[0])["parent"].id == parent
    assert someone.send("/account/paste", pasted(numbers[:1], ["parent"], [["Немає такої"]])).status_code == 422


def test_paste_into_what_may_not_be_changed_is_refused_whole(house: House, browser: SignIn) -> None:
    numbers = accounts(house, revenue=Decimal(5), phone="+380441234567")
    someone = browser("Bohdan")
    assert someone.send("/account/paste", pasted(numbers, ["revenue"], [["1"], ["2"], ["3"]])).status_code == 400
    assert someone.send("/account/paste", pasted(numbers, ["nonsense"], [["1"], ["2"], ["3"]])).status_code == 400
    assert someone.send("/account/paste", pasted(numbers, ["phone"], [["1"], ["2"], ["3"]])).status_code == 403
    assert someone.send("/account/paste", pasted(numbers, ["row_version"], [["1"], ["2"], ["3"]])).status_code in (400, 403)
    assert [house.stored("account", n)["row_version"] for n in numbers] == [1, 1, 1]


def test_hidden_and_missing_records_in_a_range_read_alike(house: House, browser: SignIn) -> None:
    mine = house.make("deal", name="Моя", owner=house.people["Oksana"], pipeline=1, stage=_first_stage(house))
    others = house.make("deal", name="Чужа", owner=house.people["Olena"], pipeline=1, stage=_first_stage(house))
    someone = browser("Oksana")
    answer = someone.send("/deal/paste", pasted([mine, others, 4040], ["amount"], [["1"], ["2"], ["3"]]))
    assert answer.status_code == 422
    why = {e["id"]: e["why"] for e in answer.get_json()["errors"]}
    assert set(why) == {others, 4040}
    assert why[others] == "You may not change this."
    assert why[4040] == "There is no such record."
    assert house.stored("deal", mine)["amount"] is None


def test_paste_over_somebody_elses_change_is_a_conflict(house: House, browser: SignIn) -> None:
    numbers = accounts(house)
    house.change("account", numbers[1], city="Луцьк")
    answer = browser("Olena").send("/account/paste", pasted(numbers, ["city"], [["А"], ["Б"], ["В"]]))
    assert answer.status_code == 409
    assert answer.get_json()["errors"][0]["id"] == numbers[1]
    assert [house.stored("account", n)["city"] for n in numbers] == ["Київ", "Луцьк", "Київ"]


def test_nonsense_bodies_are_bad_requests(house: House, browser: SignIn) -> None:
    numbers = accounts(house, 1)
    someone = browser("Olena")
    bodies: list[object] = [
        [], 5, {}, {"columns": "city", "rows": []}, {"columns": ["city"], "rows": ["x"]}, {"columns": ["city"], "rows": [{"id": "x", "values": ["a"]}]},
        {"columns": ["city"], "rows": [{"id": numbers[0], "values": [5]}]}, {"columns": [["city"]], "rows": [{"id": numbers[0], "values": ["a"]}]},
        {"columns": ["city"], "rows": [{"id": 10**30, "values": ["a"]}]}, {"columns": ["city"] * 61, "rows": [{"id": numbers[0], "values": ["a"]}]},
        {"columns": ["city"], "rows": [{"id": numbers[0], "values": ["a"]}] * 501}, {"columns": ["city"], "rows": [{"id": True, "values": ["a"]}]},
    ]
    for body in bodies:
        assert someone.send("/account/paste", body).status_code == 400, body
        assert someone.send("/account/fill", body).status_code == 400, body
    assert someone.client.post("/account/paste", data=b"{", content_type="application/json", headers={"X-CSRFToken": someone.token}).status_code == 400
    for data in ({"ids": "1,x"}, {"ids": ""}, {"ids": "99999999999999999999"}, {}):
        assert someone.post("/account/remove", data).status_code == 400
        assert someone.post("/account/bulk", data).status_code == 400


def test_fill_down_copies_the_first_row(house: House, browser: SignIn) -> None:
    numbers = accounts(house, 4)
    house.change("account", numbers[0], city="Львів", owner=house.people["Andrii"])
    someone = browser("Olena")
    answer = someone.send("/account/fill", {"source": numbers[0], "fields": ["city", "owner"], "ids": numbers[1:]})
    assert answer.status_code == 200
    assert {house.stored("account", n)["city"] for n in numbers} == {"Львів"}
    assert {house.stored("account", n)["owner"].id for n in numbers} == {house.people["Andrii"]}
    assert someone.undo(answer).get_json()["undone"] == 3
    assert [house.stored("account", n)["city"] for n in numbers] == ["Львів", "Київ", "Київ", "Київ"]


def test_a_masked_value_cannot_be_copied_by_filling(house: House, browser: SignIn) -> None:
    numbers = accounts(house, 2, phone="+380441234567")
    assert browser("Bohdan").send("/account/fill", {"source": numbers[0], "fields": ["phone"], "ids": numbers[1:]}).status_code == 403
    assert browser("Bohdan").send("/account/fill", {"source": numbers[0], "fields": ["revenue"], "ids": numbers[1:]}).status_code == 400


def test_bulk_change_previews_then_changes_then_is_taken_back(house: House, browser: SignIn) -> None:
    numbers = accounts(house, 3)
    house.change("account", numbers[2], city="Львів")
    someone = browser("Olena")
    ids = ",".join(map(str, numbers))
    panel = someone.page(f"/account/bulk?ids={ids}")
    assert 'value="city"' in panel
    control = someone.page(f"/account/bulk?ids={ids}&field=city")
    assert 'name="value"' in control
    preview = someone.page(f"/account/bulk?ids={ids}&field=city&value={quote('Львів')}")
    assert [house.stored("account", n)["city"] for n in numbers] == ["Київ", "Київ", "Львів"]
    numbers_shown = [part.split("</dd>")[0] for part in preview.split("<dd>")[1:]]
    assert numbers_shown == ["2", "1", "0"]
    assert "Київ" in preview
    answer = someone.post("/account/bulk", {"ids": ids, "field": "city", "value": "Львів", "step": "apply"})
    assert answer.get_json()["count"] == 2
    assert {house.stored("account", n)["city"] for n in numbers} == {"Львів"}
    assert someone.undo(answer).get_json()["undone"] == 2
    assert [house.stored("account", n)["city"] for n in numbers] == ["Київ", "Київ", "Львів"]


def test_bulk_change_names_what_refuses_and_leaves_it(house: House, browser: SignIn) -> None:
    numbers = accounts(house, 2)
    ids = ",".join(map(str, numbers))
    preview = browser("Olena").page(f"/account/bulk?ids={ids}&field=name&value=")
    assert [part.split("</dd>")[0] for part in preview.split("<dd>")[1:]] == ["0", "0", "2"]
    assert "is required" in preview
    assert browser("Olena").post("/account/bulk", {"ids": ids, "field": "name", "value": "", "step": "apply"}).get_json()["count"] == 0
    assert [house.stored("account", n)["name"] for n in numbers] == ["К0", "К1"]


def test_bulk_change_of_all_that_match_touches_nothing_else(house: House, browser: SignIn) -> None:
    kyiv = accounts(house, 30)
    lviv = accounts(house, 5, city="Львів")
    someone = browser("Olena")
    query = f"where={quote(where('city', 'eq', 'Київ'))}"
    answer = someone.post(f"/account/bulk?{query}", {"all": "1", "field": "employees", "value": "77", "step": "apply"})
    assert answer.get_json()["count"] == 30
    assert {house.stored("account", n)["employees"] for n in kyiv} == {77}
    assert 77 not in {house.stored("account", n)["employees"] for n in lviv}


def test_bulk_change_keeps_to_ones_own_records_and_fields(house: House, browser: SignIn) -> None:
    mine = house.make("deal", name="Моя", owner=house.people["Oksana"], pipeline=1, stage=_first_stage(house))
    others = house.make("deal", name="Чужа", owner=house.people["Olena"], pipeline=1, stage=_first_stage(house))
    someone = browser("Oksana")
    answer = someone.post("/deal/bulk", {"ids": f"{mine},{others},4040", "field": "amount", "value": "5", "step": "apply"})
    assert answer.get_json()["count"] == 1
    assert house.stored("deal", mine)["amount"] == Decimal(5)
    assert house.stored("deal", others)["amount"] is None
    given = someone.post("/deal/bulk", {"ids": str(mine), "field": "owner", "value": str(house.people["Olena"]), "step": "apply"})
    assert given.get_json()["count"] == 0
    assert house.stored("deal", mine)["owner"].id == house.people["Oksana"]
    blind = browser("Bohdan")
    numbers = accounts(house, 1)
    for key, status in (("revenue", 400), ("nonsense", 400), ("phone", 403), ("credit_limit", 403)):
        assert blind.post("/account/bulk", {"ids": str(numbers[0]), "field": key, "value": "5", "step": "apply"}).status_code == status
    assert browser("Roman").post("/account/bulk", {"ids": str(numbers[0]), "field": "city", "value": "x", "step": "apply"}).status_code == 403


def test_removed_records_go_and_come_back(house: House, browser: SignIn) -> None:
    numbers = accounts(house, 3)
    someone = browser("Olena")
    answer = someone.post("/account/remove", {"ids": f"{numbers[0]},{numbers[1]}"})
    assert answer.status_code == 200
    assert [house.is_there("account", n) for n in numbers] == [False, False, True]
    assert someone.undo(answer).get_json()["undone"] == 2
    assert all(house.is_there("account", n) for n in numbers)
    again = someone.post("/account/remove", {"ids": str(numbers[0])})
    assert again.status_code == 200
    assert browser("Roman").post(f"/account/{numbers[0]}/restore").status_code in (403, 404)
    assert someone.post(f"/account/{numbers[0]}/restore").status_code == 200
    assert house.is_there("account", numbers[0])


def test_removal_needs_the_right_on_each_record(house: House, browser: SignIn) -> None:
    mine = house.make("deal", name="Моя", owner=house.people["Oksana"], pipeline=1, stage=_first_stage(house))
    others = house.make("deal", name="Чужа", owner=house.people["Olena"], pipeline=1, stage=_first_stage(house))
    someone = browser("Oksana")
    assert someone.post("/deal/remove", {"ids": str(others)}).status_code == 403
    assert someone.post("/deal/remove", {"ids": "4040"}).status_code == 404
    assert someone.post("/deal/remove", {"ids": f"{mine},{others}"}).status_code == 200
    assert [house.is_there("deal", n) for n in (mine, others)] == [False, True]


def test_undo_ends_after_ten_minutes_and_keeps_what_was_changed_since(house: House, browser: SignIn) -> None:
    numbers = accounts(house, 2)
    someone = browser("Olena")
    answer = someone.post("/account/bulk", {"ids": ",".join(map(str, numbers)), "field": "city", "value": "Львів", "step": "apply"})
    with freeze_time(datetime.now(UTC) + timedelta(minutes=11), tick=True):
        late = browser("Olena")
        late_answer = late.undo(answer)
    assert late_answer.status_code == 404
    house.change("account", numbers[0], city="Луцьк")
    undone = someone.undo(answer).get_json()
    assert undone["undone"] == 1
    assert [k["entity"] for k in undone["kept"]] == ["account"]
    assert [house.stored("account", n)["city"] for n in numbers] == ["Луцьк", "Київ"]


def set_role(house: House, name: str, role: str) -> None:
    """The person holds this role alone."""
    with house.system() as session:
        memberships = lists.ListQuery("membership", (), parse({"field": "user", "op": "eq", "value": house.people[name]}))
        records.remove_many(session, "membership", lists.ids(session, memberships, 10))
        give_role(session, house.people[name], role)
        session.commit()


@pytest.mark.parametrize(("left", "status", "message"), [
    ("reader", 403, "You no longer have the right to take this back."), ("stock", 404, "There is nothing to undo."),
])
def test_what_a_person_may_no_longer_write_he_cannot_take_back(house: House, browser: SignIn, left: str, status: int, message: str) -> None:
    with house.system() as session:
        apply(session, read(STOCK.encode(), session.catalog))
        session.commit()
    numbers = accounts(house, 2)
    someone = browser("Bohdan")
    answer = someone.post("/account/bulk", {"ids": ",".join(map(str, numbers)), "field": "city", "value": "Львів", "step": "apply"})
    removed = someone.post("/account/remove", {"ids": str(accounts(house, 1)[0])})
    assert (answer.status_code, removed.status_code) == (200, 200)
    set_role(house, "Bohdan", left)  # which ends his sign-ins
    someone = browser("Bohdan")
    for made in (answer, removed):
        refused = someone.undo(made)
        assert (refused.status_code, refused.get_json()["message"]) == (status, message)
    assert [house.stored("account", n)["city"] for n in numbers] == ["Львів", "Львів"]
    # With the right it can be taken back again: the refusals have changed nothing.
    set_role(house, "Bohdan", "blind")
    someone = browser("Bohdan")
    assert [someone.undo(made).get_json()["undone"] for made in (answer, removed)] == [2, 1]


def test_search_finds_records_of_all_kinds_that_the_reader_sees(house: House, browser: SignIn) -> None:
    house.make("account", name="Ґанок і Ко")
    house.make("product", name="Ґанковий ліхтар")
    found = browser("Olena").get("/search?q=" + quote("ґан")).get_json()
    assert {one["entity"] for one in found} == {"account", "product"}
    assert {one["entity"] for one in browser("Roman").get("/search?q=" + quote("ґан")).get_json()} == {"account"}
    assert browser("Olena").get("/search?q=x").get_json() == []


def _first_stage(house: House) -> int:
    return min((s for s in house.catalog.configured["stage"].values() if s.parent_id == 1), key=lambda s: s.position).id
