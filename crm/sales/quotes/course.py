"""The course of a quote: its states, which may follow which, and what may still be changed in each."""

from collections.abc import Mapping

from sqlalchemy import select

from crm.backoffice.access import Action
from crm.backoffice.guard import DataSession, SystemSession
from crm.backoffice.rules import LOADING
from crm.backoffice.sight import Sight

PICKLIST = "quote_state"
STATES = ("draft", "waiting", "approved", "sent", "accepted", "declined", "superseded", "expired")
DRAFT, WAITING, APPROVED, SENT, ACCEPTED, DECLINED, SUPERSEDED, EXPIRED = STATES
OPEN = frozenset({DRAFT, WAITING, APPROVED})  # what stands in it may still be changed
GIVEN = frozenset({SENT, ACCEPTED})  # the customer has it in hand
ENDED = frozenset({DECLINED, EXPIRED})  # how a version ended stays known when a next one is made
# From a state to those that a person may choose next. A yes leads to `approved`, a next version to `superseded`, a day that is past to `expired`.
COURSE: Mapping[str, frozenset[str]] = {
    DRAFT: frozenset({WAITING, SENT}), WAITING: frozenset({DRAFT}), APPROVED: frozenset({DRAFT, SENT}), SENT: frozenset({ACCEPTED, DECLINED}),
    ACCEPTED: frozenset(), DECLINED: frozenset(), SUPERSEDED: frozenset(), EXPIRED: frozenset(),
}
YES, NO = "yes", "no"
FOLLOWING = "quote follows"  # of a session: a state is put by a rule and not by a person
UPDATE: frozenset[Action] = frozenset({"update"})


def state_of(session: DataSession, number: int | None) -> str:
    """The key of a state, "" for none."""
    found = session.catalog.picklists[PICKLIST].by_id(number) if number is not None else None
    return found.key if found else ""


def state(session: DataSession, key: str) -> int | None:
    """The number of a state; None in a company that does not have it."""
    found = session.catalog.picklists[PICKLIST].by_key(key)
    return found.id if found else None


def brings_history(session: DataSession) -> bool:
    """Whether quotes come in with the states that they had elsewhere: by an import or the demo, of whoever may decide on discounts himself."""
    if session.source not in LOADING:
        return False
    return isinstance(session, SystemSession) or decides(session.sight)


def decides(sight: Sight) -> bool:
    """Whether a person may decide on some quote."""
    kind = sight.catalog.entity("quote")
    return not sight.records(kind, UPDATE).never and not sight.grants(kind, kind.fields["decision"], UPDATE, "edit").never


def may_decide(session: DataSession, quote: int) -> bool:
    """Whether the session's person sees this quote and his rights let him decide on it; whether it is his own is not asked here."""
    if not decides(session.sight) or "decision" not in session.sight.filterable("quote"):
        return False
    quotes = session.table("quote")
    found = select(quotes.id).where(quotes.visible, quotes.id == quote, quotes.may("update"), quotes.may_edit("decision", "update"), quotes.shows("decision"))
    return session.execute(found).first() is not None
