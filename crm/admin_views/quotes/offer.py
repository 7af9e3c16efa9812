"""`/offer/<secret>`: a quote as its customer reads and answers it, without signing in; the secret is the key."""

from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request
from flask_babel import refresh
from werkzeug.wrappers import Response

from crm.admin_views.gate import open_to_all, where
from crm.admin_views.quotes.drawn import drawn
from crm.admin_views.signed_in import runtime, wait_sentence
from crm.backoffice.guard import UserSession, system_session, user_session
from crm.errors import BadRequest, BramaError, Forbidden, Invalid, NotFound
from crm.languages import current_language
from crm.messages import LANGUAGES, m, render
from crm.organization import throttle
from crm.permissions import access_for
from crm.sales.quotes.answering import SOURCE, answer
from crm.sales.quotes.course import ACCEPTED, DECLINED, SENT
from crm.sales.quotes.links import Held, held_by, seen_wholly

pages = Blueprint("quote_offer", __name__)
ANSWERS = {"accept": ACCEPTED, "decline": DECLINED}
ADDRESS = "/offer/<secret>"


@pages.get(ADDRESS)
@open_to_all
def show(secret: str) -> Response:
    """The sheet, and what is answered to it; once answered, what it was. Raises NotFound, alike for every link that does not hold."""
    held = _held(secret)
    return _page(secret, held, {}) if isinstance(held, Held) else held


@pages.post(ADDRESS)
@open_to_all
def take(secret: str) -> Response:
    """`answer` accept or decline by `name`, with a `reason`; leads back to the page. Answered before: nothing is changed. Raises NotFound, BadRequest."""
    held = _held(secret)
    if not isinstance(held, Held):
        return held
    said = ANSWERS.get(request.form.get("answer", ""))
    if said is None:
        raise BadRequest(m("A quote is accepted or declined."))
    here, name, reason = runtime(), request.form.get("name", "")[:1000], request.form.get("reason", "")[:5000]
    with system_session(here.engine, "the customer of a quote", here.catalog, write=True, source=SOURCE) as work:
        wait = throttle.enter(work, [(throttle.OFFER, throttle.network(where().address))])
        if wait:
            return _page(secret, held, {"": wait_sentence(wait)}, 429)
        try:
            answer(work, held.quote, said, name, reason, held.made_by)
        except Invalid as refused:
            known = {key: render(why, current_language()) for key, why in refused.fields.items() if key in ("name", "reason")}
            # Why a rule does not let it be accepted, as that the deal is lost, is none of the customer's business.
            return _page(secret, held, known or {"": render(m("This quote cannot be answered now. Write to whoever sent it."), current_language())}, 422)
        work.commit()
    return redirect(f"/offer/{secret}", 303)


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
        with system_session(here.engine, "a link of no quote", here.catalog, write=True, source=SOURCE) as work:
            wait = throttle.enter(work, [(throttle.OFFER, throttle.network(where().address))])
            work.commit()
        if wait:
            return _paused(wait)
        raise NotFound(m("This link does not work any more. Ask whoever sent it for another one.")) from None
    # The session is closed, and what it read of sensitive fields journaled, with the request.
    g.session, g.language, g.reader = session, language, here.catalog.reader(language)
    refresh()
    return held


def _see(session: UserSession, quote: int) -> None:
    """Closes a session that does not see the sheet wholly: of it nothing more is shown, also not to who is signed in. Raises NotFound, Forbidden."""
    try:
        seen_wholly(session, quote)
    except BramaError:
        session.close()
        raise


def _page(secret: str, held: Held, wrong: dict[str, str], status: int = 200) -> Response:
    found: dict[str, Any] = drawn(g.session, held.quote)
    return make_response(render_template(
        "admin/quote/offer.html", secret=secret, asks=held.state == SENT, accepted=held.state == ACCEPTED, wrong=wrong,
        typed={key: request.form.get(key, "") for key in ("name", "reason")}, other={"uk": "en", "en": "uk"}[current_language()], **found,
    ), status)


def _paused(seconds: int) -> Response:
    answered = make_response(render_template("error.html", status=429, code="too_many", message=wait_sentence(seconds), fields={}), 429)
    answered.headers["Retry-After"] = str(seconds)
    return answered
