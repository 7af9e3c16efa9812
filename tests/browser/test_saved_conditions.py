"""A condition is given a name by clicking, and stands in the builder of the list from then on."""

from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.steps import open_list, shows


def test_a_condition_is_named_by_clicking_and_chosen_in_a_list(desk: Desk, firm: Firm) -> None:
    mark = f"place{uuid4().hex[:6]}"
    firm.make("account", *({"name": f"{mark} {n}", "city": mark if n else "Одеса"} for n in range(3)))
    page = desk()
    page.goto("/configuration/")
    page.get_by_role("link", name="Saved conditions").click()
    page.get_by_role("link", name="New condition").first.click()
    page.get_by_label("Name in Ukrainian").fill(f"У місті {mark}")
    page.get_by_label("Name in English").fill(f"Of {mark}")
    page.get_by_label("Note in English").fill("Where we began")
    page.get_by_label("Kind of records").select_option(label="Companies")
    page.locator("[data-condition-field]").get_by_label("Field", exact=True).select_option(label="City")
    page.get_by_label("City: Value").fill(mark)
    page.get_by_role("button", name="Show what changes").click()
    expect(page.locator(".b-plan")).to_contain_text("It chooses 2 records now")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Of {mark}")
    expect(page.get_by_label("City: Value")).to_have_value(mark)
    open_list(page, "/account/?sort=name")
    page.keyboard.press("f")
    builder = page.get_by_role("dialog", name="Filter")
    builder.get_by_label("Field", exact=True).select_option(label=f"Of {mark}")
    builder.get_by_role("button", name="Show").click()
    shows(page, [f"{mark} 1", f"{mark} 2"])
    assert parse_qs(urlsplit(page.url).query)["where"] == [f'{{"saved":"of_{mark}"}}']
    page.get_by_role("button", name=f"“Of {mark}”").click()
    expect(builder.get_by_label("Field", exact=True)).to_have_value(f"=of_{mark}")
    uk = open_list(desk(language="uk"), f"/account/?{urlsplit(page.url).query}")
    expect(uk.get_by_role("button", name=f"“У місті {mark}”")).to_be_visible()
