"""Signing in and out, passwords, letters and the own profile: the same for known and unknown people, whatever differs in the data."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from crm.letters import access_review
from crm.letters.emergency import Taken, compose
from crm.messages import Label
from tests.leaks.questions import MISSING, Question, View, get, post, probe
from tests.leaks.sides import Answer, Side
from tests.leaks.world import PASSWORD, email

LETTERS = Path(__file__).parents[3] / "templates" / "emails"
TOKENS = re.compile(r'(?:name="csrf_token"|name="csrf-token")[^>]*')
PLAN = re.compile(r"/calendar/[\w-]{43}\.ics")
LINK = re.compile(r"/(reset|invitation|offer)/([\w-]{20,})")


def _stranger(side: Side, method: str, path: str, **form: str) -> Answer:
    """A browser that is not signed in, from the page that holds the form."""
    client = side.app.test_client()
    token = side.token_of(side.send("GET", path, client=client)) if method == "POST" else ""
    answer = side.send(method, path, client=client, **({"data": {**form, "csrf_token": token}} if method == "POST" else {}))
    # Every browser has a token of its own.
    heads = tuple((k, v) for k, v in answer.heads if k not in ("Set-Cookie",))
    return Answer(answer.status, TOKENS.sub("", answer.body.decode()).encode(), heads)


def _asking(endpoint: str, method: str, path: str, *, writes: bool = False, **form: str) -> Question:
    said = f"{method} {path} {form} by a stranger"
    return Question(endpoint, "", said, lambda side: _stranger(side, method, path, **form), writes=writes, method=method, path=path)


@probe("/sign-in", "/sign-out", "/sign-out-everywhere")
def signing_in(view: View) -> Iterator[Question]:
    yield get("/sign-in", "", "/sign-in")
    yield _asking("/sign-in", "GET", "/sign-in?next=/account/1/")
    for path in ("/", "/account/1/", "/account/?sort=revenue", "/report/win_rate", "/search?q=x"):
        yield _asking("/sign-in", "GET", path)
    known = _asking("/sign-in", "POST", "/sign-in", writes=True, email=email(view.role), password="wrong password")
    nobody = email(view.role)[::-1].partition("@")[0] + "@" + email(view.role)[::-1].partition("@")[2]
    unknown = _asking("/sign-in", "POST", "/sign-in", writes=True, email=nobody, password="wrong password")
    yield known.expecting(422).just_as(unknown, nobody, email(view.role))
    right = replace(unknown, ask=lambda side: side.sign_in(side.app.test_client()), say="POST /sign-in with the right password")
    yield right.expecting(303)
    for path in ("/sign-out", "/sign-out-everywhere"):
        yield Question(path, "", f"POST {path}", partial(_leaving, path), writes=True, method="POST", path=path)


def _leaving(path: str, side: Side) -> Answer:
    """Another browser of the person signs out, and what it gets then; the first one signs in anew where all were ended."""
    client = side.app.test_client()
    side.sign_in(client)
    token = side.token_of(side.send("GET", "/profile/", client=client))
    answer = side.send("POST", path, client=client, data={"csrf_token": token})
    after = side.send("GET", "/account/", client=client)
    if path.endswith("everywhere"):
        side.client = side.app.test_client()
        side.sign_in()
    return Answer(answer.status, answer.body + after.body, answer.heads + after.heads)


@probe("/forgot", "/<purpose>/<token>", "/<reset, invitation>/<token>")
def forgotten(view: View) -> Iterator[Question]:
    """A letter asked for by somebody known and by nobody: one answer; and the letter itself."""
    yield _asking("/forgot", "GET", "/forgot")
    for purpose in ("reset", "invitation"):
        yield _asking("/<purpose>/<token>", "GET", f"/{purpose}/{'x' * 43}")
        yield _asking("/<purpose>/<token>", "POST", f"/{purpose}/{'x' * 43}", password="seven new storks", writes=True)
    known, unknown = (_asking("/forgot", "POST", "/forgot", writes=True, email=who) for who in ("colleague1@firm.example", "nobody@firm.example"))
    yield known.expecting(200).just_as(unknown, afresh=True)


def kinds_of_letters() -> set[str]:
    """A kind for every text that the product sends, as `letter reset`."""
    return {f"letter {text.stem}" for text in LETTERS.glob("*.txt")}


@probe("letter invitation", "letter reset")
def letters(view: View) -> Iterator[Question]:
    """What arrives in the mailbox: of a forgotten password, and of an invitation; and the page behind its link."""
    yield Question("letter reset", "", "the letter of a forgotten password", lambda side: _letter(side, email(side.role)), writes=True)
    yield Question("letter invitation", "", "the letter of an invitation", _invited, writes=True)


def _letter(side: Side, who: str) -> Answer:
    _stranger(side, "POST", "/forgot", email=who)
    letter = _delivered(side)
    assert letter.body, "no letter was sent"
    return letter


def _invited(side: Side) -> Answer:
    done = side.command("user", "add", f"new.{side.role.replace('_', '.')}@firm.example", "--name", "Нова людина")
    letter = _delivered(side)
    assert letter.body, "no letter was sent"
    return Answer(done.status, done.body + letter.body, done.heads + letter.heads)


def _delivered(side: Side) -> Answer:
    """Every waiting letter as it is sent, and the page behind each link."""
    texts = [path.read_bytes() for path in side.letters()]
    pages = [_stranger(side, "GET", f"/{m[1]}/{m[2]}") for t in texts for m in LINK.finditer(t.decode().replace("=\n", ""))]
    return Answer(200, b"\n".join([*texts, *(p.body for p in pages)]), tuple(h for p in pages for h in p.heads))


@probe("/profile/", "/profile/look", "/profile/password", "/profile/sessions/", "/profile/sessions/<session_id>/end")
def profile(view: View) -> Iterator[Question]:
    yield get("/profile/", "", "/profile/")
    yield get("/profile/sessions/", "", "/profile/sessions/")
    yield post("/profile/", "", "/profile/", form={"language": "en", "time_zone": "Europe/Warsaw", "theme": "dark"})
    yield post("/profile/", "", "/profile/", form={"language": "xx"})
    yield post("/profile/look", "", "/profile/look", form={"theme": "light"})
    yield post("/profile/password", "", "/profile/password", form={"current": "wrong", "password": PASSWORD, "again": PASSWORD})
    yield replace(post("/profile/password", "", "/profile/password"), ask=_changed, say="POST /profile/password, and back")
    # Sign-ins of others are as unknown as those that never were.
    for number in (1, 2, 3):
        asked = post("/profile/sessions/<session_id>/end", "", f"/profile/sessions/{number}/end").expecting(404)
        yield asked.just_as(post("/profile/sessions/<session_id>/end", "", "/profile/sessions/99/end"), "/99/", f"/{number}/")


def _changed(side: Side) -> Answer:
    """A new password, and the old one again, so that the person can go on signing in."""
    other, answers = "eight loud cranes fly", []
    for old, new in ((PASSWORD, other), (other, PASSWORD)):
        answers.append(side.send("POST", "/profile/password", data={"current": old, "password": new, "again": new}))
        side.client = side.app.test_client()
        side.sign_in(password=new)
    return Answer(answers[0].status, b"\n".join(a.body for a in answers), tuple(h for a in answers for h in a.heads))


@probe(
    "/sign-in/code", "/profile/second-factor/", "/profile/second-factor/begin", "/profile/second-factor/confirm", "/profile/second-factor/renew",
    "/profile/second-factor/off",
)
def second_factor(view: View) -> Iterator[Question]:
    """The page of one's own two-step sign-in and what it refuses; a key begun and shown; a code without a password."""
    own = "/profile/second-factor/"
    yield _asking("/sign-in/code", "GET", "/sign-in/code")
    yield Question("/sign-in/code", "", "POST /sign-in/code by a stranger", _code_of_a_stranger, writes=True, method="POST", path="/sign-in/code")
    yield get(own, "", own)
    for what in ("confirm", "off"):
        yield post(own + what, "", own + what, form={"current": "wrong password", "code": "000000"}).expecting(422)
    yield post(own + "renew", "", own + "renew", form={"current": "", "code": ""}).expecting(422)
    yield post(own + "begin", "", own + "begin", form={"current": PASSWORD}).expecting(303)
    yield replace(get(own, "", own), say="the page while its key waits")


def _code_of_a_stranger(side: Side) -> Answer:
    client = side.app.test_client()
    token = side.token_of(side.send("GET", "/sign-in", client=client))
    return side.send("POST", "/sign-in/code", client=client, data={"code": "000000", "csrf_token": token})


@probe("/timer/", "/timer/start", "/timer/stop", "/timer/drop")
def timer(view: View) -> Iterator[Question]:
    """The own timer over interactions that are seen, unseen and missing."""
    yield get("/timer/", "", "/timer/")
    yield post("/timer/stop", "", "/timer/stop")
    for number in [*view.seen("interaction", 2), *view.unseen("interaction", 2)]:
        asked = post("/timer/start", "interaction", "/timer/start", form={"interaction": str(number)})
        if number in view.visible("interaction"):
            yield asked
            yield get("/timer/", "interaction", "/timer/")
            yield post("/timer/stop", "interaction", "/timer/stop")
        else:
            yield asked.expecting(403, 404)
    yield post("/timer/start", "interaction", "/timer/start", form={"interaction": str(MISSING), "from": "/account/1/"})
    yield post("/timer/start", "", "/timer/start", form={"from": "/account/1/"})
    yield get("/timer/", "", "/timer/", lang="uk")
    yield post("/timer/drop", "", "/timer/drop")


@probe("/<entity>/<record_id>/sign-in/", "/<entity>/<record_id>/sign-in/reset", "/<entity>/<record_id>/sign-in/end")
def sign_in_of_others(view: View) -> Iterator[Question]:
    """How somebody else signs in; nobody is reset here but whoever is not seen, which is refused."""
    for number in view.seen("user"):
        yield get("/<entity>/<record_id>/sign-in/", "user", f"/user/{number}/sign-in/")
    for number in view.unseen("user"):
        asked = get("/<entity>/<record_id>/sign-in/", "user", f"/user/{number}/sign-in/").expecting(404)
        yield asked.just_as(get("/<entity>/<record_id>/sign-in/", "user", f"/user/{MISSING}/sign-in/"), f"/{MISSING}/", f"/{number}/")
        for what in ("reset", "end"):
            yield post(f"/<entity>/<record_id>/sign-in/{what}", "user", f"/user/{number}/sign-in/{what}").expecting(404)
    for what in ("reset", "end"):
        yield post(f"/<entity>/<record_id>/sign-in/{what}", "user", f"/user/{MISSING}/sign-in/{what}").expecting(404)


@probe("/profile/calendar", "/profile/calendar/revoke", "/calendar/<secret>.ics")
def plan_of_a_calendar(view: View) -> Iterator[Question]:
    """The own plan behind a secret address, by a programme that is not signed in; an address that is none."""
    feed = "/calendar/<secret>.ics"
    yield post("/profile/calendar", "", "/profile/calendar")
    yield Question(feed, "interaction", "the own plan", _plan, writes=True, method="GET", path="/calendar/")
    yield _asking(feed, "GET", "/calendar/nothing.ics")
    yield post("/profile/calendar/revoke", "", "/profile/calendar/revoke")


def _plan(side: Side) -> Answer:
    page = side.send("POST", "/profile/calendar")
    found = PLAN.search(page.body.decode())
    assert found
    return side.send("GET", found[0], client=side.app.test_client())


@probe("/duties/")
def duties(view: View) -> Iterator[Question]:
    """The page of conflicting roles, in both languages."""
    yield get("/duties/", "", "/duties/")
    yield get("/duties/", "", "/duties/", lang="uk")


@probe("/emergency/", "/emergency/<membership_id>/back", "/emergency/taken/")
def emergency(view: View) -> Iterator[Question]:
    """What is offered in an emergency, what is refused of it, and who took something; a membership of others is as unknown as none."""
    yield get("/emergency/", "", "/emergency/")
    for role in (*view.seen("role", 2), *view.unseen("role", 2), MISSING):
        form = {"role": str(role), "hours": "1", "reason": "Потрібно", "current": PASSWORD}
        yield post("/emergency/", "", "/emergency/", form=form).expecting(422)
    for number in (1, 2, 3):
        asked = post("/emergency/<membership_id>/back", "", f"/emergency/{number}/back").expecting(404)
        yield asked.just_as(post("/emergency/<membership_id>/back", "", f"/emergency/{MISSING}/back"), f"/{MISSING}/", f"/{number}/")
    yield get("/emergency/taken/", "", "/emergency/taken/")
    yield get("/emergency/taken/", "", "/emergency/taken/", lang="uk")


@probe("letter access_review")
def letter_of_a_review(view: View) -> Iterator[Question]:
    """The letter to somebody for whom decisions of a review wait."""
    yield Question("letter access_review", "", "the letter of a review", _asked_to_review, writes=True)


def _asked_to_review(side: Side) -> Answer:
    runtime = side.app.extensions["brama"]
    told = access_review.Told("Весняний перегляд", date(2026, 3, 5), 3, False, "/access-reviews/1/mine/")
    with side.app.app_context():
        letter = access_review.compose("Хтось", "somebody@firm.example", "uk", told, runtime.catalog.company, runtime.settings.address)
    return Answer(200, f"{letter.subject}\n{letter.body}\n{letter.html}".encode(), ())


@probe("letter emergency")
def letter_of_an_emergency(view: View) -> Iterator[Question]:
    """The letter about a role that the person took, as an owner gets it."""
    yield Question("letter emergency", "", "the letter of an emergency", _told, writes=True)


def _told(side: Side) -> Answer:
    runtime = side.app.extensions["brama"]
    taken = Taken(f"Особа {side.role}", Label("Керівник", "Head"), datetime(2026, 3, 5, 14, 30, tzinfo=UTC), "Потрібно")
    with side.app.app_context():
        letter = compose("Власник", "owner@firm.example", "uk", taken, runtime.catalog.company, runtime.settings.address)
    return Answer(200, f"{letter.subject}\n{letter.body}\n{letter.html}".encode(), ())
