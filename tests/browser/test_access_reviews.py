"""A review of access in a browser, from its form to its report: every step has no fault at any width and in any theme."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import PASSWORD, Firm, serving
from tests.company import today


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Firm]:
    """A company of its own: a review tells and signs out people of whom other tests take care."""
    made = Firm(tmp_path_factory.mktemp("office"), sqlite_template)
    with serving(made):
        yield made


def choose(page: Page, key: str, name: str) -> None:
    page.locator(f"#{key}-ts-control").click()
    page.keyboard.type(name)
    page.get_by_role("option", name=name).first.click()


def test_a_review_is_opened_decided_and_signed(desk: Desk, office: Firm) -> None:
    olena = desk(at=office)
    olena.goto("/access-reviews/")
    assert check(olena) == []
    olena.get_by_role("link", name="New review").click()
    olena.get_by_label("Name", exact=True).fill("Heads and watchers")
    olena.get_by_label("Some roles").check()
    olena.get_by_label("Watcher").check()
    olena.get_by_label("Head", exact=True).check()
    assert check(olena) == []
    olena.set_viewport_size({"width": 1280, "height": 800})
    olena.get_by_label("People whom I name").check()
    choose(olena, "first", "Mykola")
    choose(olena, "second", "Oksana")
    olena.get_by_role("button", name="Open the review").click()
    expect(olena.get_by_role("heading", level=1)).to_have_text("Heads and watchers")
    assert check(olena) == []

    mykola = desk("Mykola", at=office, width=390)
    mykola.goto("/")
    mykola.get_by_role("link", name="Heads and watchers").click()
    assert check(mykola) == []
    mykola.set_viewport_size({"width": 390, "height": 844})
    vasyl = mykola.get_by_role("form", name="Watcher of Vasyl")
    expect(vasyl.get_by_label("Last day")).to_be_hidden()
    vasyl.get_by_label("Shorten").check()
    vasyl.get_by_label("Last day").fill(str(today() + timedelta(days=9)))
    vasyl.get_by_role("button", name="Decide").click()
    expect(mykola.locator("#item-" + vasyl_item(mykola))).to_contain_text("Shorten, until")
    petro = mykola.get_by_role("form", name="Head of Petro")
    petro.get_by_label("Take away").check()
    petro.get_by_role("button", name="Decide").click()
    expect(petro.get_by_role("alert")).to_have_text("Say why it is taken away.")
    assert check(mykola) == []
    petro.get_by_label("Comment").fill("There is one head")
    petro.get_by_role("button", name="Decide").click()
    expect(mykola.get_by_text("You have decided all of it.")).to_be_visible()

    oksana = desk("Oksana", at=office)
    oksana.goto("/access-reviews/")
    oksana.get_by_role("link", name="Decide: Heads and watchers").click()
    own = oksana.get_by_role("form", name="Head of Mykola")
    own.get_by_label("Keep").check()
    own.get_by_role("button", name="Decide").click()

    olena.reload()
    assert check(olena) == []
    olena.get_by_label("Current password").fill(PASSWORD)
    olena.get_by_role("button", name="Sign off and carry out").click()
    expect(olena.get_by_text("It reads as it was signed.")).to_be_visible()
    expect(olena.get_by_role("row").filter(has_text="Petro")).to_contain_text("Taken away")
    assert check(olena) == []


def vasyl_item(page: Page) -> str:
    """The number of what Vasyl's section holds."""
    found = page.get_by_role("region", name="Vasyl").locator("li[id^=item-]").get_attribute("id")
    return (found or "").removeprefix("item-")
