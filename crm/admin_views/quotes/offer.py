"""`/offer/<secret>`: a quote as its customer reads and answers it, without signing in; the secret is the key."""

from collections.abc import Collection
from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request
from flask_babel import refresh
from werkzeug.wrappers import Response

from crm.admin_views.gate import open_to_all, where
from crm.admin_views.quotes.drawn import drawn
from crm.admin_views.quotes.sheet import as_pdf
from crm.admin_views.signed_in import runtime, wait_sentence
from crm.backoffice.guard import UserSession, system_session, user_session
from crm.backoffice.paper.printing import NoPdf
from crm.errors import BadRequest, BramaError, Forbidden, Invalid, NotFound
from crm.languages import current_language
from crm.messages import LANGUAGES, Message, m, render
from crm.organization import throttle
from crm.permissions import access_for
from crm.sales.quotes.answering import SOURCE, answer, options
from crm.sales.quotes.course import ACCEPTED, DECLINED, SENT
from crm.sales.quotes.links import Held, held_by, may_answer, seen_wholly

pages = Blueprint("quote_offer", __name__)
ANSWERS = {"accept": ACCEPTED, "decline": DECLINED}
ADDRESS = "/offer/<secret>"
COUNT, MOST = "count", 500


@pages.get(ADDRESS)
@open_to_all
def show(secret: str) -> Response:
    """The sheet, and what is answered to it; once answered, what it was. Raises NotFound, alike for every link that does not hold."""
    held = _held(secret)
    return _page(secret, held, {}) if isinstance(held, Held) else held


@pages.post(ADDRESS)
@open_to_all
def take(secret: str) -> Response:
    """`answer` accept or decline by `name`, with a `reason`; leads back to the page. Answered before: nothing is changed. `option` are the optional lines
    that are taken, `shown` those whose total was before him: what he accepts is what he has seen. `answer` count shows the total and writes nothing.
    Raises NotFound, BadRequest."""
    held = _held(secret)
    if not isinstance(held, Held):
        return held
    asked = request.form.get("answer", "")
    said, ticked = ANSWERS.get(asked), {int(one) for one in request.form.getlist("option")[:MOST] if one.isascii() and one.isdigit() and len(one) < 10}
    if said is None and asked != COUNT:
        raise BadRequest(m("A quote is accepted or declined."))
    here, name, reason = runtime(), request.form.get("name", "")[:1000], request.form.get("reason", "")[:5000]
    wait = 0 if said is None else _wait("the customer of a quote")
    wrong, status = dict[str, str](), 200
    # Only an answer is written: whoever counts, be it without end, keeps nobody from saving.
    with system_session(here.engine, "the customer of a quote", here.catalog, write=said is not None and not wait, source=SOURCE) as work:
        there = options(work, held.quote)
        chosen = ticked & set(there)
        if wait:
            wrong, status = {"": wait_sentence(wait)}, 429
        elif said == ACCEPTED and held.state == SENT and there and request.form.get("shown", "") != _named(chosen):
            wrong, status = {"": _say(m("You have chosen something else: look at the total, and accept once more."))}, 422
        elif said is not None:
            try:
                may_answer(g.session, held.quote)  # whoever made the link may have lost the right since, and knows the secret still
                answer(work, held.quote, said, name, reason, held.made_by, chosen)
                work.commit()
                return redirect(f"/offer/{secret}", 303)
            except (Invalid, NotFound, Forbidden) as refused:
                wrong, status = _told(refused), 422
    return _page(secret, held, wrong, status, chosen)


def _told(refused: BramaError) -> dict[str, str]:
    """What the customer is told at his fields. Why a rule does not let it be accepted, as that the deal is lost, is none of his business."""
    fields = refused.fields if isinstance(refused, Invalid) else {}
    known = {key: _say(why) for key, why in fields.items() if key in ("name", "reason", "options")}
    return known or {"": _say(m("This quote cannot be answered now. Write to whoever sent it."))}


@pages.get(f"{ADDRESS}/sheet.pdf")
@open_to_all
def file(secret: str) -> Response:
    """The sheet as a PDF, to be kept or sent on; each takes a good part of a second of the server's, so it counts as an attempt of its network.
    Where none can be made, the page, which can be printed. Raises NotFound."""
    held = _held(secret)
    if not isinstance(held, Held):
        return held
    if wait := _wait("the sheet of a quote as a file"):
        return _paused(wait)
    try:
        return as_pdf(drawn(g.session, held.quote))
    except NoPdf:
        return redirect(f"/offer/{secret}?lang={current_language()}", 303)


def _held(secret: str) -> Held | Response:
    """What the link opens, for a request that from here on speaks the customer's language and sees what the link's maker sees; where this network
    has tried too many that are none, how long to wait. Raises NotFound."""
    here = runtime()
    with system_session(here.engine, "a quote's link", here.catalog, source=SOURCE) as work:
        held = held_by(work, secret[:200])
    language = request.args.get("lang") if request.args.get("lang") in LANGUAGES else held.language if held else ""
    try:
        if held is None:
            raise NotFound()
        session = user_session(here.engine, access_for(here.engine, held.made_by, here.catalog), here.catalog, reader=here.catalog.reader(language))
        _see(session, held.quote)
    except (NotFound, Forbidden):
        if wait := _wait("a link of no quote"):
            return _paused(wait)
        raise NotFound(m("This link does not work any more. Ask whoever sent it for another one.")) from None
    # The session is closed, and what it read of sensitive fields journaled, with the request.
    g.session, g.language, g.reader = session, language, here.catalog.reader(language)
    refresh()
    return held


def _wait(why: str) -> int:
    """Counts an attempt of this network; seconds to wait where there were too many."""
    here = runtime()
    with system_session(here.engine, why, here.catalog, write=True, source=SOURCE) as work:
        wait = throttle.enter(work, [(throttle.OFFER, throttle.network(where().address))])
        work.commit()
    return wait


def _say(message: Message) -> str:
    return render(message, current_language())


def _see(session: UserSession, quote: int) -> None:
    """Closes a session that does not see the sheet wholly: of it nothing more is shown, also not to who is signed in. Raises NotFound, Forbidden."""
    try:
        seen_wholly(session, quote)
    except BramaError:
        session.close()
        raise


def _named(chosen: Collection[int]) -> str:
    return ",".join(map(str, sorted(chosen)))


def _page(secret: str, held: Held, wrong: dict[str, str], status: int = 200, choice: Collection[int] | None = None) -> Response:
    found: dict[str, Any] = drawn(g.session, held.quote, choice if held.state == SENT else None)
    return make_response(render_template(
        "admin/quote/offer.html", secret=secret, shown=_named([one.id for one in found["optional"] if one.counted]),
        asks=held.state == SENT, accepted=held.state == ACCEPTED, wrong=wrong,
        typed={key: request.form.get(key, "") for key in ("name", "reason")}, other={"uk": "en", "en": "uk"}[current_language()], **found,
    ), status)


def _paused(seconds: int) -> Response:
    answered = make_response(render_template("error.html", status=429, code="too_many", message=wait_sentence(seconds), fields={}), 429)
    answered.headers["Retry-After"] = str(seconds)
    return answered
