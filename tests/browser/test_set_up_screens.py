"""The screens on which data is set up, in Ukrainian: nothing is cut, scrolled away or unsaid, broad and narrow, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, expect

from crm.backoffice import recomputing
from crm.backoffice.lowcode import copying
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw
from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm, serving

SET_UP = """
fields:
  account:
    act: {type: auto_number, mask: "Д-{YYYY}-{000}", class: internal, label: {uk: Номер договору постачання, en: Number of the supply contract}}
    size: {type: text, class: internal, label: {uk: Розмір, en: Size}}
    span: {type: text, class: internal, label: {uk: Розмах, en: Span}}
  deal:
    bill: {type: auto_number, mask: "{DEPARTMENT}/{YYYY}-{0000}", class: internal, label: {uk: Рахунок, en: Bill}}
conditions:
  big:
    entity: account
    label: {uk: Великі компанії Києва й області, en: Large companies of Kyiv and around}
    note: {uk: З них починаємо, en: We begin with them}
    where: {all: [{field: city, op: eq, value: Київ}, {field: revenue, op: ge, value: 5000}]}
"""
ROLL_UP = """
fields:
  account: {deals_sum: {type: rollup, of: deal.account, function: sum, field: amount, class: internal, label: {uk: Сума всіх угод, en: Sum of all deals}}}
"""
TURNED = "fields: {account: {span: {type: integer, label: {uk: Розмах, en: Span}}}}"
SIZES = ("12,5", "велика", "хтозна", "велика", "близько двадцяти працівників у двох відділеннях")
SCREENS = (
    "/configuration/", "/configuration/saved-conditions/", "/configuration/saved-condition/?key=big", "/configuration/all-pipelines/",
    "/configuration/stages-of/?key=sales", "/configuration/stages-of/asking?key=sales&stage=qualified", "/configuration/number-masks/",
    "/configuration/number-masks/deal/bill/next/", "/configuration/all-versions/",
    "/account/?columns=name,city,deals_sum&group=status",
)


@pytest.fixture
def company(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    """A company of its own: what is under way there stays so, for nobody works it out."""
    made = Firm(tmp_path, sqlite_template)
    made.configure(SET_UP)
    firms = made.make("account", *({"name": f"ТОВ «Явір {n}»", "city": "Київ", "size": size, "span": str(n)} for n, size in enumerate(SIZES)))
    made.make("deal", {"name": "Перша", "account": firms[0], "stage": made.stage("lead"), "amount": 1000})
    monkeypatch.setattr(recomputing, "FEW", 2)
    monkeypatch.setattr(copying, "MANY", 2)
    made.configure(ROLL_UP)
    made.make("deal", {"name": "Друга", "account": firms[1], "stage": made.stage("lead"), "amount": 500})
    with made.system() as session:
        apply(session, from_raw(yaml.safe_load(TURNED), made.catalog), agreed=True)
        session.commit()
    with serving(made):
        yield made


def shown(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.get_by_role("heading", level=1).first).to_be_attached()


def test_the_screens_of_the_set_up_fit_and_speak_ukrainian(desk: Desk, company: Firm) -> None:
    page = desk(language="uk", at=company)
    for path in SCREENS:
        shown(page, path)
        assert check(page) == [], path
    shown(page, "/configuration/account/field/size/?type=decimal")
    page.get_by_role("button", name="Показати, що зміниться").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Що зміниться")
    page.wait_for_load_state("load")
    assert check(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    labels = page.locator(".b-decide tbody tr").first.locator("[data-label]")
    assert [one.get_attribute("data-label") for one in labels.all()] == ["Записи", "Само собою", "Ваше рішення"], "a row of a phone has no head above it"
    assert page.locator(".b-decide tbody th").last.evaluate("one => one.offsetWidth") > 200
