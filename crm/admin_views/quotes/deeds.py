"""What is done with quotes beside forms: made of a deal, made anew as the next version, decided on, put onto the deal."""

from collections.abc import Callable
from urllib.parse import quote as quoted

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from crm.admin_views.kit import context
from crm.admin_views.kit.answers import record_number, say
from crm.admin_views.kit.standing import standing
from crm.admin_views.quotes.reading import NUMBER
from crm.backoffice.guard import UserSession
from crm.errors import BadRequest, Conflict, Forbidden, Invalid
from crm.messages import Message, m
from crm.sales.quotes.agreed import onto_deal
from crm.sales.quotes.course import NO, YES, may_decide
from crm.sales.quotes.deciding import decide
from crm.sales.quotes.making import next_version, of_deal

pages = Blueprint("quote_deeds", __name__)
LONGEST = 255


@pages.post(f"/deal/{NUMBER}/quotes")
def made_of_deal(record_id: int) -> Response:
    """A draft with the lines of the deal; leads to it. Raises NotFound, Forbidden."""
    return _done("deal", record_id, "deal", of_deal, "/quote/{number}/", m("A quote was made of the lines of the deal."))


@pages.post(f"/quote/{NUMBER}/version")
def version(record_id: int) -> Response:
    """The next version; leads to it. Raises NotFound, Forbidden."""
    return _done("quote", record_id, "previous", next_version, "/quote/{number}/", m("A new version was made; the former is superseded."))


@pages.post(f"/quote/{NUMBER}/onto-deal")
def agreed(record_id: int) -> Response:
    """Lines and amount of the deal are those of the quote; leads to the deal. Raises NotFound, Forbidden."""
    return _done("quote", record_id, "", onto_deal, "/deal/{number}/", m("The deal has the lines and the amount of the quote now."))


def _done(entity: str, number: int, made: str, do: Callable[[UserSession, int], int], leads: str, said: Message) -> Response:
    """Do it for who sees the record, and may make what is made; what a rule refuses is said where one came from."""
    session = context.session()
    if not session.sight.may(entity, "read"):
        raise Forbidden()
    standing(session, session.catalog.entity(entity), number)
    if made and made not in session.sight.creatable("quote"):
        raise Forbidden()
    try:
        found = do(session, number)
    except Invalid as refused:
        return refused_at(refused, f"/{entity}/{number}/")
    batch = session.batch
    session.commit()
    flash(say(said), f"success undo=/undo/{batch}")
    return redirect(leads.format(number=found), 303)


@pages.post(f"/quote/{NUMBER}/decision")
def decision(record_id: int) -> Response:
    """`decision` yes or no with `reason`, to the quote as it stood in `row_version`. Raises NotFound, Forbidden, BadRequest."""
    session, card = context.session(), f"/quote/{record_id}/"
    if not session.sight.may("quote", "read"):
        raise Forbidden()
    standing(session, session.catalog.entity("quote"), record_id)
    if not may_decide(session, record_id):
        raise Forbidden()
    given, reason, seen = request.form.get("decision", ""), request.form.get("reason", "").strip(), record_number(request.form.get("row_version", ""))
    if given not in (YES, NO):
        raise BadRequest(m("A decision is yes or no."))
    try:
        decide(session, record_id, given, reason[:LONGEST], seen)
    except Conflict:
        flash(say(m("The quote was changed since you opened it. Look at it again before you decide.")), "error")
        return redirect(card, 303)
    except Invalid as refused:
        return refused_at(refused, f"{card}?reason={quoted(reason[:LONGEST])}")
    session.commit()
    flash(say(m("Approved.") if given == YES else m("Not approved.")), "success")
    return redirect(card, 303)


def refused_at(refused: Invalid, back: str) -> Response:
    """Back to where one came from, with why nothing was done."""
    for message in refused.fields.values():
        flash(say(message), "error")
    return redirect(back, 303)
