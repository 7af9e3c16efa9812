"""Quotes made, made anew, decided on, compared and printed: those that are seen and those that are not, by who may and who may not."""

import re
from collections.abc import Iterator
from functools import partial

from crm.letters.quote_link import compose
from tests.leaks.probes.people import TOKENS
from tests.leaks.questions import MISSING, Question, View, get, post, probe
from tests.leaks.sides import Answer, Side

RECORD = "/<entity>/<record_id>/"
OFFER = "/offer/<secret>"
OFFERED_FILE = OFFER + "/sheet.pdf"
LINKS = ("link", "link/mail", "link/end")
SECRET = re.compile(r"/offer/[\w-]{43}")
DEEDS = ("version", "onto-deal", "decision")


@probe(RECORD + "sheet", RECORD + "sheet.pdf", RECORD + "compare")
def read(view: View) -> Iterator[Question]:
    """What stands on a card and on the sheet, and what changed between two versions."""
    seen, unseen = view.seen("quote", 8), view.unseen("quote", 4)
    for number in seen:
        for part in ("sheet", "state"):
            yield get(RECORD + part, "quote", f"/quote/{number}/{part}")
        yield get(RECORD + "sheet", "quote", f"/quote/{number}/sheet", **{"in": "en"})
        for other in (number - 1, number + 1, *unseen[:2], MISSING):
            yield get(RECORD + "compare", "quote", f"/quote/{number}/compare", **{"with": other})
    for number in seen[:2]:
        yield get(RECORD + "sheet.pdf", "quote", f"/quote/{number}/sheet.pdf", **{"in": "uk"})
    for number in unseen:
        for part in ("sheet", "sheet.pdf", "state", "compare"):
            asked = get(RECORD + part, "quote", f"/quote/{number}/{part}", **{"with": seen[0] if seen else 1}).expecting(403, 404)
            yield asked.just_as(get(RECORD + part, "quote", f"/quote/{MISSING}/{part}", **{"with": seen[0] if seen else 1}), f"/{MISSING}/", f"/{number}/")


@probe(RECORD + "quotes", RECORD + "version", RECORD + "onto-deal", RECORD + "decision")
def done(view: View) -> Iterator[Question]:
    """Of deals and quotes that are seen and that are not."""
    form = {"decision": "yes", "reason": "тому", "row_version": "1"}
    for number in view.seen("quote", 4):
        for deed in DEEDS:
            yield post(RECORD + deed, "quote", f"/quote/{number}/{deed}", form=form if deed == "decision" else {})
    for deal in view.seen("deal", 3):
        yield post(RECORD + "quotes", "deal", f"/deal/{deal}/quotes", form={})
    for number in view.unseen("quote", 3):
        for deed in DEEDS:
            asked = post(RECORD + deed, "quote", f"/quote/{number}/{deed}", form=form).expecting(403, 404)
            yield asked.just_as(post(RECORD + deed, "quote", f"/quote/{MISSING}/{deed}", form=form), f"/{MISSING}/", f"/{number}/")
    for deal in view.unseen("deal", 3):
        asked = post(RECORD + "quotes", "deal", f"/deal/{deal}/quotes", form={}).expecting(403, 404)
        yield asked.just_as(post(RECORD + "quotes", "deal", f"/deal/{MISSING}/quotes", form={}), f"/{MISSING}/", f"/{deal}/")


@probe(OFFER, OFFERED_FILE, *(RECORD + deed for deed in LINKS))
def linked(view: View) -> Iterator[Question]:
    """Links made, opened and answered by a stranger, ended; of quotes that are seen and that are not; and a link that is none."""
    for number in view.seen("quote", 4):
        ask = partial(_opened, number=number)
        yield Question(OFFER, "quote", f"the link of quote {number}, answered", ask, writes=True, method="POST", path="/offer/")
        for deed in LINKS:
            yield post(RECORD + deed, "quote", f"/quote/{number}/{deed}", form={"in": "en"})
    for number in view.unseen("quote", 3):
        for deed in LINKS:
            asked = post(RECORD + deed, "quote", f"/quote/{number}/{deed}", form={"in": "uk"}).expecting(403, 404)
            yield asked.just_as(post(RECORD + deed, "quote", f"/quote/{MISSING}/{deed}", form={"in": "uk"}), f"/{MISSING}/", f"/{number}/")
    for endpoint, part in ((OFFER, ""), (OFFERED_FILE, "/sheet.pdf")):
        yield Question(endpoint, "", f"a link that is none{part}", partial(_read, path=f"/offer/{'x' * 43}{part}"), method="GET", path="/offer/")


def _opened(side: Side, number: int) -> Answer:
    """What the seller gets; and, where that is a link, what the customer reads and is told when he declines."""
    made = side.send("POST", f"/quote/{number}/link", data={"in": "uk"})
    found = SECRET.search(made.body.decode())
    if not found:
        return made
    page, paper, client = _read(side, found[0]), side.send("GET", f"{found[0]}/sheet.pdf"), side.app.test_client()
    token = side.token_of(side.send("GET", found[0], client=client))
    said = side.send("POST", found[0], client=client, data={"csrf_token": token, "answer": "decline", "name": "Клієнт", "reason": "Дорого"})
    after = _read(side, found[0])
    return Answer(made.status, made.body + page.body + paper.body + after.body, (*page.heads, ("answered", str(said.status))))


def _read(side: Side, path: str) -> Answer:
    """By a browser that is not signed in; each has a token of its own."""
    answer = side.send("GET", path, client=side.app.test_client())
    return Answer(answer.status, TOKENS.sub("", answer.body.decode()).encode(), tuple((k, v) for k, v in answer.heads if k != "Set-Cookie"))


@probe("letter quote_link")
def letter_with_a_link(view: View) -> Iterator[Question]:
    """It says who sends it, and the number and the last day of the quote, which its sender has before him."""
    yield Question("letter quote_link", "", "the letter with a quote's link", _letter)


def _letter(side: Side) -> Answer:
    with side.app.app_context():
        company = side.app.extensions["brama"].catalog.company
        told = compose("client@firm.example", "uk", "Олена", "Q-1", "12 грудня 2026", f"http://localhost/offer/{'x' * 43}", company)
    return Answer(200, f"{told.subject}\n{told.body}\n{told.html}".encode(), ())
