"""`/quote/<number>/link`: the secret address for the customer is made, sent to the contact, ended."""

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.quotes.deeds import refused_at
from crm.admin_views.quotes.reading import NUMBER, text, values_of
from crm.admin_views.signed_in import runtime
from crm.backoffice.guard import UserSession
from crm.errors import BadRequest, Forbidden, Invalid
from crm.letters.quote_link import ask
from crm.messages import LANGUAGES, m
from crm.sales.quotes.links import contact_of, make, may_answer, not_too_often, seen_wholly, withdraw

pages = Blueprint("quote_link", __name__)


@pages.post(f"/quote/{NUMBER}/link")
def made(record_id: int) -> Response:
    """A new address instead of the one there was, in the language `in`; shown on this answer and never again. Raises NotFound, Forbidden, BadRequest."""
    session, card, language = _session(), f"/quote/{record_id}/", _language()
    try:
        secret = make(session, record_id, language)
    except Invalid as refused:
        return refused_at(refused, card)
    name = text(session, "quote", "name", values_of(session, "quote", record_id, ("name",)).values)
    session.commit()
    return make_response(render_template("admin/quote/link.html", back=card, name=name, address=f"{runtime().settings.address}/offer/{secret}"))


@pages.post(f"/quote/{NUMBER}/link/mail")
def mailed(record_id: int) -> Response:
    """A letter with a new address to the contact of the deal, in the language `in`. Raises NotFound, Forbidden, BadRequest."""
    session, card, language = _session(), f"/quote/{record_id}/", _language()
    may_answer(session, record_id)
    seen_wholly(session, record_id)
    email = contact_of(session, record_id)
    if email is None:
        flash(say(m("The contact of the deal has no e-mail that you see. Copy the link instead.")), "error")
        return redirect(card, 303)
    try:
        not_too_often(session, record_id)
    except Invalid as refused:
        return refused_at(refused, card)
    ask(session, record_id, language)
    session.commit()
    flash(say(m("A letter with the link goes to %(email)s.", email=email)), "success")
    return redirect(card, 303)


@pages.post(f"/quote/{NUMBER}/link/end")
def ended(record_id: int) -> Response:
    """The address works no more. Raises NotFound, Forbidden."""
    session = _session()
    if withdraw(session, record_id):
        session.commit()
    flash(say(m("The link no longer works.")), "success")
    return redirect(f"/quote/{record_id}/", 303)


def _session() -> UserSession:
    session = context.session()
    if not session.sight.may("quote", "read"):
        raise Forbidden()
    return session


def _language() -> str:
    language = request.form.get("in", "")
    if language not in LANGUAGES:
        raise BadRequest(m("The link is in Ukrainian or in English."))
    return language
