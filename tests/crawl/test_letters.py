"""Letters in the language of the person they go to: subject, text and the same as HTML."""

import re
from datetime import UTC, date, datetime

import pytest

from crm.admin_views.report_page import Cell
from crm.backoffice.reports import Column, Table
from crm.letters import access_review, dashboards, emergency, quote_link, reports
from crm.letters.links import compose
from crm.letters.sending import Receiver
from crm.messages import Label
from crm.organization.invitations import Letter, Purpose
from crm.permissions import access_for
from tests.crawl.allowed import FOREIGN
from tests.crawl.conftest import House
from tests.crawl.markup import Page

UNTIL = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
WRITTEN = {"uk": "5 березня 2026, 16:30", "en": "5 March 2026, 16:30"}  # the company's zone is two hours ahead in March
NAMES = {"uk": "Ольга Коваль", "en": "Olha Koval"}


@pytest.mark.parametrize("language", ["uk", "en"])
@pytest.mark.parametrize("purpose", ["invitation", "reset"])
def test_letters_are_in_the_language_of_their_reader(demo: House, purpose: Purpose, language: str) -> None:
    letter = Letter(purpose=purpose, token="1" * 43, name=NAMES[language], email="12@demo.example", language=language, expires_at=UNTIL)
    runtime = demo.app.extensions["brama"]
    with demo.app.app_context():
        mail = compose(letter, runtime.catalog.company, "http://127.0.0.1:8000")
    assert mail.subject and mail.body and mail.html
    assert WRITTEN[language] in mail.body and WRITTEN[language] in mail.html
    link = f"http://127.0.0.1:8000/{purpose}/{'1' * 43}"
    assert link in mail.body and link in mail.html
    page = Page(mail.html, language)
    assert page.document_language == language
    for text in (mail.subject, *mail.body.replace(link, "").splitlines(), *(one.text.replace(link, "") for one in page.said)):
        rest = text.replace(runtime.catalog.company.name, "").replace("Brama", "").replace("12@demo.example", "")
        assert not FOREIGN[language].search(rest), text
    own = FOREIGN["en" if language == "uk" else "uk"]
    assert own.search(re.sub("Brama", "", mail.subject))


@pytest.mark.parametrize("language", ["uk", "en"])
def test_the_letter_about_an_emergency_is_in_the_language_of_its_reader(demo: House, language: str) -> None:
    runtime = demo.app.extensions["brama"]
    reason = {"uk": "Керівник хворіє", "en": "The head is ill"}[language]
    taken = emergency.Taken(NAMES[language], Label("Керівник", "Head"), UNTIL, reason)
    with demo.app.app_context():
        mail = emergency.compose(NAMES[language], "12@demo.example", language, taken, runtime.catalog.company, "http://127.0.0.1:8000")
    assert mail.subject and mail.body and mail.html
    for text in (mail.body, mail.html):
        assert all(part in text for part in (WRITTEN[language], reason, NAMES[language], "http://127.0.0.1:8000/emergency/taken/"))
    company = runtime.catalog.company.name
    for text in (mail.subject, *mail.body.splitlines(), *(one.text for one in Page(mail.html, language).said)):
        assert not FOREIGN[language].search(text.replace(company, "").replace("Brama", "").replace("http://127.0.0.1:8000/emergency/taken/", "")), text


@pytest.mark.parametrize("language", ["uk", "en"])
@pytest.mark.parametrize(("waiting", "overdue"), [(3, False), (1, True), (0, False)])
def test_the_letter_about_a_review_of_access_is_in_the_language_of_its_reader(demo: House, language: str, waiting: int, overdue: bool) -> None:
    runtime = demo.app.extensions["brama"]
    name = {"uk": "Весняний перегляд", "en": "Spring review"}[language]
    told = access_review.Told(name, date(2026, 3, 5), waiting, overdue, "/access-reviews/7/mine/")
    with demo.app.app_context():
        mail = access_review.compose(NAMES[language], "12@demo.example", language, told, runtime.catalog.company, "http://127.0.0.1:8000")
    assert mail.subject and mail.body and mail.html
    day = {"uk": "5 березня 2026", "en": "5 March 2026"}[language]
    for text in (mail.body, mail.html):
        assert name in text and "http://127.0.0.1:8000/access-reviews/7/mine/" in text and (day in text) == bool(waiting)
    for text in (mail.subject, *mail.body.splitlines(), *(one.text for one in Page(mail.html, language).said)):
        rest = text.replace(runtime.catalog.company.name, "").replace("Brama", "").replace("http://127.0.0.1:8000/access-reviews/7/mine/", "")
        assert not FOREIGN[language].search(rest), text


@pytest.mark.parametrize("language", ["uk", "en"])
def test_the_letter_of_a_report_is_in_the_language_of_its_reader(demo: House, language: str) -> None:
    runtime = demo.app.extensions["brama"]
    names = {"uk": ("Угоди", "Скільки?", "Кількість", "Інші"), "en": ("Deals", "How many?", "Number", "Others")}[language]
    to = Receiver(NAMES[language], "12@demo.example", language, access_for(runtime.engine, 1, runtime.catalog))
    told = reports.Told(names[0], names[1], [], [(names[3], False), (names[2], True)], [[Cell(names[3]), Cell("5")]], 3, [], b"PK", "http://127.0.0.1:8000/1")
    with demo.app.app_context():
        mail = reports.compose(to, told, "", "http://127.0.0.1:8000/2")
    assert mail.subject and mail.body and mail.html and mail.attachments[0].filename == "report.xlsx"
    for text in (mail.subject, *mail.body.splitlines(), *(one.text for one in Page(mail.html, language).said)):
        rest = text.replace("Brama", "").replace("http://127.0.0.1:8000", "")
        assert not FOREIGN[language].search(rest), text
    for text in (mail.body, mail.html):
        assert all(part in text for part in ("http://127.0.0.1:8000/1", "http://127.0.0.1:8000/2", *names))


@pytest.mark.parametrize("language", ["uk", "en"])
def test_the_letter_of_a_dashboard_is_in_the_language_of_its_reader(demo: House, language: str) -> None:
    runtime = demo.app.extensions["brama"]
    names = {"uk": ("Угоди", "Продажі", "Кількість", "Період"), "en": ("Deals", "Sales", "Number", "Period")}[language]
    to = Receiver(NAMES[language], "12@demo.example", language, access_for(runtime.engine, 1, runtime.catalog))
    number = Column("count", Label("Кількість", "Number"), "count")
    table = Table((number,), [{"count": 5}], {}, "", lambda row, key: None)
    tile = dashboards.Tile(names[0], [(names[3], "2026")], [(names[2], True)], [[Cell("5")]], 3, [], "http://127.0.0.1:8000/1", table)
    with demo.app.app_context():
        mail = dashboards.compose(to, names[1], [tile], "", "http://127.0.0.1:8000/3", "http://127.0.0.1:8000/2")
    assert mail.subject and mail.body and mail.html and mail.attachments[0].filename == "dashboard.xlsx"
    for text in (mail.subject, *mail.body.splitlines(), *(one.text for one in Page(mail.html, language).said)):
        rest = text.replace("Brama", "").replace("http://127.0.0.1:8000", "")
        assert not FOREIGN[language].search(rest), text
    for text in (mail.body, mail.html):
        assert all(part in text for part in (*(f"http://127.0.0.1:8000/{n}" for n in (1, 2, 3)), *names))


@pytest.mark.parametrize("language", ["uk", "en"])
def test_the_letter_with_the_link_of_a_quote_is_in_the_language_of_the_customer(demo: House, language: str) -> None:
    company, link = demo.app.extensions["brama"].catalog.company, f"http://127.0.0.1:8000/offer/{'1' * 43}"
    with demo.app.app_context():
        mail = quote_link.compose("12@client.example", language, NAMES[language], "17", WRITTEN[language][:10], link, company)
    assert mail.subject and mail.body and mail.html and link in mail.body and link in mail.html and NAMES[language] in mail.body
    for text in (mail.subject, *mail.body.splitlines(), *(one.text for one in Page(mail.html, language).said)):
        assert not FOREIGN[language].search(text.replace(company.name, "").replace("Brama", "").replace(link, "")), text
