"""What a customer answers by the link of his quote: written through the one door, in nobody's name, with who it was and why."""

from collections.abc import Collection

from sqlalchemy import select, true

from crm.backoffice import notices, records
from crm.backoffice.guard import SystemSession
from crm.errors import FieldError, Invalid
from crm.messages import Message, m
from crm.sales.quotes.counting import LINE, QUOTE, if_chosen
from crm.sales.quotes.course import ACCEPTED, DECLINED, SENT, state, state_of
from crm.sales.quotes.rules import ANSWERED

SOURCE = "link"  # the door of the journal
LONGEST, LONGEST_REASON = 120, 1000
TOLD = {ACCEPTED: m("A customer has accepted a quote of yours."), DECLINED: m("A customer has declined a quote of yours.")}


def checked(session: SystemSession, answer: str, name: str, reason: str) -> tuple[str, str | None]:
    """The name and the reason as they are kept. Raises Invalid: nobody's name, no reason to decline, too long, characters that no text has."""
    kept = {"name": " ".join(name.split()), "reason": reason.strip()}
    wrong: dict[str, Message] = {}
    for key, field in (("name", "answered_by"), ("reason", "answer_reason")):
        try:
            kept[key] = session.catalog.entity("quote").fields[field].clean(kept[key]) or ""
        except FieldError as refused:
            wrong[key] = refused.message
    if not kept["name"] or len(kept["name"]) > LONGEST:
        wrong["name"] = m("Write your name, in at most %(most)s letters.", most=LONGEST)
    if answer == DECLINED and not kept["reason"]:
        wrong["reason"] = m("Say why, in a few words.")
    elif len(kept["reason"]) > LONGEST_REASON:
        wrong["reason"] = m("Say it shorter: in at most %(most)s letters.", most=LONGEST_REASON)
    if wrong:
        raise Invalid(wrong)
    return kept["name"], kept["reason"] or None


def options(session: SystemSession, quote: int) -> dict[int, bool]:
    """The optional lines of a quote, and whether each is chosen."""
    of_quote = select(LINE.c.id, LINE.c.chosen).where(LINE.c.quote_id == quote, LINE.c.optional.is_(true()), LINE.c.deleted_at.is_(None))
    return {row.id: row.chosen for row in session.kernel(of_quote.order_by(LINE.c.id))}


def answer(session: SystemSession, quote: int, said: str, name: str, reason: str, made_by: int, chosen: Collection[int] = ()) -> bool:
    """Write the answer `said`, ACCEPTED with the optional lines `chosen` or DECLINED, and tell the owner and whoever made the link. False when the quote
    was answered already: then nothing is changed. Raises Invalid. The caller commits."""
    kept = checked(session, said, name, reason)
    now = session.kernel(select(QUOTE.c.state_id, QUOTE.c.owner_id).where(QUOTE.c.id == quote).with_for_update()).one()
    if state_of(session, now.state_id) != SENT:
        return False
    session.info[ANSWERED] = kept
    try:
        if said == ACCEPTED:
            if not if_chosen(session, quote, chosen).list_amount:
                raise Invalid({"options": m("Choose at least one.")})
            there = options(session, quote)
            records.change_many(session, "quote_line", {line: {"chosen": line in chosen} for line, was in there.items() if was != (line in chosen)})
        records.change(session, "quote", quote, {"state": state(session, said)})
    finally:
        del session.info[ANSWERED]
    for person in {now.owner_id, made_by} - {None}:
        notices.tell(session, person, TOLD[said], f"/quote/{quote}/")
    return True
