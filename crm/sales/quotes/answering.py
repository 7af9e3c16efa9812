"""What a customer answers by the link of his quote: written through the one door, in nobody's name, with who it was and why."""

from sqlalchemy import select

from crm.backoffice import notices, records
from crm.backoffice.guard import SystemSession
from crm.errors import Invalid
from crm.messages import m
from crm.sales.quotes.counting import QUOTE
from crm.sales.quotes.course import ACCEPTED, DECLINED, SENT, state, state_of
from crm.sales.quotes.rules import ANSWERED

SOURCE = "link"  # the door of the journal
LONGEST, LONGEST_REASON = 120, 1000
TOLD = {ACCEPTED: m("A customer has accepted a quote of yours."), DECLINED: m("A customer has declined a quote of yours.")}


def checked(answer: str, name: str, reason: str) -> tuple[str, str | None]:
    """The name and the reason as they are kept. Raises Invalid: nobody's name, no reason to decline, too long."""
    name, reason = " ".join(name.split()), reason.strip()
    wrong = {}
    if not name or len(name) > LONGEST:
        wrong["name"] = m("Write your name, in at most %(most)s letters.", most=LONGEST)
    if answer == DECLINED and not reason:
        wrong["reason"] = m("Say why, in a few words.")
    elif len(reason) > LONGEST_REASON:
        wrong["reason"] = m("Say it shorter: in at most %(most)s letters.", most=LONGEST_REASON)
    if wrong:
        raise Invalid(wrong)
    return name, reason or None


def answer(session: SystemSession, quote: int, said: str, name: str, reason: str, made_by: int) -> bool:
    """Write the answer `said`, ACCEPTED or DECLINED, and tell the owner and whoever made the link. False when the quote was answered already: then
    nothing is changed. Raises Invalid. The caller commits."""
    kept = checked(said, name, reason)
    now = session.kernel(select(QUOTE.c.state_id, QUOTE.c.owner_id).where(QUOTE.c.id == quote).with_for_update()).one()
    if state_of(session, now.state_id) != SENT:
        return False
    session.info[ANSWERED] = kept
    try:
        records.change(session, "quote", quote, {"state": state(session, said)})
    finally:
        del session.info[ANSWERED]
    for person in {now.owner_id, made_by} - {None}:
        notices.tell(session, person, TOLD[said], f"/quote/{quote}/")
    return True
