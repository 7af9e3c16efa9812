"""`/quote/<number>/state`: what stands above the fields of a quote's card, and what is done with it by one key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, make_response, render_template
from flask_login import current_user
from werkzeug.wrappers import Response

from crm.admin_views.kit import context
from crm.admin_views.kit.beforehand import begins_with
from crm.admin_views.kit.days import moment_words
from crm.admin_views.kit.leads import Lead, leads_from
from crm.admin_views.kit.panels import panel_at
from crm.admin_views.kit.quick import Quick, quick_actions
from crm.admin_views.kit.standing import Standing, standing
from crm.admin_views.quotes.reading import NUMBER, Version, lines, text, values_of, versions
from crm.backoffice.fields.base import Reader, Ref
from crm.backoffice.guard import UserSession
from crm.errors import Forbidden
from crm.messages import Message, m, render
from crm.sales.quotes.course import ACCEPTED, APPROVED, DECLINED, DRAFT, NO, PICKLIST, SENT, WAITING, YES, may_decide, state_of
from crm.sales.quotes.links import contact_of, since
from crm.sales.quotes.rules import valid_from_today

pages = Blueprint("quote_panel", __name__)
KEYS = (
    "deal", "number", "state", "over_limit", "deepest", "decision", "decision_reason", "decided_by", "decided_at", "asked_by", "asked_at", "owner", "author",
    "created_by",
)
panel_at("quote", "state")


@dataclass(frozen=True)
class Approval:
    """What is to be said of the discount: a sentence, by whom and when, with which reason; `decides` whether this reader is asked here."""

    said: str
    tone: str
    icon: str
    beside: str = ""
    reason: str = ""
    decides: bool = False


@pages.get(f"/quote/{NUMBER}/state")
def state(record_id: int) -> Response:
    """For those who see the quote; each part to whom it may be shown. Raises NotFound, Forbidden."""
    session = context.session()
    if not session.sight.may("quote", "read"):
        raise Forbidden()
    rights = standing(session, session.catalog.entity("quote"), record_id)
    row = values_of(session, "quote", record_id, KEYS)
    shown = {key: value for key, value in row.values.items() if key in rights.shown}
    deal = shown["deal"].id if isinstance(shown.get("deal"), Ref) else None
    number = shown.get("number")
    found: list[Version] = versions(session, deal, number, record_id) if isinstance(number, str) else []
    now = state_of(session, shown.get("state")) if isinstance(shown.get("state"), int) else ""
    return make_response(render_template(
        "admin/quote/state.html", id=record_id, row_version=row.row_version, approval=_approval(session, rights, record_id, shown, now), versions=found,
        makes="previous" in session.sight.creatable("quote"), accepted=now == ACCEPTED and "amount" in session.sight.editable("deal"),
        empty=not lines(session, record_id, ()), link=_link(session, rights, record_id, now),
        adds=f"/quote_line/new/?quote={record_id}" if _adds(session, now) else "",
    ))


@dataclass(frozen=True)
class Link:
    """The address for the customer: since when there is one, "" for none; whether there is an e-mail to send it to."""

    since: str
    mails: bool


def _link(session: UserSession, rights: Standing, quote: int, now: str) -> Link | None:
    """None where the quote is not sent, or to who may not answer for the customer."""
    if now != SENT or session.watcher is not None or "state" not in rights.editable or "update" not in rights.actions:
        return None
    made = since(session, quote)
    return Link(moment_words(context.reader())(made) if made else "", contact_of(session, quote) is not None)


def _adds(session: UserSession, now: str) -> bool:
    return now in (DRAFT, WAITING, APPROVED) and "quote" in session.sight.creatable("quote_line")


def _approval(session: UserSession, rights: Standing, quote: int, shown: Mapping[str, Any], now: str) -> Approval | None:
    """None where nothing is asked or decided, or nothing of it shows."""
    reason, decision = text(session, "quote", "decision_reason", shown), shown.get("decision")
    by = _beside(session, shown, "decided_by", "decided_at")
    if now == WAITING:
        own = current_user.id in {one.id for key in ("owner", "author", "asked_by", "created_by") if isinstance(one := shown.get(key), Ref)}
        decides = session.watcher is None and not own and may_decide(session, quote)
        words = m("The largest discount is %(share)s: that is over the limit.", share=text(session, "quote", "deepest", shown)) if shown.get("deepest") else m(
            "A discount is over the limit.")
        return Approval(_say(words), "is-warn", "clock", _beside(session, shown, "asked_by", "asked_at"), decides=decides)
    if decision == YES and now in (APPROVED, SENT, ACCEPTED):
        return Approval(_say(m("The discount is approved.")), "is-ok", "circle-check", by, reason)
    if decision == NO and now == DRAFT:
        return Approval(_say(m("The discount was not approved. Change it, or ask again.")), "is-warn", "alert-triangle", by, reason)
    if now == DRAFT and shown.get("over_limit"):
        return Approval(_say(m("A discount is over the limit: before it is sent, the quote needs approval.")), "is-warn", "alert-triangle")
    return None


def _beside(session: UserSession, shown: Mapping[str, Any], who: str, when: str) -> str:
    moment = shown.get(when)
    parts = [text(session, "quote", who, shown), moment_words(context.reader())(moment) if moment is not None else ""]
    return " · ".join(part for part in parts if part)


def _say(message: Message) -> str:
    return render(message, context.reader().language)


@begins_with("quote")
def nearly_filled(session: UserSession, asked: Mapping[str, str]) -> Mapping[str, Any]:
    """A new quote is a draft, valid for two weeks."""
    draft = session.catalog.picklists[PICKLIST].by_key(DRAFT)
    return {"state": draft.id if draft else None, "valid_until": valid_from_today(context.reader().today)}


@quick_actions("quote")
def what_is_done_next(reader: Reader, values: Mapping[str, Any]) -> list[Quick]:
    """Ask for approval or send, take back, accepted or declined: what the state leads to."""
    states = reader.catalog.picklists[PICKLIST] if reader.catalog else None
    held = values.get("state")
    now = states.by_id(held) if states is not None and isinstance(held, int) else None
    if states is None or now is None:
        return []
    send = (SENT, "s", m("Mark as sent"), "circle-check")
    ways: Mapping[str, tuple[tuple[str, str, Message, str], ...]] = {
        DRAFT: ((WAITING, "a", m("Ask for approval"), "clock"),) if values.get("over_limit") else (send,),
        WAITING: ((DRAFT, "b", m("Back to draft"), "pencil"),),
        APPROVED: (send, (DRAFT, "b", m("Back to draft"), "pencil")),
        SENT: ((ACCEPTED, "y", m("Accepted"), "trophy"), (DECLINED, "n", m("Declined"), "x")),
    }
    known = {o.key: str(o.id) for o in states.options if not o.retired}
    return [Quick(key, render(label, reader.language), icon, {"state": known[to]}) for to, key, label, icon in ways.get(now.key, ()) if to in known]


@leads_from("quote")
def sheets(session: UserSession, entity: str, record_id: int) -> list[Lead]:
    """The sheet for the customer, in either language."""
    return [
        Lead(m("Sheet for the customer, in Ukrainian"), f"/quote/{record_id}/sheet?in=uk", "file-text"),
        Lead(m("Sheet for the customer, in English"), f"/quote/{record_id}/sheet?in=en", "file-text"),
        Lead(m("Sheet as a PDF, in Ukrainian"), f"/quote/{record_id}/sheet.pdf?in=uk", "download"),
        Lead(m("Sheet as a PDF, in English"), f"/quote/{record_id}/sheet.pdf?in=en", "download"),
    ]
