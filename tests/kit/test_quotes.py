"""Quotes on the screens: made of a deal, decided on, sent, made anew, compared, printed in two languages; and what of it whom it is kept from."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from pypdfium2 import PdfDocument
from sqlalchemy import select

from crm import quotes_waiting
from crm.backoffice.notices import NoticeRow
from crm.backoffice.paper import printing
from crm.messages import render, thaw
from crm.serving.web import THREADS
from tests.kit.conftest import Browser, House

SignIn = Callable[..., Browser]
EVERYTHING = [
    {"entity": entity, "actions": ["read", "create", "update", "delete"], "scope": "all", "fields": {"*": "edit"}}
    for entity in ("deal", "deal_line", "quote", "quote_line", "product", "account", "user", "legal_entity", "contact")
]


@pytest.fixture
def offered(house: House, browser: SignIn) -> tuple[int, int]:
    """A deal of Oksana's with a line at 18 % off, where 10 % is the limit; and the quote that she made of it."""
    house.configure({"roles": {"own": {"label": {"uk": "Продаж", "en": "Sales"}, "rules": EVERYTHING}}})
    account = house.make("account", name="ТОВ «Обрій»", tax_code="00032112")
    ours = house.make("legal_entity", name="Брама", full_name="ТОВ «Брама Холод»", signatory="О. Вишневський")
    product = house.make("product", name="Камера", name_en="Cold room", price="1000", currency="UAH", vat_rate="0.2")
    deal = house.make("deal", name="Склад", account=account, stage=house.stage("proposal"), owner=house.people["Oksana"])
    house.make("deal_line", deal=deal, product=product, quantity=2, price="1000", discount="0.18")
    house.make("discount_limit", most="0.1")
    made = browser("Oksana").post(f"/deal/{deal}/quotes")
    assert made.status_code == 303, made.get_data(as_text=True)[:500]
    quote = int(re.findall(r"/quote/(\d+)/", made.headers["Location"])[0])
    house.change("quote", quote, legal_entity=ours)
    return deal, quote


def version(page: str) -> str:
    return re.findall(r'name="row_version" value="(\d+)"', page)[0]


def test_from_the_deal_to_a_yes_to_the_next_version(house: House, browser: SignIn, offered: tuple[int, int]) -> None:
    deal, quote = offered
    oksana, olena = browser("Oksana"), browser("Olena")
    assert "Q-" in oksana.page(f"/deal/{deal}/state") and "over the limit" in oksana.page(f"/quote/{quote}/state")
    card = oksana.page(f"/quote/{quote}/")
    assert "Ask for approval" in card and "Mark as sent" not in card
    waiting = {"state": str(house.option("quote_state", "waiting")), "row_version": version(card)}
    assert oksana.post(f"/quote/{quote}/edit/", waiting).status_code == 303
    assert 'name="decision"' not in oksana.page(f"/quote/{quote}/state"), "nobody decides on his own"
    asked = olena.page(f"/quote/{quote}/state")
    assert "largest discount is 18%" in asked and 'value="yes"' in asked
    assert str(quote) in olena.page("/quote/?sort=asked_at") and "Waiting for approval" in olena.page("/")
    form = {"decision": "yes", "reason": "Великий клієнт", "row_version": version(asked)}
    assert oksana.post(f"/quote/{quote}/decision", form).status_code == 403
    for wrong, status in (({**form, "decision": "maybe"}, 400), ({**form, "row_version": "x"}, 400), ({**form, "reason": " "}, 303)):
        assert olena.post(f"/quote/{quote}/decision", wrong).status_code == status
    assert olena.post(f"/quote/{quote}/decision", {**form, "row_version": "1"}).status_code == 303
    assert "was changed since you opened it" in olena.page(f"/quote/{quote}/"), "what was not read is not approved"
    assert "Waiting for approval" in oksana.page(f"/quote/{quote}/")
    assert olena.post(f"/quote/{quote}/decision", form).status_code == 303
    told = oksana.page(f"/quote/{quote}/state")
    assert "Approved" in told and "Великий клієнт" not in told, "what was decided and why is for whose rules name it"
    assert all(words in olena.page(f"/quote/{quote}/state") for words in ("The discount is approved.", "Великий клієнт"))
    again = oksana.post(f"/quote/{quote}/version")
    new = int(re.findall(r"/quote/(\d+)/", again.headers["Location"])[0])
    house.change("quote_line", house.count("quote_line"), quantity=3)
    assert "Superseded" in oksana.page(f"/quote/{new}/state") and f"/quote/{new}/compare?with={quote}" in oksana.page(f"/quote/{new}/state")
    difference = oksana.page(f"/quote/{new}/compare?with={quote}")
    assert "From version 1 to version 2" in difference and re.search(r"Quantity: <span class=\"b-was\">2</span> → 3", difference)


def test_a_sheet_speaks_the_customers_language_and_leaves_its_reader_his(house: House, browser: SignIn, offered: tuple[int, int]) -> None:
    _, quote = offered
    oksana = browser("Oksana")
    house.change("quote", quote, payment_terms="Половина наперед\nрешта потім", description="Не для клієнта")
    ukrainian, english = (oksana.page(f"/quote/{quote}/sheet?in={language}") for language in ("uk", "en"))
    assert 'lang="uk"' in ukrainian and "Комерційна пропозиція №" in ukrainian and "Камера" in ukrainian and "ТОВ «Обрій»" in ukrainian
    # 2 × 1000 × 0.82 = 1640; 20 % of it 328.
    assert "1 968,00" in re.sub(r"[\u00a0\u202f]", " ", ukrainian) and "1,968.00 UAH" in english
    assert "Cold room" in english and "Quote No." in english and "О. Вишневський" in english and "Не для клієнта" not in ukrainian + english
    assert 'lang="en"' in oksana.page(f"/quote/{quote}/")
    house.change("quote", quote, whole_discount="0.05")
    lowered = oksana.page(f"/quote/{quote}/sheet?in=en")
    # 5 % of 1640 is 82; 1558 and 20 % of it.
    assert all(words in lowered for words in ("Lines in all", "1,640.00 UAH", "Discount on the whole, 5%", "−82.00 UAH", "1,558.00 UAH", "1,869.60 UAH"))
    assert 'lang="en"' in oksana.page(f"/quote/{quote}/sheet?in=xx")


def words_of(file: bytes) -> str:
    """What a PDF says, page by page, with plain spaces."""
    paper = PdfDocument(file)
    said = " ".join(page.get_textpage().get_text_range() for page in paper)
    paper.close()
    return re.sub(r"\s+", " ", said)


def test_a_sheet_is_a_file_of_the_same_bytes_each_time(house: House, browser: SignIn, offered: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    _, quote = offered
    house.change("quote", quote, payment_terms="Наперед <img src='file:///etc/passwd'>", description="Не для клієнта")
    oksana, path = browser("Oksana"), f"/quote/{quote}/sheet.pdf"
    file = oksana.get(f"{path}?in=uk")
    assert (file.status_code, file.mimetype) == (200, "application/pdf") and 'filename="quote-Q-1-1.pdf"' in file.headers["Content-Disposition"]
    said = words_of(file.data)
    # 2 × 1000 × 0.82 = 1640; 20 % of it 328.
    spelled = "Одна тисяча дев’ятсот шістдесят вісім гривень 00 копійок"
    assert all(words in said for words in ("Комерційна пропозиція № Q-1", "Камера", "ТОВ «Обрій»", "1 968,00 ₴", spelled, "1 / 1", "<img src="))
    assert "Не для клієнта" not in said and "root:" not in said
    assert oksana.get(f"{path}?in=uk").data == file.data
    assert "One thousand, nine hundred and sixty-eight hryvnias 00 kopiykas" in oksana.page(f"/quote/{quote}/sheet?in=en")
    assert browser("Roman").get(path).status_code == 403 and oksana.get("/quote/999999/sheet.pdf").status_code == 404
    monkeypatch.setattr(printing, "LIBRARIES", ("nothing-of-this-name",))
    monkeypatch.setattr(printing.shutil, "which", lambda name: name == "apt-get")
    assert oksana.get(f"{path}?in=en").headers["Location"] == f"/quote/{quote}/sheet?in=en"
    assert "apt-get install libpango-1.0-0" in oksana.page(f"/quote/{quote}/sheet"), "the screen says what the server lacks"


def test_a_page_that_is_set_fetches_nothing() -> None:
    page = "<html><head><link rel=attachment href='file:///etc/passwd'><link rel=stylesheet href='http://127.0.0.1:9/x.css'></head><body>Тут%s</body></html>"
    asks = "<img src='file:///etc/passwd'><object data='file:///etc/hostname'></object><img src='font:../../../etc/passwd'>"
    file = printing.pdf(page % asks)
    assert b"root:" not in file and b"EmbeddedFile" not in file and words_of(file).strip() == "Тут"
    with pytest.raises(printing.NoPdf, match="too long"):
        printing.pdf("x" * (printing.LONGEST + 1))


def test_those_who_wait_for_a_file_leave_the_server_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "_set", lambda given, styles: pytest.fail("nothing is set"))
    assert printing.MOST < THREADS
    for _ in range(printing.MOST):
        assert printing.places.acquire(blocking=False)
    try:
        with pytest.raises(printing.NoPdf, match="Too many"):
            printing.pdf("<p>Тут")
    finally:
        printing.places.release(printing.MOST)


def test_what_is_hidden_is_on_no_sheet_in_no_comparison_and_makes_no_version(house: House, browser: SignIn, offered: tuple[int, int]) -> None:
    deal, quote = offered
    new = int(re.findall(r"/quote/(\d+)/", browser("Oksana").post(f"/quote/{quote}/version").headers["Location"])[0])
    hidden: dict[str, dict[str, str]] = {
        "quote_line": {"price": "hidden", "discount": "hidden", "amount": "hidden"}, "account": {"tax_code": "hidden"},
        "quote": {"discount": "hidden", "deepest": "hidden", "list_amount": "hidden", "amount": "hidden", "tax": "hidden", "total": "hidden"},
    }
    rules: list[dict[str, Any]] = [{**rule, "fields": {"*": "edit", **hidden.get(str(rule["entity"]), {})}} for rule in EVERYTHING]
    house.configure({"roles": {"own": {"label": {"uk": "Продаж", "en": "Sales"}, "rules": rules}}})
    oksana = browser("Oksana")
    pages = [oksana.page(path) for path in (f"/quote/{new}/sheet", f"/quote/{new}/compare?with={quote}", f"/quote/{new}/state", f"/deal/{deal}/state")]
    assert not re.search(r"1,?000|1,?640|1,?968|18\s?%|18%|00032112", "".join(pages)), "neither figures nor what they were made of"
    assert oksana.post(f"/quote/{new}/version").status_code == 403 and oksana.post(f"/deal/{deal}/quotes").status_code == 403
    roman = browser("Roman")
    for path in (f"/quote/{new}/sheet", f"/quote/{new}/compare?with={quote}", f"/quote/{new}/state"):
        assert roman.get(path).status_code == 403
    for path in (f"/quote/{new}/version", f"/quote/{new}/onto-deal", f"/quote/{new}/decision", f"/deal/{deal}/quotes"):
        assert roman.post(path).status_code == 403
    unknown = ("/quote/999999/sheet", "/quote/999999/state")
    for path in (*unknown, f"/quote/{new}/compare?with=999999", f"/quote/{new}/compare?with={new}", f"/quote/{new}/compare"):
        assert oksana.get(path).status_code == 404
    for path in ("/quote/999999/version", "/quote/999999/onto-deal", "/quote/999999/decision", "/deal/999999/quotes"):
        assert oksana.post(path).status_code == 404


def test_what_is_masked_stands_masked_on_every_sheet(house: House, browser: SignIn, offered: tuple[int, int]) -> None:
    deal, quote = offered
    house.change("quote", quote, sent_on="2026-11-02", valid_until="2026-12-02")
    new = int(re.findall(r"/quote/(\d+)/", browser("Oksana").post(f"/quote/{quote}/version").headers["Location"])[0])
    shown = {"quote": {"deal": "read", "number": "read", "currency": "read"}, "quote_line": {"quote": "read", "product": "read"}, "deal": {"account": "read"}}
    rules: list[dict[str, Any]] = [
        {**rule, "actions": ["read"], "fields": {"*": "masked", **shown.get(rule["entity"], {})}} for rule in EVERYTHING]
    house.configure({"roles": {"own": {"label": {"uk": "Продаж", "en": "Sales"}, "rules": rules}}})
    oksana = browser("Oksana")
    file = oksana.get(f"/quote/{quote}/sheet.pdf")
    assert file.status_code == 200 and file.headers["Content-Disposition"].isascii(), "no server sends a mask in a head"
    for path in (f"/quote/{quote}/sheet", f"/quote/{new}/compare?with={quote}", f"/quote/{new}/state", f"/deal/{deal}/state", f"/quote/{quote}/"):
        assert not re.search(r"1,?000|1,?640|1,?968|2 November|2 December|Обрій|Вишневський", oksana.page(path)), path


def test_whoever_may_decide_is_told_the_nearest_first(house: House, offered: tuple[int, int]) -> None:
    _, quote = offered
    house.change("quote", quote, state=house.option("quote_state", "waiting"))
    with house.app.app_context():
        quotes_waiting.tell({"quote": quote})
    assert notices(house, "Olena") == ["A quote waits for your approval."], "nobody stands above Oksana: whoever may decide hears of it"
    assert notices(house, "Oksana") == notices(house, "Roman") == []
    house.configure({"roles": {"blind": {"label": {"uk": "К", "en": "H"}, "rules": [
        {"entity": "quote", "actions": ["read", "update"], "scope": "all", "fields": {"*": "read", "decision": "edit", "decision_reason": "edit"}}]}}})
    house.change("user", house.people["Oksana"], manager=house.people["Bohdan"])
    with house.app.app_context():
        quotes_waiting.tell({"quote": quote})
    assert (len(notices(house, "Bohdan")), len(notices(house, "Olena"))) == (1, 1)
    house.change("quote", quote, state=house.option("quote_state", "draft"))
    with house.app.app_context():
        quotes_waiting.tell({"quote": quote})
    assert len(notices(house, "Bohdan")) == 1, "what waits no more is told to nobody"


def notices(house: House, person: str) -> list[str]:
    with house.engine.connect() as connection:
        rows = connection.execute(select(NoticeRow.sentence).where(NoticeRow.user_id == house.people[person]).order_by(NoticeRow.id))
        return [render(thaw(row.sentence), "en") for row in rows]
