"""What is refused is said in the reader's language: pages of errors, answers to scripts, and what strangers meet."""

import json
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.admin_views.kit import listing
from tests.crawl.conftest import House
from tests.crawl.crawler import listen
from tests.crawl.markup import Page

LANGUAGES = ("uk", "en")
Ask = Callable[[FlaskClient], TestResponse]
HUGE = 100 * 2**20
DEEP = '{"not":' * 200 + "{}" + "}" * 200


def token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/profile/").get_data(as_text=True))
    assert found
    return found[1]


def where(tree: object) -> dict[str, str]:
    return {"where": tree if isinstance(tree, str) else json.dumps(tree)}


def huge(client: FlaskClient) -> TestResponse:
    return client.post("/account/paste", environ_overrides={"CONTENT_LENGTH": str(HUGE)}, headers={"X-CSRFToken": token(client)})


REFUSALS: dict[str, tuple[int, Ask]] = {
    "no such page": (404, lambda c: c.get("/nothing/")),
    "no such record": (404, lambda c: c.get("/deal/2000000000/")),
    "an id that is no number": (404, lambda c: c.get("/deal/zzz/")),
    "a screen of others": (403, lambda c: c.get("/role/2/edit/")),
    "a method": (405, lambda c: c.get("/sign-out")),
    "a form without its token": (400, lambda c: c.post("/account/new/", data={"name": "12"})),
    "a form from elsewhere": (400, lambda c: c.post("/account/new/", data={"name": "12"}, headers={"Origin": "https://evil.example"})),
    "too much": (413, huge),
    "no JSON": (400, lambda c: c.get("/deal/", query_string=where("{"))),
    "no condition": (400, lambda c: c.get("/deal/", query_string=where([]))),
    "too deep": (400, lambda c: c.get("/deal/", query_string=where(DEEP))),
    "no such field": (400, lambda c: c.get("/deal/", query_string=where({"field": "12", "op": "eq", "value": 1}))),
    "no such operator": (400, lambda c: c.get("/deal/", query_string=where({"field": "amount", "op": "12", "value": 1}))),
    "no number": (400, lambda c: c.get("/deal/", query_string=where({"field": "amount", "op": "gt", "value": "12?!"}))),
    "no date": (400, lambda c: c.get("/deal/", query_string=where({"field": "closed_on", "op": "gt", "value": "12?!"}))),
    "no period": (400, lambda c: c.get("/deal/", query_string=where({"field": "closed_on", "op": "within", "value": "12?!"}))),
    "no list": (400, lambda c: c.get("/deal/", query_string=where({"field": "amount", "op": "in", "value": 1}))),
    "no pair": (400, lambda c: c.get("/deal/", query_string=where({"field": "amount", "op": "between", "value": [1]}))),
    "a column": (400, lambda c: c.get("/deal/?columns=12")),
    "a sort": (400, lambda c: c.get("/deal/?sort=12")),
    "five sorts": (400, lambda c: c.get("/deal/?sort=name,amount,closed_on,opened_on,code")),
    "no such report": (404, lambda c: c.get("/report/12")),
    "a parameter of a report": (400, lambda c: c.get("/report/win_rate?by=12")),
    "a period of a report": (400, lambda c: c.get("/report/win_rate?period=12?!")),
    "a currency of a report": (400, lambda c: c.get("/report/win_rate?currency=12")),
    "a format of a report": (400, lambda c: c.get("/report/win_rate?format=12")),
    "nothing selected": (400, lambda c: c.get("/account/bulk?ids=")),
    "no such column to edit": (400, lambda c: c.get("/account/1/cell/12")),
    "a picker's offset": (400, lambda c: c.get("/account/lookup?offset=12?!")),
    "a place in the journal": (400, lambda c: c.get("/account/1/journal?before=12?!")),
    "a paste of nothing": (400, lambda c: c.post("/account/paste", json={}, headers={"X-CSRFToken": token(c)})),
    "nothing to fill": (400, lambda c: c.post("/account/fill", json={}, headers={"X-CSRFToken": token(c)})),
    "nothing to undo": (404, lambda c: c.post("/undo/12", headers={"X-CSRFToken": token(c)})),
    "a field that the form has not": (400, lambda c: c.post("/account/new/", data={"csrf_token": token(c), "12": "1"})),
    "preferences": (422, lambda c: c.post("/profile/", data={"csrf_token": token(c), "theme": "12"})),
    "two passwords": (422, lambda c: c.post("/profile/password", data={"csrf_token": token(c), "current": "1", "password": "2", "again": "3"})),
    "a short password": (422, lambda c: c.post("/profile/password", data={"csrf_token": token(c), "current": "1", "password": "2", "again": "2"})),
}


QUOTED = re.compile("«[^«»]*»|“[^“”]*”")  # what was typed, and keys as one has to type them


def own_words(answer: TestResponse, language: str) -> list[str]:
    said, page = listen(answer, language)
    if page is not None:
        assert page.document_language in ("", language)
    return [QUOTED.sub(" · ", one.text) for one in said]


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusals_speak_the_readers_language_on_pages_and_to_scripts(demo: House, language: str) -> None:
    client = demo.browser("seller", language)
    faults = []
    for name, (status, ask) in REFUSALS.items():
        answer = ask(client)
        assert answer.status_code == status, (name, answer.status_code, answer.get_data(as_text=True)[-600:])
        for text in own_words(answer, language):
            if left := demo.known.foreign(text, language):
                faults.append(f"{name}: {text[:160]!r} {left[:5]}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failure_of_ours_speaks_the_readers_language(demo: House, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> str:
        raise ZeroDivisionError("the secret of the house")

    client = demo.browser("seller", language)
    monkeypatch.setitem(demo.app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(listing, "show", fails)
    for headers in ({}, {"Accept": "application/json"}, {"HX-Request": "true"}):
        answer = client.get("/deal/", headers=headers)
        assert answer.status_code == 500
        assert "secret" not in answer.get_data(as_text=True)
        number = re.search(r"\b[0-9a-f]{8}\b", answer.get_data(as_text=True))
        assert number
        for text in own_words(answer, language):
            assert not demo.known.foreign(text.replace(number[0], ""), language), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_stranger_meets_is_in_the_language_he_asks_for(demo: House, language: str) -> None:
    client = demo.app.test_client()
    first = client.get(f"/sign-in?lang={language}")
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', first.get_data(as_text=True))
    assert found
    wrong = client.post("/sign-in", data={"email": "12", "password": "12", "csrf_token": found[1]})
    assert wrong.status_code == 422
    late = client.post("/sign-in", data={"email": "12", "password": "12"})
    assert late.status_code == 400
    asked = client.post("/forgot", data={"email": "12@demo.example", "csrf_token": found[1]})
    assert asked.status_code == 200
    pages = [first, wrong, late, asked, client.get("/forgot"), client.get("/reset/" + "1" * 43), client.get("/invitation/" + "1" * 43)]
    signed_out = client.get("/deal/", headers={"HX-Request": "true"})
    assert signed_out.status_code == 401
    for answer in (*pages, signed_out):
        for text in own_words(answer, language):
            assert not demo.known.foreign(text, language), text
    assert all(Page(answer.get_data(as_text=True), language).document_language == language for answer in pages)
