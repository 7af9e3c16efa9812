"""A quote over the limit: approved where it is read, marked as sent by a key, made anew and compared, and its sheet, on a wide screen and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm, serving
from tests.browser.traffic import quiet

WORDS = {
    "en": {"over": "The largest discount is 18%: that is over the limit.", "why": "Why", "yes": "Approve", "said": "The discount is approved.", "sent": "Sent",
           "new": "New version", "compare": "Compare with", "same": "The two versions offer the same.", "sheet": "Quote No.", "total": "1,968.00"},
    "uk": {"over": "Найбільша знижка 18\u00a0%, а це понад межу.", "why": "Чому", "yes": "Погодити", "said": "Знижку погоджено.", "sent": "Надіслано",
           "new": "Нова версія", "compare": "Порівняти з", "same": "В обох версіях те саме.", "sheet": "Комерційна пропозиція №", "total": "1\u00a0968,00"},
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Firm]:
    """Oksana asks for approval of two quotes: 2 × 1000 less 18 %, with 20 % of tax."""
    made = Firm(tmp_path_factory.mktemp("quotes"), sqlite_template)
    (good,) = made.make("product", {"name": "Камера", "name_en": "Cold room", "price": "1000", "currency": "UAH", "vat_rate": "0.2"})
    (deal,) = made.make("deal", {"name": "Склад", "owner": made.people["Oksana"]})
    made.make("discount_limit", {"most": "0.1"})
    for quote in made.make("quote", *({"deal": deal, "owner": made.people["Oksana"], "payment_terms": "Наперед"} for _ in WORDS)):
        made.make("quote_line", {"quote": quote, "product": good, "quantity": 2, "discount": "0.18"})
        made.change("quote", quote, state=made.option("quote_state", "waiting"))
    (sent,) = made.make("quote", {"deal": deal, "owner": made.people["Oksana"]})
    made.make("quote_line", {"quote": sent, "product": good, "quantity": 2}, {"quote": sent, "product": good, "quantity": 1, "optional": True})
    made.change("quote", sent, state=made.option("quote_state", "sent"))
    with serving(made):
        yield made


@pytest.mark.parametrize(("quote", "language", "width", "theme"), [(1, "en", 1280, "light"), (2, "uk", 390, "dark")])
def test_a_quote_is_approved_sent_made_anew_and_printed(desk: Desk, company: Firm, quote: int, language: str, width: int, theme: str) -> None:
    words, page = WORDS[language], desk(at=company, language=language, width=width, theme=theme)

    def fits() -> None:
        if width == 1280:  # the check looks at a phone too
            assert check(page) == []
            page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"

    page.goto(f"/quote/{quote}/")
    quiet(page)
    panel = page.locator(".b-quote")
    expect(panel).to_contain_text(words["over"])
    fits()
    page.get_by_label(words["why"], exact=True).fill("Великий клієнт")
    page.get_by_role("button", name=words["yes"], exact=True).press("Enter")
    expect(panel).to_contain_text(words["said"])
    expect(panel).to_contain_text("Великий клієнт")
    quiet(page)
    page.keyboard.press("s")
    expect(panel.locator(".b-quotes")).to_contain_text(words["sent"])
    quiet(page)
    page.get_by_role("button", name=words["new"], exact=True).press("Enter")
    expect(panel.locator(".b-quotes li")).to_have_count(2)
    quiet(page)
    page.get_by_role("link", name=words["compare"]).press("Enter")
    expect(page.locator("main")).to_contain_text(words["same"])
    quiet(page)
    page.goto(f"/quote/{quote}/sheet?in={language}")
    expect(page.locator(".b-sheet h1")).to_contain_text(words["sheet"])
    expect(page.locator(".b-sheet-sums .is-total")).to_contain_text(words["total"])
    fits()


def test_a_customer_chooses_and_accepts_by_his_link_on_a_phone(desk: Desk, company: Firm) -> None:
    page = desk(at=company, language="uk", width=390, theme="dark")
    page.goto("/quote/3/")
    quiet(page)
    page.get_by_role("button", name="Створити посилання", exact=True).press("Enter")
    link = page.get_by_label("Надішліть цю адресу клієнтові").input_value()
    page.goto(link[link.index("/offer/"):])
    total = page.locator("#offer-total")
    expect(total).to_contain_text("2\u00a0400,00")
    page.get_by_role("checkbox").press("Space")
    expect(total).to_contain_text("3\u00a0600,00")
    expect(page.locator(".b-sheet-sums .is-total")).to_contain_text("3\u00a0600,00")
    assert check(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
    page.get_by_label("Ваше імʼя").fill("Ігор")
    page.get_by_role("button", name="Прийняти пропозицію").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Цю пропозицію прийнято.")
