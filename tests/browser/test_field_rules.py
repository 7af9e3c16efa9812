"""A form that follows rules while one types: fields come, go and must be filled in as the configuration says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm, serving
from tests.browser.traffic import quiet

RULES = """
entities:
  tender:
    label: {uk: Тендер, en: Tender}
    plural: {uk: Тендери, en: Tenders}
    checks:
      - where: {any: [{field: budget, op: empty}, {field: budget, op: ge, value: 0}]}
        message: {uk: Бюджет не буває відʼємним, en: A budget is never negative}
        field: budget
    fields:
      act: {type: auto_number, mask: "T-{0000}", label: {uk: Номер, en: Number}}
      budget: {type: money, label: {uk: Бюджет, en: Budget}, read_only_if: {field: result, op: not_empty}}
      result:
        type: picklist
        label: {uk: Результат, en: Result}
        options: [{key: won, label: {uk: Виграно, en: Won}, colour: green}, {key: lost, label: {uk: Програно, en: Lost}, colour: red}]
      reason:
        type: text
        label: {uk: Причина, en: Reason}
        visible_if: {field: result, op: not_empty}
        required_if: {field: result, op: eq, value: lost}
"""


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Firm]:
    made = Firm(tmp_path_factory.mktemp("ruled"), sqlite_template)
    made.last_deal = 0
    made.configure(RULES)
    with serving(made):
        yield made


def test_a_form_follows_its_rules_while_one_types(desk: Desk, ruled: Firm) -> None:
    page = desk(at=ruled, language="uk", width=390, theme="dark")
    page.goto("/tender/new/")
    quiet(page)
    reason = page.locator("[data-field=reason]")
    expect(reason).to_be_hidden()
    page.locator("[name=budget]").fill("-5")
    result = page.locator("[name=result]")
    result.select_option(label="Програно")
    expect(reason.locator(".is-required")).to_be_visible()
    expect(page.locator("[name=reason]")).to_have_attribute("aria-required", "true")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
    result.select_option(label="Виграно")
    expect(reason.locator(".is-required")).to_be_hidden()
    page.locator("[name=reason]").fill("нижча ціна")
    result.select_option("")
    expect(reason).to_be_hidden()
    page.keyboard.press("Control+s")
    expect(page.locator(".b-wrong")).to_have_text("Бюджет не буває відʼємним")
    quiet(page)
    page.locator("[name=budget]").fill("5")
    page.keyboard.press("Control+s")
    page.wait_for_url(lambda url: "/new/" not in url)
    number = int(page.url.rstrip("/").rpartition("/")[2])
    kept = ruled.stored("tender", number)
    assert kept["reason"] is None and kept["act"].startswith("T-000"), "what was typed and hidden again is not posted"
    expect(page.get_by_text("Причина", exact=True)).to_have_count(0)
    page.goto(f"/tender/{number}/edit/")
    quiet(page)
    page.locator("[name=result]").select_option(label="Програно")
    expect(reason).to_be_visible()
    page.locator("[name=reason]").fill("ціна")
    page.keyboard.press("Control+s")
    page.wait_for_url(lambda url: "/edit/" not in url)
    page.goto(f"/tender/{number}/edit/")
    expect(page.locator("[name=budget]")).to_have_count(0)
    expect(page.locator("[name=reason]")).to_be_visible()


SAVED = """
conditions:
  lost:
    entity: tender
    label: {uk: Програні, en: Lost ones}
    where: {field: result, op: eq, value: lost}
fields:
  tender:
    remark: {type: text, class: open, label: {uk: Примітка, en: Remark}}
"""


def test_a_saved_condition_is_chosen_for_the_rules_of_a_field_and_the_form_follows_it(desk: Desk, ruled: Firm) -> None:
    ruled.configure(SAVED)
    page = desk(at=ruled)
    page.goto("/configuration/tender/field/remark/")
    rules, dialog = page.locator("#field-rules"), page.get_by_role("dialog", name="Condition")
    for rule in ("Must be filled in", "Belongs to the record"):
        rules.get_by_role("button", name=f"{rule} where…").click()
        dialog.get_by_label("Field", exact=True).select_option(label="Lost ones")
        dialog.get_by_role("button", name="Take over").click()
        expect(rules.locator(".b-field").filter(has_text=rule).get_by_role("button", name="where “Lost ones”")).to_be_focused()
    expect(rules.get_by_role("link", name="Open the saved condition “Lost ones”")).to_have_count(2)
    rules.get_by_role("button", name="Can only be read where…").click()
    dialog.get_by_label("Field", exact=True).select_option(label="Lost ones")
    dialog.get_by_role("button", name="Take over").click()
    rules.get_by_role("button", name="where “Lost ones”").nth(2).click()
    dialog.get_by_role("button", name="No condition").click()
    expect(rules.get_by_role("button", name="where “Lost ones”")).to_have_count(2)
    assert check(page) == []
    page.get_by_role("button", name="Show what changes").click()
    expect(page.locator(".b-plan")).to_contain_text("Remark, required under a condition")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".b-toast")).to_contain_text("Published")
    said = ruled.app.extensions["brama"].refresh().made.of("tender")["remark"].said
    assert (said["required_if"], said["visible_if"], "read_only_if" in said) == ({"saved": "lost"}, {"saved": "lost"}, False)
    page.goto("/tender/new/")
    quiet(page)
    remark = page.locator("[data-field=remark]")
    expect(remark).to_be_hidden()
    page.locator("[name=result]").select_option(label="Lost")
    expect(remark.locator(".is-required")).to_be_visible()
    page.locator("[name=result]").select_option(label="Won")
    expect(remark).to_be_hidden()
    ruled.configure("conditions: {lost: {entity: tender, label: {uk: Програні, en: Lost ones}, where: {field: result, op: eq, value: won}}}")
    page.locator("[name=result]").select_option(label="Lost")
    expect(remark).to_be_hidden()
    page.locator("[name=result]").select_option(label="Won")
    expect(remark).to_be_visible()


MODERATE = """
conditions:
  moderate:
    entity: tender
    label: {uk: Помірні, en: Moderate ones}
    where: {any: [{field: budget, op: empty}, {field: budget, op: le, value: 1000000}]}
"""


def looked_at(page: Page) -> None:
    """No fault at any width; the walk goes on at a phone's."""
    assert check(page) == []
    page.set_viewport_size({"width": 390, "height": 900})


def test_a_check_is_added_with_a_saved_condition_refuses_a_save_and_is_removed(desk: Desk, ruled: Firm) -> None:
    ruled.configure(MODERATE)
    page = desk(at=ruled, language="uk", width=390)
    page.goto("/configuration/tender/")
    looked_at(page)
    page.get_by_role("link", name="Додати перевірку").click()
    page.get_by_role("button", name="Яку умову має задовольняти запис…").click()
    dialog = page.get_by_role("dialog", name="Умова")
    dialog.get_by_label("Поле", exact=True).select_option(label="Помірні")
    dialog.get_by_role("button", name="Застосувати").click()
    expect(page.get_by_role("button", name="якщо “Помірні”")).to_be_focused()
    page.get_by_label("Речення українською").fill("Мільйон — це забагато")
    page.get_by_label("Речення англійською").fill("A million is too much")
    page.get_by_label("Біля поля").select_option(label="Бюджет")
    looked_at(page)
    page.get_by_role("button", name="Показати, що зміниться").click()
    expect(page.locator(".b-plan")).to_contain_text("Мільйон — це забагато")
    page.get_by_role("button", name="Опублікувати", exact=True).click()
    expect(page.locator(".b-toast")).to_contain_text("Опубліковано")
    expect(page.locator(".b-made-checks")).to_contain_text("Помірні")
    quiet(page)
    looked_at(page)
    page.goto("/tender/new/")
    quiet(page)
    page.locator("[name=budget]").fill("2000000")
    page.keyboard.press("Control+s")
    expect(page.locator(".b-wrong")).to_have_text("Мільйон — це забагато")
    page.goto("/configuration/tender/")
    page.get_by_role("link", name="Мільйон — це забагато").click()
    page.get_by_role("button", name="Вилучити…").click()
    page.get_by_role("button", name="Опублікувати", exact=True).click()
    expect(page.locator("#checks")).not_to_contain_text("Мільйон — це забагато")
    assert not [one for one in ruled.app.extensions["brama"].refresh().made.checks if one.entity == "tender"]
