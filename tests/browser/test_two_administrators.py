"""Two administrators change the same list at once: each is told of the other, and the later one decides."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from crm.organization.founding import add_person
from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import PASSWORD, Firm, serving

LIST = "/configuration/pick-list/?key=industry"


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Firm]:
    """A company of its own: what is changed here is changed for everybody."""
    made = Firm(tmp_path_factory.mktemp("two"), sqlite_template)
    with made.system() as session:
        add_person(session, "andrii@firm.example", "Andrii", roles=("owner",), password=PASSWORD)
        session.commit()
    with serving(made):
        yield made


def coloured(page: Page, colour: str) -> None:
    """The first option in another colour, planned."""
    page.locator("[name=opt-colour-0]").select_option(colour)
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What changes")


def test_two_administrators_hear_of_each_other(desk: Desk, works: Firm) -> None:
    olena, andrii = desk("Olena", at=works), desk("Andrii", at=works)
    olena.goto(LIST)
    coloured(olena, "red")
    olena.get_by_role("button", name="Keep as a draft").click()
    expect(olena.locator("#draft")).to_contain_text("Industry")
    assert check(olena) == []
    andrii.goto(LIST)
    expect(andrii.locator(".b-others")).to_contain_text("Olena has a draft that changes this too")
    coloured(andrii, "green")
    andrii.get_by_role("button", name="Publish").click()
    expect(andrii.get_by_text("Published: version").first).to_be_visible()
    olena.reload()
    expect(olena.locator("#draft")).to_contain_text("newer versions are in force")
    olena.get_by_role("button", name="Go on: Industry").press("Enter")
    expect(olena.locator("[name=opt-colour-0]")).to_have_value("red")
    expect(olena.locator(".b-others")).to_contain_text("Andrii published version")
    olena.get_by_role("button", name="Show what changes").click()
    expect(olena.locator(".b-clashes")).to_contain_text("Now: green. Yours: red.")
    assert check(olena) == []
    olena.set_viewport_size({"width": 1280, "height": 800})
    olena.get_by_role("button", name="Go on with mine").click()
    olena.get_by_role("button", name="Publish").click()
    expect(olena.get_by_text("Published: version").first).to_be_visible()
    olena.goto("/configuration/")
    expect(olena.locator("#draft")).to_have_count(0)
