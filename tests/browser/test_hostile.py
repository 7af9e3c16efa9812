"""One hostile string in every text field and label: a real browser visits every screen, and it stays text."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crm.backoffice import records
from tests.browser.conftest import Desk
from tests.browser.firm import Firm, serving
from tests.browser.steps import address, cell, open_list, paste, picker
from tests.browser.traffic import quiet

NASTY = "\"'><img src=x onerror=hacked()><script>hacked()</script><b>{{7*7}}"
CONFIGURED = """
pipelines:
  traps:
    label: {uk: LABEL, en: LABEL}
    entity: deal
    stages:
      - {key: begun, label: {uk: LABEL, en: LABEL}, type: open, probability: 0.5}
      - {key: won, label: {uk: LABEL, en: LABEL}, type: won, probability: 1}
      - {key: lost, label: {uk: LABEL, en: LABEL}, type: lost, probability: 0}
picklists:
  industry:
    label: {uk: LABEL, en: LABEL}
    options: [{key: nasty, label: {uk: LABEL, en: LABEL}}]
roles:
  nasty:
    label: {uk: LABEL, en: LABEL}
    rules: [{entity: deal, actions: [read], scope: all, fields: {"*": read}}]
"""
MADE = ("department", "territory", "product_category", "product", "account", "contact", "deal")


def texts(firm: Firm, entity: str) -> dict[str, Any]:
    """The string in every field of text that takes any."""
    fields = firm.catalog.entity(entity).fields.values()
    taking = [f for f in fields if f.type in ("text", "long_text") and not f.system and f.key not in ("code", "tax_code")]
    return {f.key: NASTY[: getattr(f, "max_length", None) or 1000] for f in taking}


class Trap(Firm):
    """A firm in which every name, note and label is the hostile string."""

    def __init__(self, folder: Path, template: Path) -> None:
        super().__init__(folder, template)
        self.made: dict[str, int] = {}

    def lay(self) -> None:
        self.configure(CONFIGURED.replace("LABEL", json.dumps(NASTY)))
        stage, won = self.stage("begun", "traps"), self.stage("won", "traps")
        with self.system() as session:
            records.change(session, "user", self.people["Olena"], {k: v for k, v in texts(self, "user").items() if k != "email"})
            session.commit()
        mine = {"owner": self.people["Olena"]}
        more: dict[str, dict[str, Any]] = {"deal": {"stage": stage, "amount": 5, **mine}, "account": {"industry": self.option("industry", "nasty")}}
        for entity in MADE:
            client = {"account": self.made["account"]} if entity == "deal" else {}
            self.made[entity] = self.make(entity, {**texts(self, entity), **more.get(entity, {}), **client})[0]
        self.make("deal", {"name": NASTY, "stage": won, "amount": 7, **mine, "account": self.made["account"]})
        self.make("position", {**texts(self, "position"), "account": self.made["account"], "contact": self.made["contact"]})
        self.make("deal_line", {"deal": self.made["deal"], "product": self.made["product"], "quantity": 1, "price": 5})
        self.remove("deal", *self.make("deal", {"name": NASTY, "stage": stage}))


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Trap]:
    made = Trap(tmp_path_factory.mktemp("trap"), sqlite_template)
    made.lay()
    with serving(made):
        yield made


@pytest.fixture
def harmless(desk: Desk, trap: Trap) -> Iterator[Callable[..., Page]]:
    """A page on which nothing may become an element or run; looked at once more at the end of the test."""
    pages: list[Page] = []

    def look(language: str = "en", width: int = 1280) -> Page:
        page = desk(language=language, width=width, at=trap)
        page.add_init_script("window.hacks = 0; window.hacked = () => { window.hacks += 1; }")
        pages.append(page)
        return page

    yield look
    for page in pages:
        check(page)


def check(page: Page) -> None:
    """Waits for whatever is still on its way, then asks what has become of the string."""
    quiet(page)
    found = page.evaluate("[window.hacks, document.querySelectorAll('img[src=x], script:not([src]):not([type$=json])').length]")
    assert found == [0, 0], (page.url, found)
    text = page.evaluate("document.body.innerText")
    assert "<b>49" not in text, page.url


@pytest.mark.parametrize("entity", [*MADE, "position", "deal_line", "user", "role", "pipeline", "stage"])
def test_lists_cards_forms_and_journals(harmless: Callable[..., Page], trap: Trap, entity: str) -> None:
    page = harmless("uk" if entity in ("deal", "role") else "en")
    open_list(page, address(entity, search=NASTY[:40]) if entity in MADE else f"/{entity}/")
    row = page.locator("[data-list] tbody tr").first
    expect(row).to_be_attached()
    check(page)
    number = row.get_attribute("data-id")
    for url in (f"/{entity}/{number}/", f"/{entity}/{number}/edit/", f"/{entity}/{number}/journal", f"/{entity}/#{number}"):
        page.goto(url)
        check(page)


def test_home_bin_reports_profile_and_the_menu(harmless: Callable[..., Page], trap: Trap) -> None:
    page = harmless()
    for url in ("/", "/recycle/?entity=deal", "/report/", "/report/win_rate?by=owner", "/report/win_rate?by=account", "/profile/",
                f"/account/{trap.made['account']}/?tab=deals", f"/deal/{trap.made['deal']}/explain", "/account/import/"):
        page.goto(url)
        check(page)


def test_chips_builder_columns_and_favourites(harmless: Callable[..., Page], trap: Trap) -> None:
    page = harmless()
    conditions = [{"field": "name", "op": "eq", "value": NASTY}, {"field": "account", "op": "eq", "value": trap.made["account"]},
                  {"field": "account.industry", "op": "in", "value": ["nasty"]}, {"field": "stage", "op": "eq", "value": "traps.begun"}]
    open_list(page, address("deal", {"all": conditions}, sort="account,-amount"))
    expect(page.locator("[data-foot]")).to_have_attribute("data-count", "1")
    page.get_by_role("button", name="Keep among favourites", exact=True).click()
    page.locator("[data-edit-filter='0']:visible").click()
    expect(page.locator(".b-cond")).to_have_count(4)
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Columns").click()
    expect(page.locator("#columns-dialog")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Export").or_(page.get_by_role("button", name="Export")).first.click()
    page.goto("/account/")
    expect(page.locator("#favourites a")).to_contain_text("<img")
    page.goto(address("deal", {"field": "name", "op": "eq", "value": NASTY + "!"}, search=NASTY[:50]))
    check(page)


def test_cells_ranges_bulk_and_messages(harmless: Callable[..., Page], trap: Trap) -> None:
    page = harmless()
    deal = trap.made["deal"]
    open_list(page, address("deal", {"field": "id", "op": "eq", "value": deal}, columns="name,next_step,amount,account,stage,description"))
    step = cell(page, deal, "next_step")
    step.dblclick()
    expect(step.locator("[name=value]")).to_have_value(NASTY[:255])
    page.keyboard.press("Escape")
    for field in ("account", "stage", "amount"):
        cell(page, deal, field).click(position={"x": 8, "y": 8})
        page.keyboard.press("F2")
        expect(page.locator("[data-cell-form]")).to_be_visible()
        check(page)
        if field == "amount":
            page.keyboard.type(NASTY[:30])
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert").first).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    cell(page, deal, "amount").click()
    paste(page, NASTY.replace('"', "").replace("'", ""))
    expect(page.locator(".is-bad")).to_have_count(1)
    check(page)
    page.locator("[data-list] [data-pick]").first.check()
    page.locator("[data-bulk]").click()
    page.locator("#bulk-field").select_option("name")
    page.locator("#bulk-value").fill("нова " + NASTY)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".b-preview")).to_be_visible()


def test_pickers_palette_made_records_and_two_versions(harmless: Callable[..., Page], trap: Trap) -> None:
    page = harmless()
    page.goto("/deal/new/")
    picker(page, "Company").click()
    page.keyboard.type("onerror")
    expect(page.locator(".ts-dropdown .option")).to_have_count(1)
    check(page)
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).or_(page.locator("#f-name")).first.fill(NASTY)
    page.keyboard.press("Control+s")
    expect(page.locator(".b-toast")).to_contain_text("Added")
    check(page)
    number = int(page.url.rstrip("/").split("/")[-1])
    page.goto(f"/deal/{number}/edit/")
    page.get_by_label("Next step", exact=True).fill("моє " + NASTY)
    trap.change("deal", number, next_step="їхнє " + NASTY)
    page.keyboard.press("Control+s")
    expect(page.get_by_role("heading", name="Two versions")).to_be_visible()
    check(page)
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("onerror")
    expect(page.get_by_role("option").filter(has_text="onerror").first).to_be_visible()
