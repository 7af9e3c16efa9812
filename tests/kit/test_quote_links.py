"""The link of a quote: made by who may answer, read and answered by its customer without signing in, ended with the quote; nothing told by a wrong one."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from crm.backoffice import records
from crm.backoffice.journal import JournalRow as Journal
from crm.backoffice.paper import printing
from crm.extensions import mail
from crm.letters import quote_link
from crm.sales.quotes.links import LINK
from crm.sales.quotes.models import Quote
from tests.kit.conftest import Browser, House
from tests.kit.test_quotes import EVERYTHING, notices, offered, words_of

__all__ = ["offered"]
SignIn = Callable[..., Browser]
QUOTE = Quote.__table__


@pytest.fixture
def sent(house: House, browser: SignIn, offered: tuple[int, int]) -> int:
    """The quote of 1968.00 within the limit, in the customer's hand."""
    _, quote = offered
    house.change("discount_limit", 1, most="0.2")
    house.change("quote", quote, state=house.option("quote_state", "sent"))
    return quote


def link(browser: Browser, quote: int, language: str = "en") -> str:
    """The path of a new link."""
    made = browser.post(f"/quote/{quote}/link", {"in": language})
    assert made.status_code == 200, made.get_data(as_text=True)[:300]
    return re.findall(r'value="[^"]*(/offer/[\w-]{43})"', made.get_data(as_text=True))[0]


def stranger(house: House) -> FlaskClient:
    return house.app.test_client()


def token(client: FlaskClient, path: str) -> str:
    return re.findall(r'name="csrf_token" value="([^"]+)"', client.get(path).get_data(as_text=True))[0]


def say(house: House, path: str, **form: str) -> "tuple[int, str]":
    """What a customer of his own browser posts, and what he gets."""
    client = stranger(house)
    answered = client.post(path, data={"csrf_token": token(client, path), **form}, headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"})
    return answered.status_code, answered.get_data(as_text=True)


def stored(house: House, quote: int) -> "dict[str, object]":
    with house.engine.connect() as connection:
        row = dict(connection.execute(select(QUOTE).where(QUOTE.c.id == quote)).mappings().one())
    known = house.catalog.picklists["quote_state"].by_id(row["state_id"])
    return {**row, "state": known.key if known else None}


def expires(house: House, quote: int, day: date) -> None:
    """As the days go by: what a customer has in hand is changed by nobody."""
    with house.engine.begin() as connection:
        connection.execute(update(QUOTE).where(QUOTE.c.id == quote).values(valid_until=day))


def test_a_customer_reads_and_accepts_without_signing_in(house: House, browser: SignIn, sent: int) -> None:
    path = link(browser("Oksana"), sent)
    secret = path.rpartition("/")[2]
    with house.engine.connect() as connection:
        assert secret not in str(connection.execute(select(LINK)).all()), "only its hash is kept"
    page = stranger(house).get(path)
    text = page.get_data(as_text=True)
    assert page.status_code == 200 and 'lang="en"' in text and "1,968.00 UAH" in text and "Accept the quote" in text and "Не для клієнта" not in text
    assert 'lang="uk"' in stranger(house).get(f"{path}?lang=uk").get_data(as_text=True)
    heads = page.headers
    assert (heads["Referrer-Policy"], heads["Cache-Control"], heads["X-Robots-Tag"]) == ("no-referrer", "no-store", "noindex, nofollow")
    assert stranger(house).post(path, data={"answer": "accept", "name": "Ігор"}).status_code == 400, "a form of another site"
    client = stranger(house)
    foreign = client.post(path, data={"csrf_token": token(client, path), "answer": "accept", "name": "І"}, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 400
    assert say(house, path, answer="maybe", name="Ігор")[0] == 400
    status, said = say(house, path, answer="accept", name="  ")
    assert status == 422 and "Write your name" in said
    status, said = say(house, path, answer="decline", name="Ігор <b>", reason=" ")
    assert status == 422 and "Say why" in said and "Ігор &lt;b&gt;" in said
    for key in ("name", "reason"):
        status, said = say(house, path, answer="accept", **{"name": "Ігор", key: "Іг\0ор"})
        assert status == 422 and "control characters" in said, "no database keeps a zero character"
    assert stored(house, sent)["state"] == "sent", "what is refused changes nothing"
    assert say(house, path, answer="accept", name="Ігор Коваль")[0] == 303
    row = stored(house, sent)
    assert (row["state"], row["answered_by"], row["answer_reason"]) == ("accepted", "Ігор Коваль", None) and row["answered_at"]
    with house.engine.connect() as connection:
        last = connection.execute(select(Journal).where(Journal.entity == "quote", Journal.record_id == sent).order_by(Journal.id.desc())).first()
    assert last is not None and (last.actor_id, last.source) == (None, "link")
    assert "Ігор Коваль" in browser("Oksana").page(f"/quote/{sent}/")
    assert notices(house, "Oksana")[-1] == "A customer has accepted a quote of yours."
    again = stranger(house).get(path).get_data(as_text=True)
    assert "This quote has been accepted." in again and "Ігор Коваль" in again and "Accept the quote" not in again
    client = stranger(house)
    client.get("/sign-in")
    with client.session_transaction() as cookie:
        assert cookie
    late = client.post(path, data={"csrf_token": token(client, "/sign-in"), "answer": "decline", "name": "Х", "reason": "ні"})
    assert late.status_code == 303 and stored(house, sent) == row, "used twice: what was said stays"


def plain(answer: TestResponse, path: str) -> str:
    """A page without its own address and the token of its forms."""
    return re.sub(r'content="[\w.-]{60,}"|value="[\w.-]{60,}"', "", answer.get_data(as_text=True).replace(path, ""))


def test_a_link_that_does_not_hold_is_none(house: House, browser: SignIn, sent: int) -> None:
    oksana, nobody = browser("Oksana"), stranger(house)
    unknown = nobody.get(f"/offer/{'x' * 43}")
    first = link(oksana, sent)
    second = link(oksana, sent)

    def is_none(path: str) -> None:
        for answer, other in ((nobody.get(path), unknown), (browser("Olena").get(path), browser("Olena").get(f"/offer/{'x' * 43}"))):
            assert answer.status_code == 404
            assert plain(answer, path) == plain(other, f"/offer/{'x' * 43}")
        assert nobody.post(path, data={"csrf_token": token(nobody, "/sign-in"), "answer": "accept", "name": "Х"}).status_code == 404

    is_none(first)
    assert nobody.get(second).status_code == 200
    # Who may not see all of the sheet any more, shows it to nobody.
    hidden = [{**rule, "fields": {"*": "edit", "total": "hidden"}} if rule["entity"] == "quote" else rule for rule in EVERYTHING]
    house.configure({"roles": {"own": {"label": {"uk": "Продаж", "en": "Sales"}, "rules": hidden}}})
    is_none(second)
    assert oksana.post(f"/quote/{sent}/link", {"in": "uk"}).status_code == 403
    house.configure({"roles": {"own": {"label": {"uk": "Продаж", "en": "Sales"}, "rules": EVERYTHING}}})
    assert nobody.get(second).status_code == 200
    house.configure({"roles": {"own": {"label": {"uk": "Продаж", "en": "Sales"}, "rules": [rule for rule in EVERYTHING if rule["entity"] != "product"]}}})
    is_none(second)  # nobody agrees to a line without a name
    house.configure({"roles": {"own": {"label": {"uk": "Продаж", "en": "Sales"}, "rules": EVERYTHING}}})
    assert oksana.post(f"/quote/{sent}/link/end").status_code == 303
    is_none(second)
    third = link(oksana, sent)
    house.remove("deal", int(str(stored(house, sent)["deal_id"])))
    is_none(third)
    with house.system() as session:
        records.restore(session, "deal", int(str(stored(house, sent)["deal_id"])))
        session.commit()
    day = house.catalog.reader().today
    expires(house, sent, day - timedelta(days=1))
    is_none(third)
    expires(house, sent, day)
    assert nobody.get(third).status_code == 200, "the last day counts"
    assert oksana.post(f"/quote/{sent}/version").status_code == 303
    is_none(third)
    assert oksana.post(f"/quote/{sent}/link", {"in": "uk"}).status_code == 303, "what is superseded gets no link"
    roman = browser("Roman")
    for deed in ("link", "link/mail", "link/end"):
        assert roman.post(f"/quote/{sent}/{deed}", {"in": "uk"}).status_code == 403
        assert oksana.post(f"/quote/999999/{deed}", {"in": "uk"}).status_code == 404
    assert oksana.post(f"/quote/{sent}/link", {"in": "xx"}).status_code == 400


def test_the_customer_keeps_the_sheet_as_a_file(house: House, browser: SignIn, sent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path, nobody = link(browser("Oksana"), sent), stranger(house)
    assert f'href="{path}/sheet.pdf?lang=en"' in nobody.get(path).get_data(as_text=True)
    file = nobody.get(f"{path}/sheet.pdf")
    assert (file.mimetype, file.headers["Cache-Control"], file.headers["Referrer-Policy"]) == ("application/pdf", "no-store", "no-referrer")
    assert "1,968.00 UAH" in words_of(file.data) and "1 968,00 ₴" in words_of(nobody.get(f"{path}/sheet.pdf?lang=uk").data)
    monkeypatch.setattr(printing, "LIBRARIES", ("nothing-of-this-name",))
    lacking = nobody.get(f"{path}/sheet.pdf?lang=uk")
    assert lacking.status_code == 303 and lacking.headers["Location"] == f"{path}?lang=uk", "the page can be printed"
    assert [nobody.get(f"{path}/sheet.pdf").status_code for _ in range(28)][-1] == 429, "it costs the server"
    assert nobody.get(f"/offer/{'x' * 43}/sheet.pdf").status_code == 429 and browser("Oksana").post(f"/quote/{sent}/link/end").status_code == 303


def test_a_link_answers_while_its_maker_may(house: House, browser: SignIn, sent: int) -> None:
    path = link(browser("Oksana"), sent)
    reads = [{**rule, "actions": ["read"]} if rule["entity"] == "quote" else rule for rule in EVERYTHING]
    house.configure({"roles": {"own": {"label": {"uk": "Продаж", "en": "Sales"}, "rules": reads}}})
    assert stranger(house).get(path).status_code == 200, "what its maker sees, it shows"
    status, said = say(house, path, answer="accept", name="Оксана, і не клієнтка")
    assert status == 422 and "cannot be answered now" in said and stored(house, sent)["state"] == "sent"


def test_links_that_are_none_are_paused(house: House) -> None:
    nobody = stranger(house)
    statuses = [nobody.get(f"/offer/{n}").status_code for n in range(32)]
    assert statuses[:29] == [404] * 29 and statuses[-1] == 429


def test_the_contact_gets_the_link_by_mail(house: House, browser: SignIn, sent: int) -> None:
    deal = int(str(stored(house, sent)["deal_id"]))
    oksana = browser("Oksana")
    assert "E-mail it to the contact" not in oksana.page(f"/quote/{sent}/state")
    house.change("deal", deal, contact=house.make("contact", name="Ігор", email="ihor@client.example"))
    assert "E-mail it to the contact" in oksana.page(f"/quote/{sent}/state")
    assert oksana.post(f"/quote/{sent}/link/mail", {"in": "uk"}).status_code == 303
    with house.app.app_context(), mail.record_messages() as letters:
        quote_link.send({"quote": sent, "by": house.people["Oksana"], "language": "uk"})
        quote_link.send({"quote": sent, "by": house.people["Roman"], "language": "uk"})
    (letter,) = letters
    assert letter.recipients == ["ihor@client.example"] and "Комерційна пропозиція № Q-1" in letter.subject
    path = re.findall(r"/offer/[\w-]{43}", str(letter.body))[0]
    assert path in str(letter.html) and 'lang="uk"' in stranger(house).get(path).get_data(as_text=True)
    with house.app.app_context(), mail.record_messages() as letters:
        for _ in range(10):  # nobody floods a customer with letters
            oksana.post(f"/quote/{sent}/link/mail", {"in": "uk"})
            quote_link.send({"quote": sent, "by": house.people["Oksana"], "language": "uk"})
    assert len(letters) == 4 and "too often within an hour" in oksana.page(f"/quote/{sent}/")


def test_a_customer_chooses_among_options_and_accepts_the_total_that_he_has_seen(house: House, browser: SignIn, offered: tuple[int, int]) -> None:
    _, quote = offered
    house.change("discount_limit", 1, most="0.2")
    lamp = house.make("product", name="Лампа", price="50", currency="UAH", vat_rate="0.2")
    line = house.make("quote_line", quote=quote, product=lamp, quantity=10, optional=True)
    house.change("quote", quote, state=house.option("quote_state", "sent"))
    path = link(browser("Oksana"), quote)
    page = stranger(house).get(path).get_data(as_text=True)
    # 1640 and 20 % of it; with ten lamps at 50 it is 2140.
    assert "Options, not in the total" in page and "1,968.00 UAH" in page and "2,568.00" not in page
    chosen = {"option": str(line), "name": "Ігор"}
    with house.engine.execution_options(writer=True).begin():  # while somebody else writes
        status, counted = say(house, path, answer="count", **chosen)
    assert status == 200 and "2,568.00 UAH" in counted and f'name="shown" value="{line}"' in counted and stored(house, quote)["state"] == "sent"
    status, again = say(house, path, answer="accept", shown="", **chosen)
    assert status == 422 and "look at the total, and accept once more" in again and stored(house, quote)["state"] == "sent"
    assert say(house, path, answer="count", option="999999")[0] == say(house, path, answer="count", option="x")[0] == 200, "what is not offered is not chosen"
    assert say(house, path, answer="accept", shown=str(line), **chosen)[0] == 303
    assert (stored(house, quote)["state"], str(stored(house, quote)["total"])) == ("accepted", "2568.0000")
    accepted = stranger(house).get(path).get_data(as_text=True)
    assert "2,568.00 UAH" in accepted and "Options, not in the total" not in accepted
