"""The steps of whoever builds registers in a browser."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.accessibility import check
from tests.browser.steps import toast


def looked_at(page: Page) -> None:
    """Both widths and themes."""
    assert check(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})


def published(page: Page, words: str, done: str) -> None:
    """The plan says `words`; it is published."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Що зміниться")
    expect(page.locator(".b-plan")).to_contain_text(words)
    page.get_by_role("button", name="Опублікувати").click()
    toast(page, done)


def press(page: Page, keys: str) -> None:
    page.wait_for_load_state("load")
    page.keyboard.press(keys)


# How many controls stand before the wanted one in the order of the page, from where the focus is: as many Tabs as are surely not too many.
BEFORE = """(one, back) => {
  const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
    .filter((other) => other.tabIndex >= 0 && !other.disabled && other.checkVisibility({ visibilityProperty: true }) && !other.closest('[inert]'));
  const radios = new Set();  // one stop a group
  const stops = all.filter((other) => other.type !== 'radio' || (!radios.has(other.name) && radios.add(other.name)));
  const here = document.activeElement, next = (other) => other === here || here.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
  return (stops.indexOf(one) - Math.max(0, stops.findIndex(next))) * (back ? -1 : 1) - 2;
}"""


def reach(page: Page, selector: str, key: str = "Tab") -> None:
    """Tab until the focus is there: whatever cannot be reached so fails. From the top of a page one skips to its content first."""
    wanted: Any = page.locator(selector).first
    expect(wanted).to_be_attached()
    if key == "Tab" and wanted.evaluate("(one) => document.activeElement === document.body && !!one.closest('main')"):
        page.keyboard.press("Tab")
        if page.locator(".b-skip").evaluate("(one) => one === document.activeElement"):  # else one was on the way already
            page.keyboard.press("Enter")
            expect(page.locator("main")).to_be_focused()
    for _ in range(min(wanted.evaluate(BEFORE, key != "Tab"), 100)):
        page.keyboard.press(key)
    for _ in range(120):
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{selector} is out of the keyboard's reach")
