"""The card of a deal: its health, the three probabilities, its team; a duty is ticked and a move refused by the keyboard, on a wide screen and on a phone."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm, serving
from tests.browser.traffic import quiet
from tests.company import today

WORDS = {
    "en": {"health": "Health of the deal", "rival": "A rival is a high threat: Полюс", "late": "3 days late", "duty": "Check the contract",
           "open": "“Check the contract” is not done yet: Lawyer, Oksana."},
    "uk": {"health": "Стан угоди", "rival": "Суперник із високою загрозою: Полюс", "late": "запізнення на 3 дні",
           "duty": "Перевірити договір", "open": "Ще не зроблено «Перевірити договір»: Юрист, Oksana."},
}
ASKING = """
pipelines:
  sales:
    label: {uk: Продажі, en: Sales}
    stages:
      - key: proposal
        label: {uk: Пропозиція, en: Proposal}
        type: open
        probability: 0.4
        team: [lead]
        duties: [{key: contract, role: lawyer, label: {uk: Перевірити договір, en: Check the contract}, days: 3, required: true}]
"""


@pytest.fixture
def company(tmp_path: Path, sqlite_template: Path) -> Iterator[Firm]:
    made = Firm(tmp_path, sqlite_template)
    made.configure(ASKING)
    yesterday: date = today() - timedelta(days=1)
    (deal,) = made.make("deal", {"name": "Холодильна камера", "amount": 500, "probability": "0.55", "next_step_on": yesterday})
    role = made.option("team_role", "lawyer")
    made.make("deal_member", {"deal": deal, "role": role, "user": made.people["Oksana"]},
              {"deal": deal, "role": made.option("team_role", "lead"), "user": made.people["Mykola"]})
    (rival,) = made.make("competitor", {"name": "Полюс"})
    made.make("deal_competitor", {"deal": deal, "competitor": rival, "threat": made.option("rival_threat", "high")})
    made.change("deal", deal, stage=made.stage("proposal"))
    made.change("deal", deal, probability="0.55")
    table = made.catalog.entity("deal_duty").table
    with made.system(write=False) as session:
        number = session.kernel(table.select().with_only_columns(table.c.id)).scalar_one()
    made.change("deal_duty", number, due_on=today() - timedelta(days=3))
    with serving(made):
        yield made


def test_a_duty_keeps_a_deal_in_its_stage_until_it_is_ticked(desk: Desk, company: Firm) -> None:
    words, page = WORDS["uk"], desk(at=company, language="uk", width=390, theme="dark")
    page.goto("/deal/1/")
    quiet(page)
    panel = page.locator(".b-deal")
    expect(panel).to_contain_text(words["health"])
    expect(panel).to_contain_text(words["rival"])
    expect(panel.locator(".b-health b")).to_have_text("70")
    expect(panel.locator(".b-odds .is-held dd")).to_contain_text("55")
    expect(panel).to_contain_text(words["late"])
    assert check(page) == []
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
    quiet(page)
    page.locator(".b-stages li button").nth(2).press("Enter")
    expect(page.locator("body")).to_contain_text(words["open"])
    quiet(page)
    words, page = WORDS["en"], desk(at=company)
    page.goto("/deal/1/")
    quiet(page)
    duty = page.get_by_role("checkbox", name=words["duty"])
    expect(duty).to_have_attribute("aria-checked", "false")
    duty.press("Enter")
    expect(page.get_by_role("checkbox", name=words["duty"])).to_have_attribute("aria-checked", "true")
    quiet(page)
    page.locator(".b-stages li button").nth(2).press("Enter")
    expect(page.locator(".b-stages li[aria-current]")).to_contain_text("Negotiation")
    quiet(page)
