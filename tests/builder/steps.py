"""The steps of whoever sets data up, as a browser takes them: the plan is shown, then published."""

import html
import re
from typing import Any

from werkzeug.test import TestResponse

from tests.kit_forms.house import Browser, House


def text_of(answer: TestResponse) -> str:
    """What stands in the pane, without markup."""
    page = answer.get_data(as_text=True)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page[page.find("<main") :])).split())


def plan(browser: Browser, path: str, typed: dict[str, Any] | None = None) -> TestResponse:
    """The page with the plan of what was typed."""
    return browser.post(path, {**(typed or {}), "step": "check"})


def hidden(answer: TestResponse) -> dict[str, Any]:
    """What the form of a plan page would post."""
    form = re.search(r'<form[^>]*id="publish".*?</form>', answer.get_data(as_text=True), re.S)
    assert form, text_of(answer)[:1500]
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[0]):
        name, value = html.unescape(name), html.unescape(value)
        found[name] = [*found[name], value] if isinstance(found.get(name), list) else [found[name], value] if name in found else value
    return found


def publish(browser: Browser, path: str, typed: dict[str, Any] | None = None, *, agreed: bool = False) -> TestResponse:
    """Planned, then published from the page with the plan."""
    planned = plan(browser, path, typed)
    assert planned.status_code == 200, text_of(planned)[:1500]
    return browser.post(path, hidden(planned) | {"step": "publish"} | ({"agreed": "1"} if agreed else {}))


def names(uk: str, en: str, **more: Any) -> dict[str, Any]:
    return {"label_uk": uk, "label_en": en, **more}


def tender(browser: Browser, house: House) -> None:
    """A new kind of records with an amount."""
    assert publish(browser, "/configuration/new-entity/", names("Тендер", "Tender", icon="coins", area="sales")).status_code == 303
    assert publish(browser, "/configuration/tender/add/money/", names("Бюджет", "Budget", **{"class": "internal"})).status_code == 303
    assert "tender" in house.catalog.entities
