"""What quotes must satisfy: their versions, the course of their states, and the yes that a large discount needs."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from sqlalchemy import func, select

from crm.backoffice import notices, outbox, records
from crm.backoffice.guard import DataSession
from crm.backoffice.rules import LOADING, Draft, before_save, when_changed
from crm.backoffice.saving.drafts import visible
from crm.messages import m
from crm.sales.quotes.counting import QUOTE, counted
from crm.sales.quotes.course import (
    ACCEPTED, APPROVED, COURSE, DRAFT, ENDED, FOLLOWING, GIVEN, OPEN, PICKLIST, SENT, SUPERSEDED, WAITING, YES, brings_history, state, state_of,
)

CONTENTS = ("currency", "whole_discount", "legal_entity", "valid_until", "payment_terms", "delivery_terms")
ANSWERED = "quote is answered"  # of a session: the name and the reason of a customer who answers by the link
DECIDING = "quote is decided"  # of a session: a person decides on what stands before him
PRICES = {"price", "list_price", "discount", "amount", "tax_rate"}  # of a line
USUAL_DAYS = 14  # that a quote is valid for
ASKING = "quote_waiting"  # of the outbox: whoever may decide on a quote is to be told
OVER = m("A discount is over the limit: ask for approval first.")
LOCKED = m("The customer has this version in hand, or there is a newer one: it stays as it is. Make a new version.")


@before_save("quote")
def a_version_of_its_number(draft: Draft) -> None:
    """A quote has the number of its first version, and versions follow each other: a new one is made of the newest. It stays with its deal."""
    if not draft.is_new:
        for key in ("deal", "previous"):
            if draft.changed(key) and draft.old:
                draft.refuse(key, m("A quote stays with its deal, and a version with the one that it was made of."))
        return
    session, previous = draft.session, draft["previous"]
    if previous is None:
        draft["number"], draft["version"] = draft["number"] or draft["code"], draft["version"] or 1
    elif previous in visible(session, "quote", [previous]):
        row = session.kernel(select(QUOTE.c.deal_id, QUOTE.c.number, QUOTE.c.version).where(QUOTE.c.id == previous)).one()
        of_number = (QUOTE.c.deal_id == row.deal_id, QUOTE.c.number == row.number)
        session.kernel(select(QUOTE.c.id).where(*of_number).with_for_update())  # two who make the next version at once wait for each other
        newest = session.kernel(select(func.max(QUOTE.c.version)).where(*of_number, QUOTE.c.deleted_at.is_(None))).scalar_one()
        if row.version != newest:
            draft.refuse("previous", m("There is a newer version already: make the next one of that."))
        if draft["deal"] not in (None, row.deal_id):
            draft.refuse("deal", m("A version belongs to the deal of the one that it was made of."))
        draft["deal"], draft["number"] = row.deal_id, row.number
        draft["version"] = session.kernel(select(func.max(QUOTE.c.version)).where(*of_number)).scalar_one() + 1


@before_save("quote")
def called_by_number_and_version(draft: Draft) -> None:
    """A quote without a name is called by its number, from the second version on with the version."""
    if not draft["name"]:
        number = draft["number"] or draft["code"]
        draft["name"] = number if draft["version"] in (None, 1) else f"{number} · {draft['version']}"


@before_save("quote")
def begins_as_a_draft(draft: Draft) -> None:
    """A quote without a state is a draft."""
    if draft["state"] is None:
        draft["state"] = state(draft.session, DRAFT)
    if draft["over_limit"] is None:
        draft["over_limit"] = False


@before_save("quote")
def valid_for_some_days(draft: Draft) -> None:
    """A quote is valid until a day that is not past: for two weeks unless another one is given."""
    if draft.session.source in LOADING:
        return
    today = draft.session.reader.today
    if draft["valid_until"] is None and draft.is_new:
        draft["valid_until"] = valid_from_today(today)
    elif draft["valid_until"] is not None and draft.takes("valid_until") and draft["valid_until"] < today and not draft.session.undoing:
        draft.refuse("valid_until", m("This day is past already."))


def valid_from_today(today: date) -> date:
    """The last day of a quote that is made today, unless another one is given."""
    return today + timedelta(days=USUAL_DAYS)


@before_save("quote")
def of_a_deal_that_is_not_lost(draft: Draft) -> None:
    """No quote is made, sent or accepted for a lost deal."""
    session, now = draft.session, state_of(draft.session, draft["state"])
    if session.source in LOADING or session.undoing or _comes_back(draft) or not (draft.is_new or (draft.changed("state") and now in GIVEN)):
        return
    if "stage" not in session.sight.filterable("deal"):
        return  # a refusal would tell him in which stage the deal stands
    deals = session.table("deal")
    stage = session.scalar(select(deals["stage"]).where(deals.visible, deals.id == draft["deal"]))
    if stage in session.catalog.stages("lost"):
        draft.refuse("deal", m("The deal is lost. Open it again before a quote is made or sent."))


@before_save("quote")
def a_discount_on_the_whole_is_a_fraction(draft: Draft) -> None:
    """A discount on the whole lies between 0 and 100 %; whoever gives it is the author, whose limits hold."""
    if draft["whole_discount"] is not None and not 0 <= draft["whole_discount"] <= 1:
        draft.refuse("whole_discount", m("A discount lies between 0 and 100 %%."))
        return
    session = draft.session
    if draft.changed("whole_discount") and not set(session.sight.filterable("quote_line")) >= PRICES:
        # What the quote comes to would tell him the prices from which it is counted.
        draft.refuse("whole_discount", m("Whoever gives a discount on the whole sees the prices and discounts of the lines."))
        return
    if draft.old and draft.changed("whole_discount") and session.actor_id is not None and not brings_history(session):
        draft["author"] = session.actor_id


@before_save("quote")
def a_change_takes_the_yes_back(draft: Draft) -> None:
    """What a customer has in hand is not changed. A change of what is offered takes back the yes that was given to it, and what was asked."""
    session, before = draft.session, state_of(draft.session, draft.old.get("state"))
    if draft.is_new:
        draft["author"] = session.actor_id or draft["owner"]
    changed = [key for key in CONTENTS if draft.changed(key)] if draft.old else []
    if not changed or brings_history(session):
        return
    if before not in OPEN:
        for key in changed:
            draft.refuse(key, LOCKED)
        return
    if before in (WAITING, APPROVED):
        if not draft.changed("state"):
            draft["state"] = state(session, DRAFT)
        draft["decision"] = draft["decision_reason"] = None


@before_save("quote")
def decided_by_somebody_else(draft: Draft) -> None:
    """A yes or no is given to what was asked, with a reason, and by nobody to a quote of his own."""
    session, before = draft.session, state_of(draft.session, draft.old.get("state"))
    if brings_history(session) or _comes_back(draft) or not draft.changed("decision", "decision_reason"):
        return
    if session.undoing:
        if draft["decision"] is not None:  # nothing gives a yes but a person who has just read what he says it to
            draft["decision"] = draft["decision_reason"] = None
        return
    if draft["decision"] is None:
        draft["decision_reason"] = None
        if before == APPROVED and not draft.changed("state"):
            draft["state"] = state(session, DRAFT)
        return
    if not session.info.get(DECIDING):  # a list or a form does not say which version of the lines was read
        draft.refuse("decision", m("Decide on the card of the quote, where all of it is in view."))
        return
    own = {draft["owner"], draft.old.get("owner"), draft.old.get("author"), draft.old.get("asked_by"), draft["created_by"]} - {None}
    if before != WAITING:
        draft.refuse("decision", m("Nobody has asked for approval, or it was decided already."))
    elif session.actor_id in own:
        draft.refuse("decision", m("Nobody decides on a quote of his own."))
    elif not draft["decision_reason"]:
        draft.refuse("decision_reason", m("Say why, in a few words."))
    else:
        draft["state"] = state(session, APPROVED if draft["decision"] == YES else DRAFT)


@before_save("quote")
def who_decided_and_when(draft: Draft) -> None:
    """Who decided and when is kept with the decision."""
    if draft.changed("decision") and not brings_history(draft.session):
        given = draft["decision"] is not None
        draft["decided_by"], draft["decided_at"] = (draft.session.actor_id, datetime.now(UTC)) if given else (None, None)


@before_save("quote")
def a_state_follows_another(draft: Draft) -> None:
    """A draft is sent, or waits for a yes where a discount is over the limit; what is sent is accepted or declined. A new quote is a draft."""
    session = draft.session
    if not draft.changed("state") or brings_history(session) or _comes_back(draft) or session.info.get(FOLLOWING):
        return
    before, now = (state_of(session, values.get("state")) for values in (draft.old, draft.new))
    if draft.changed(*CONTENTS) and before in (WAITING, APPROVED):
        before = DRAFT
    if draft.is_new:
        if now != DRAFT:
            draft.refuse("state", m("A quote begins as a draft."))
    elif session.undoing:
        if now == APPROVED and (draft["decision"] != YES or draft.changed("decision") or before not in GIVEN):
            draft["state"] = state(session, DRAFT)
        _within_limits(draft, before, now)
    elif now == APPROVED and before == WAITING and draft.changed("decision") and draft["decision"] == YES:
        pass
    elif now == APPROVED:
        draft.refuse("state", m("A quote is approved by a decision with its reason."))
    elif now not in COURSE.get(before, ()) and now != before:
        known = session.catalog.picklists[PICKLIST]
        old, new = known.by_key(before), known.by_key(now)
        draft.refuse("state", m("A quote that is “%(old)s” does not become “%(new)s”.", old=old.label if old else before, new=new.label if new else now))
    else:
        _within_limits(draft, before, now)
        _asked(draft, before, now)


def _within_limits(draft: Draft, before: str, now: str) -> None:
    """What is sent has lines, is valid and within the limits or approved; what waits needs a yes."""
    session = draft.session
    if now not in (SENT, ACCEPTED, WAITING):
        return
    if now in GIVEN and not session.undoing and draft["valid_until"] is not None and draft["valid_until"] < session.reader.today:
        draft.refuse("valid_until", m("The quote was valid until a day that is past. Give it another one, or make a new version."))
    if before not in (DRAFT, WAITING):
        return
    found = counted(session, draft.id, draft["author"], draft["whole_discount"])
    if not found.offered:
        draft.refuse("state", m("A quote in which nothing is offered is not sent."))
    elif now in GIVEN and found.over_limit:
        draft.refuse("state", OVER)
    elif now == WAITING and not found.over_limit and not session.undoing:
        draft.refuse("state", m("No discount is over the limit: the quote can be sent as it is."))


def _comes_back(draft: Draft) -> bool:
    """Whether it comes back from the recycle bin, with what it had."""
    return not draft.is_new and not draft.old


def _asked(draft: Draft, before: str, now: str) -> None:
    if now == WAITING:
        draft["asked_by"], draft["asked_at"] = draft.session.actor_id, datetime.now(UTC)
    if now == WAITING or (before, now) == (APPROVED, DRAFT):
        draft["decision"] = draft["decision_reason"] = draft["decided_by"] = draft["decided_at"] = None


@before_save("quote")
def answered_by_the_customer(draft: Draft) -> None:
    """Who answered by the link, when and why is kept with the answer."""
    said = draft.session.info.get(ANSWERED)
    if said is not None and draft.changed("state"):
        (draft["answered_by"], draft["answer_reason"]), draft["answered_at"] = said, datetime.now(UTC)


@before_save("quote")
def sent_on_a_day(draft: Draft) -> None:
    """The day on which it was sent is kept."""
    now = state_of(draft.session, draft["state"])
    if draft.changed("state"):
        if now == SENT and draft["sent_on"] is None:
            draft["sent_on"] = draft.session.reader.today
        elif now in OPEN:
            draft["sent_on"] = None


@when_changed("quote", "previous")
def the_former_is_superseded(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A new version takes the place of the former ones; how a version was declined or ran out stays known."""
    superseded = state(session, SUPERSEDED)
    ended = {state(session, one) for one in (*ENDED, SUPERSEDED)}
    for draft in drafts:
        if not draft.is_new or draft["previous"] is None or brings_history(session):
            continue
        others = select(QUOTE.c.id, QUOTE.c.state_id).where(
            QUOTE.c.deal_id == draft["deal"], QUOTE.c.number == draft["number"], QUOTE.c.id != draft.id, QUOTE.c.deleted_at.is_(None),
        )
        follow(session, {number: {"state": superseded} for number, now in session.kernel(others) if now not in ended})


@when_changed("quote", "state")
def those_who_may_decide_hear_of_it(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Whoever may decide on a quote that waits for a yes is told, and whoever asked for it hears what was decided."""
    if session.source in LOADING:
        return
    waiting = [d.id for d in drafts if state_of(session, d["state"]) == WAITING]
    outbox.post(session, ASKING, [(f"{ASKING}-{number}-{uuid4().hex}", {"quote": number}) for number in waiting])
    for draft in drafts:
        if draft.changed("decision") and draft["decision"] is not None:
            said = m("A quote of yours was approved.") if draft["decision"] == YES else m("A quote of yours was not approved.")
            for person in {draft.old.get("asked_by"), draft["owner"]} - {None, session.actor_id}:
                notices.tell(session, person, said, f"/quote/{draft.id}/")


def follow(session: DataSession, changes: dict[int, dict[str, object]]) -> None:
    """Changes of quotes that follow from something else, whatever their course."""
    session.info[FOLLOWING] = True
    try:
        records.follow_with_changes(session, "quote", changes)
    finally:
        del session.info[FOLLOWING]
