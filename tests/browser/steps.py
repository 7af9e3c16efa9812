"""What tests of the real screens do again and again."""

import json
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect


def address(entity: str, where: Any = None, **words: str) -> str:
    """The permalink of a list."""
    return f"/{entity}/?{urlencode({**({'where': json.dumps(where)} if where else {}), **words})}"


def only(*numbers: int) -> dict[str, Any]:
    """The condition that lets through these records alone."""
    return {"field": "id", "op": "in", "value": list(numbers)}


def open_list(page: Page, url: str) -> Page:
    """Opens a list and waits until it has counted itself."""
    page.goto(url)
    expect(page.locator("[data-foot][data-count]")).to_be_attached()
    return page


def names(page: Page) -> list[str]:
    """The main texts of the rows, in order, of a list that has come whole."""
    expect(page.locator("[data-foot][data-count]")).to_be_attached()
    return [text.strip() for text in page.locator("[data-list] tbody .pk").all_inner_texts()]


def shows(page: Page, rows: list[str]) -> None:
    """Waits until the list shows these rows, in this order: a page may still be on its way."""
    expect(page.locator("[data-list] tbody .pk")).to_have_text(rows)


def cell(page: Page, number: int, field: str) -> Locator:
    """The cell of a record's field in the list."""
    at = page.locator("[data-list] thead th").evaluate_all("(heads, key) => heads.findIndex((head) => head.dataset.field === key)", field)
    assert at >= 0, f"no column {field}"
    return page.locator(f"[data-list] tr[data-id='{number}'] td").nth(at)


def text_of(place: Locator) -> str:
    """The text as one reads it: no-break spaces are spaces."""
    return " ".join(place.inner_text().split())


def paste(page: Page, text: str) -> None:
    """Brings `text` onto the clipboard and pastes it, as one does with a range of a spreadsheet."""
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+v")


def picker(page: Page, label: str) -> Locator:
    """Where one types into a remote picker, once it has taken the place of the plain select."""
    return page.get_by_role("combobox", name=label).and_(page.locator("input"))


def toast(page: Page, text: str) -> Locator:
    """The message that says `text`."""
    found = page.locator(".b-toast").filter(has_text=text)
    expect(found).to_be_visible()
    return found
