"""Rules of fields by conditions and numbers by a mask, by every door of the screens."""

import html
from collections.abc import Callable
from urllib.parse import quote

import pytest

from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from tests.kit.conftest import Browser, House

SignIn = Callable[..., Browser]
RULES = """
fields:
  account:
    act: {type: auto_number, mask: "A-{000}", class: internal, label: {uk: Акт, en: Act}}
    grade: {type: integer, class: internal, label: {uk: Клас, en: Grade}, read_only_if: {field: grade, op: gt, value: 100}}
    why: {type: text, class: internal, label: {uk: Чому, en: Why}, required_if: {field: grade, op: gt, value: 5}, visible_if: {field: grade, op: not_empty}}
checks:
  account:
    big: {where: {any: [{field: employees, op: empty}, {field: employees, op: lt, value: 1000}]}, message: {uk: Завелика фірма, en: Too large a company}}
"""


@pytest.fixture
def ruled(house: House) -> House:
    with house.system() as session:
        apply(session, read(RULES, session.catalog))
        session.commit()
    return house


def test_a_form_says_what_a_rule_refuses_at_the_field_and_what_concerns_the_record_above(ruled: House, browser: SignIn) -> None:
    someone = browser("Bohdan")
    page = someone.client.post("/account/new/", data={"csrf_token": someone.token, "name": "А", "grade": "7", "employees": "5000"}).get_data(as_text=True)
    assert "“Why” is required." in html.unescape(page) and "Too large a company" in page
    made = someone.client.post("/account/new/", data={"csrf_token": someone.token, "name": "А", "grade": "7", "why": "бо"})
    assert made.status_code == 303
    number = int(made.headers["Location"].strip("/").split("/")[-1])
    assert ruled.stored("account", number)["act"] == "A-001" and "A-001" in someone.page(f"/account/{number}/")
    assert 'name="act"' not in someone.page(f"/account/{number}/edit/"), "nobody types a number"


def test_a_cell_a_bulk_change_and_a_paste_are_refused_with_the_same_sentences(ruled: House, browser: SignIn) -> None:
    someone = browser("Bohdan")
    numbers = ruled.make_many("account", [{"name": f"К{n}"} for n in range(2)])
    locked = ruled.make("account", name="Закрита", grade=200, why="бо")
    cell = someone.client.post(f"/account/{numbers[0]}/cell/employees", data={"value": "5000", "csrf_token": someone.token, "row_version": "1"})
    assert cell.status_code == 422 and "Too large a company" in cell.get_data(as_text=True)
    cell = someone.client.post(f"/account/{numbers[0]}/cell/grade", data={"value": "7", "csrf_token": someone.token, "row_version": "1"})
    assert cell.status_code == 422 and "“Why” is required." in html.unescape(cell.get_data(as_text=True))
    preview = html.unescape(someone.page(f"/account/bulk?ids={numbers[0]},{locked}&field=grade&value={quote('3')}"))
    assert "“Grade” cannot be changed any more." in preview
    rows = [{"id": number, "row_version": 1, "values": values} for number, values in zip(numbers, (["4", ""], ["7", ""]), strict=True)]
    answer = someone.send("/account/paste", {"columns": ["grade", "why"], "rows": rows})
    assert answer.status_code == 422
    assert [(e["id"], e["field"], e["why"]) for e in answer.get_json()["errors"]] == [(numbers[1], "why", "“Why” is required.")]
    rows = [{"id": number, "row_version": 1, "values": ["5000"]} for number in numbers]
    answer = someone.send("/account/paste", {"columns": ["employees"], "rows": rows})
    assert answer.status_code == 422 and {e["why"] for e in answer.get_json()["errors"]} == {"Too large a company"}


def test_a_form_asks_for_what_rules_demand_of_what_is_typed_and_writes_nothing(ruled: House, browser: SignIn) -> None:
    someone = browser("Bohdan")
    page = someone.page("/account/new/")
    assert 'data-rules="/account/rules"' in page and 'data-field="why" hidden' in page
    typed = {"csrf_token": someone.token, "name": "А", "grade": "7"}
    assert someone.post("/account/rules", typed).get_json() == {"fields": {"why": {"visible": True, "required": True}}}
    assert someone.post("/account/rules", {**typed, "grade": "3"}).get_json() == {"fields": {"why": {"visible": True, "required": False}}}
    assert someone.post("/account/rules", {**typed, "grade": "багато"}).get_json() == {"fields": {"why": {"visible": False, "required": False}}}
    number = ruled.make("account", name="Є", grade=7, why="бо")
    asked = f"/account/rules?id={number}"
    assert someone.post(asked, {"csrf_token": someone.token, "name": "А"}).get_json() == {"fields": {"why": {"visible": True, "required": True}}}
    assert someone.post(asked, {**typed, "grade": ""}).get_json() == {"fields": {"why": {"visible": False, "required": False}}}
    assert someone.post(asked, {**typed, "revenue": "1"}).status_code == 400, "a field that is not in the writer's form"
    assert someone.post("/account/rules?id=999999", typed).status_code == 404
    assert someone.post("/account/rules?id=x", typed).status_code == 400
    other = browser("Roman")
    assert other.post("/account/rules", {**typed, "csrf_token": other.token}).status_code == 403
    assert (ruled.stored("account", number)["name"], ruled.count("account")) == ("Є", 1)


def test_a_card_and_a_form_show_what_belongs_to_the_record_as_it_is(ruled: House, browser: SignIn) -> None:
    someone = browser("Bohdan")
    with_grade = ruled.make("account", name="Є", grade=200, why="бо так")
    without = ruled.make("account", name="Нема")
    assert "бо так" in someone.page(f"/account/{with_grade}/")
    assert ">Why<" not in someone.page(f"/account/{without}/") and ">Why<" in someone.page(f"/account/{with_grade}/")
    form = someone.page(f"/account/{with_grade}/edit/")
    assert 'name="why"' in form and 'name="grade"' not in form, "what is for reading only is not typed"
    assert someone.get(f"/account/{with_grade}/cell/grade").status_code == 403
    assert 'data-field="why" hidden' in someone.page(f"/account/{without}/edit/")
