"""Segments as people meet them: made with the builder, filled from a list, looked into on a card."""

import json
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from crm.backoffice.guard import system_session
from crm.contacts.segments import counting
from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.steps import address, names, open_list, toast


@pytest.fixture
def mark() -> str:
    return f"Сег{uuid4().hex[:6]}"


@pytest.fixture
def accounts(firm: Firm, mark: str) -> list[int]:
    return firm.make("account", *({"name": f"{mark} {n}", "city": mark if n else "Одеса", "employees": n} for n in range(3)))


def test_a_filter_becomes_a_segment_whose_condition_is_changed_in_the_builder(desk: Desk, firm: Firm, accounts: list[int], mark: str) -> None:
    page = open_list(desk(), address("account", {"field": "city", "op": "eq", "value": mark}))
    page.get_by_role("button", name="View", exact=True).click()
    page.get_by_role("link", name="Keep as a segment…").click()
    expect(page.locator("[data-condition-field] .b-cond")).to_have_count(1)
    expect(page.get_by_label("City: Value")).to_have_value(mark)
    expect(page.locator("[data-field='frozen_from']")).to_be_hidden()
    page.get_by_label("Name *").fill(mark)
    page.locator("[data-condition-field]").get_by_role("button", name="condition").click()
    page.locator("[data-condition-field] .b-cond").nth(1).get_by_label("Field").select_option(label="Employees")
    page.get_by_label("Employees: Value").fill("2")
    page.get_by_role("button", name="Save", exact=False).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(mark)
    number = int(page.url.rstrip("/").rpartition("/")[2])
    assert json.loads(firm.stored("segment", number)["condition"]) == {"all": [
        {"field": "city", "op": "eq", "value": mark}, {"field": "employees", "op": "eq", "value": 2},
    ]}
    with system_session(firm.engine, "test", firm.catalog, write=True, source="job") as session:
        counting.count(session, number)
        session.commit()
    page.reload()
    expect(page.locator(".b-segment")).to_contain_text("1 in it now")
    page.get_by_role("link", name="Open as a list").click()
    expect(page.locator("[data-foot][data-count]")).to_be_attached()
    assert names(page) == [f"{mark} 2"]


def test_chosen_records_are_put_into_a_segment_and_its_member_says_why(desk: Desk, firm: Firm, accounts: list[int], mark: str) -> None:
    (segment,) = firm.make("segment", {"name": mark})
    page = open_list(desk(), address("account", {"field": "name", "op": "starts", "value": mark}))
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_role("toolbar", name="Actions on the selected").get_by_role("button", name="Segment…").click()
    panel = page.get_by_role("dialog", name="3 records and a segment")
    panel.get_by_role("button", name="Do it").click()
    expect(panel.get_by_role("alert")).to_contain_text("Choose a segment")
    panel.get_by_label("Segment").select_option(label=mark)
    panel.get_by_role("button", name="Do it").click()
    toast(page, "3 records added to the segment.")
    page.goto(f"/account/{accounts[0]}/?tab=segments")
    page.locator(".b-two tbody a").first.click()
    expect(page.locator(".b-segment")).to_contain_text("Added by hand")
