"""What a stage asks for, set up and met: by the keyboard, on a wide screen and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm, serving
from tests.browser.traffic import quiet

@pytest.fixture
def company(tmp_path: Path, sqlite_template: Path) -> Iterator[Firm]:
    made = Firm(tmp_path, sqlite_template)
    firm = made.make("account", {"name": "ТОВ «Явір»"})[0]
    made.make("deal", {"name": "Без суми", "account": firm, "stage": made.stage("qualified")},
              {"name": "Із сумою", "account": firm, "stage": made.stage("qualified"), "amount": 500})
    with serving(made):
        yield made


def test_a_requirement_is_made_tried_published_and_met(desk: Desk, company: Firm) -> None:
    page = desk(at=company, language="uk", width=390, theme="dark")
    page.goto("/configuration/stages-of/asking?key=sales&stage=qualified")
    quiet(page)
    page.get_by_role("button", name="Додати вимогу").first.press("Enter")
    page.locator("[name=req-uk-0]").fill("Вкажіть суму")
    page.locator("[name=req-en-0]").fill("Give the amount")
    page.locator("#stage-requirements [data-condition]").press("Enter")
    dialog = page.get_by_role("dialog", name="Умова")
    dialog.locator(".b-cond select").first.select_option(label="Сума")
    dialog.locator(".b-cond select").nth(1).select_option("not_empty")
    dialog.get_by_role("button", name="Застосувати").click()
    expect(page.locator("#stage-requirements")).to_contain_text("Сума")
    expect(page.locator("[name=req-en-0]")).to_have_value("Give the amount")
    quiet(page)
    assert check(page) == []
    page.set_viewport_size({"width": 390, "height": 900})  # the check has looked at a phone
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
    page.get_by_role("button", name="Показати, що зміниться").click()
    expect(page.locator(".b-plan")).to_contain_text("1 запис зупинився б тут")
    quiet(page)
    assert check(page) == []
    page.get_by_role("button", name="Опублікувати").click()
    page.wait_for_url("**/stages-of/?key=sales")


LISTED = """
pipelines:
  sales:
    label: {uk: Продажі, en: Sales}
    entity: deal
    stages:
      - key: qualified
        label: {uk: Потребу зʼясовано, en: Qualified}
        days: 5
        checklist:
          - key: call
            label: {uk: Подзвонити й домовитися про зустріч з тим хто вирішує, en: Call and agree on a meeting with whoever decides}
            required: true
          - {key: gift, label: {uk: Подарунок, en: Gift}}
"""


def test_the_checklist_stands_on_the_card_and_is_ticked_by_the_keyboard(desk: Desk, company: Firm) -> None:
    company.configure(LISTED)
    page = desk(at=company)
    page.goto("/deal/1/")
    quiet(page)
    item = page.get_by_role("checkbox", name="Gift")
    expect(item).not_to_be_checked()
    item.press("Space")
    expect(item).to_be_checked()
    quiet(page)
    assert check(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/configuration/stages-of/asking?key=sales&stage=qualified")
    quiet(page)
    assert check(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
