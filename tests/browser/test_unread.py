"""What others have changed since one opened it, in a real browser: the mark goes as the record is read, the filter and the button by keyboard."""

import pytest
from playwright.sync_api import Page, expect

from crm.backoffice import records
from crm.backoffice.guard import system_session
from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.steps import address, only, open_list


@pytest.fixture
def changed(firm: Firm) -> list[int]:
    """Three deals of this test, of which Mykola has changed two."""
    made = firm.make("deal", *({"name": f"Читана {n}", "stage": firm.stage("lead"), "amount": n} for n in (1, 2, 3)))
    with system_session(firm.engine, "test", firm.catalog, write=True, actor_id=firm.people["Mykola"]) as session:
        for number in made[1:]:
            records.change(session, "deal", number, {"amount": 100})
        session.commit()
    return list(made)


def marked(page: Page) -> list[str]:
    return page.locator("tr.is-unread a.b-main-text").all_text_contents()


def test_a_mark_goes_as_the_record_is_read_or_changed(desk: Desk, firm: Firm, changed: list[int]) -> None:
    page = open_list(desk("Olena"), address("deal", only(*changed), sort="name"))
    assert marked(page) == ["Читана 2", "Читана 3"]
    expect(page.locator("tr.is-unread td.pk").first).to_contain_text("unread: Читана 2")
    page.get_by_role("link", name="Читана 2").click()
    expect(page.locator("tr.is-unread")).to_have_count(1)
    page.keyboard.press("Escape")
    cell = page.locator(f"tr[data-id='{changed[2]}'] td").nth(page.locator("th[data-field='amount']").evaluate("(head) => head.cellIndex"))
    cell.dblclick()
    cell.locator("[name=value]").fill("7")
    page.keyboard.press("Enter")
    expect(page.locator("tr.is-unread")).to_have_count(0)
    page.reload()
    expect(page.locator("tr[data-id]")).to_have_count(3)
    assert marked(page) == []


def test_the_unread_alone_and_all_of_them_read(desk: Desk, firm: Firm, changed: list[int]) -> None:
    page = open_list(desk("Olena"), address("deal", only(*changed), sort="name"))
    page.get_by_role("link", name="Unread", exact=True).press("Enter")
    expect(page.locator("tr[data-id]")).to_have_count(2)
    expect(page.locator("[data-foot][data-count='2']")).to_be_attached()
    assert "unread=1" in page.url
    assert check(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Mark all as read").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Mark all as read").press("Enter")
    expect(page.locator(".b-toast")).to_contain_text("All is marked as read.")
    expect(page.locator("tr[data-id]")).to_have_count(3)
    assert marked(page) == []


def test_the_list_on_a_card_marks_and_filters_alike(desk: Desk, firm: Firm) -> None:
    (account,) = firm.make("account", {"name": "Картка з новим"})
    deals = firm.make("deal", *({"name": f"Нова {n}", "account": account, "stage": firm.stage("lead")} for n in (1, 2)))
    with system_session(firm.engine, "test", firm.catalog, write=True, actor_id=firm.people["Mykola"]) as session:
        records.change(session, "deal", deals[1], {"amount": 100})
        session.commit()
    page = desk("Olena", width=390)
    page.goto(f"/account/{account}/?tab=deals")
    expect(page.locator("tr.is-unread")).to_have_count(1)
    page.get_by_role("link", name="Unread", exact=True).click()
    expect(page.locator("tr[data-id]")).to_have_count(1)
    expect(page.locator("#count-deals")).to_have_text("2")  # of all, whatever is filtered
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("link", name="Нова 2", exact=True).click()
    expect(page.locator("tr.is-unread")).to_have_count(0)
