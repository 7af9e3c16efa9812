"""A field added to an entity that stands, and taken back, by the keyboard alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from crm.backoffice.catalog import load_catalog
from tests.browser.building import looked_at, press, reach
from tests.browser.conftest import Desk
from tests.browser.firm import Firm, serving
from tests.browser.steps import toast


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Firm]:
    """A company of its own: what is built here stays in its menus."""
    made = Firm(tmp_path_factory.mktemp("works"), sqlite_template)
    made.make("account", {"name": "ТОВ «Смерека»"}, {"name": "ТОВ «Явір»"})
    with serving(made):
        yield made


def test_a_field_is_added_and_taken_back_by_the_keyboard_alone(desk: Desk, works: Firm) -> None:
    page = desk("Olena", at=works)
    page.goto("/configuration/account/")
    press(page, "c")
    expect(page.get_by_role("heading", level=1)).to_have_text("What kind of field?")
    reach(page, "a.b-made-tile[href$='/add/decimal/']")
    press(page, "Enter")
    reach(page, "#label_uk")
    page.keyboard.type("Ризик")
    page.keyboard.press("Tab")
    page.keyboard.type("Risk")
    expect(page.locator("#key")).to_have_value("risk")
    reach(page, "[name=class]:checked")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Internal")).to_be_checked()
    press(page, "Control+s")
    expect(page.locator(".b-plan")).to_contain_text("New field “Risk” on “Companies”")
    reach(page, "button[value=publish]")
    press(page, "Enter")
    toast(page, "Published")
    assert "risk" in load_catalog(works.engine).entity("account").fields
    press(page, "Control+z")
    expect(page.get_by_role("link", name="Risk")).to_have_count(0)
    assert "risk" not in load_catalog(works.engine).entity("account").fields
    page.goto("/configuration/all-versions/")
    looked_at(page)
