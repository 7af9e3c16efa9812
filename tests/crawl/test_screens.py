"""Every screen that a demo account can reach answers, and speaks the reader's language alone."""

import re
from html import unescape

import pytest

from tests.crawl.conftest import ACCOUNTS, House
from tests.crawl.crawler import Crawl, listen

LANGUAGES = ("uk", "en")
MAY = (200, 403)  # what this account may not change is refused, in words too


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_screen_answers_in_the_readers_language(demo: House, account: str, language: str) -> None:
    crawl = Crawl(demo.browser(account, language), language, demo)
    further = account == "admin" or (account, language) == ("seller", "uk")  # what is beyond the menu is of the same making for all of them
    crawl.walk(further=further)
    assert not crawl.faults, crawl.found()
    assert len(crawl.menu) >= 3 and all(crawl.statuses[url] == 200 for url in crawl.menu)
    assert len(crawl.statuses) > 40 or not further  # the walk did get somewhere


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("account", ["admin", "seller"])
def test_parts_that_scripts_ask_for_speak_the_readers_language(demo: House, account: str, language: str) -> None:
    client = demo.browser(account, language)
    crawl = Crawl(client, language, demo)
    for entity in demo.catalog.entities.values():
        base = f"/{entity.key}/"
        listed = client.get(base)
        if listed.status_code != 200:
            continue
        crawl.look(f"{base}columns")
        board = client.get(f"/board/{entity.key}").get_data(as_text=True)
        for cards in re.findall(r'data-cards="([^"]+)"', board):
            crawl.look(unescape(cards))
        crawl.look(f"{base}lookup?q=")
        steps = client.get(f"{base}filters").get_json()["steps"]
        for path in ("", *(step["key"] for step in steps)):
            crawl.look(f"{base}filters?path={path}")
        first = re.search(rf'href="{base}(\d+)/', listed.get_data(as_text=True))
        if first is None:
            continue
        crawl.look(f"{base}new/?drawer=1", MAY)
        crawl.look(f"{base}bulk?ids={first[1]}", MAY)
        for key in client.get(f"{base}columns").get_json()["columns"]:
            crawl.look(f"{base}{first[1]}/cell/{key['key']}", MAY)
    crawl.look("/search?q=demo")
    assert not crawl.faults, crawl.found()
    assert sum(status == 200 for status in crawl.statuses.values()) > 60


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_full_of_nonsense_is_refused_in_the_readers_language(demo: House, language: str) -> None:
    client = demo.browser("admin", language)
    crawl = Crawl(client, language, demo)
    refused = 0
    for entity in demo.catalog.entities.values():
        url = f"/{entity.key}/new/"
        answer = client.get(url)
        if answer.status_code != 200:
            continue
        html = answer.get_data(as_text=True)
        names = set(re.findall(r'<(?:input|select|textarea)[^>]* name="([a-z_0-9]+)"', html)) & set(entity.fields)
        token = re.search(r'name="csrf-token" content="([^"]+)"', html)
        assert token
        answer = client.post(url, data={"csrf_token": token[1], **dict.fromkeys(names, "12?!")})
        assert answer.status_code == 422, (url, answer.status_code)
        said, page = listen(answer, language)
        crawl.hear(said, url)
        assert page and page.document_language == language
        refused += html_errors(answer.get_data(as_text=True))
    assert not crawl.faults, crawl.found()
    assert refused > 30


def html_errors(html: str) -> int:
    return html.count("b-wrong")
