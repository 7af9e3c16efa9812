"""What interactions must satisfy: the course of their states, their times, and what comes after them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.rules import LOADING, Draft, before_save, when_changed
from crm.contacts.interactions.lookups import (
    account_of_deal,
    account_of_person,
    copy_participants,
    followers,
    key_of,
    known_to_writer,
    option,
    stand_twice,
    takes_part,
)
from crm.contacts.interactions.models import Interaction
from crm.contacts.interactions.course import HELD, INTERNAL, LONGEST, PLANNED, RESCHEDULED, TALKS, ends_at, fits, may_follow
from crm.errors import Invalid
from crm.messages import m

CLOCKS_DIFFER = timedelta(minutes=5)  # between a person's computer and ours
LONGEST_CHAIN = 1000


@before_save("interaction")
def begins_as_planned(draft: Draft) -> None:
    """An interaction without a state is planned; one that has the time it was held at was held."""
    if draft["state"] is None:
        draft["state"] = option(draft.session, "interaction_state", HELD if draft["held_at"] else PLANNED)


@before_save("interaction")
def ends_once(draft: Draft) -> None:
    """A planned interaction is held, missed, cancelled or postponed; what has ended stays as it ended."""
    if draft.old and draft.changed("state") and not draft.session.undoing:
        old, new = (key_of(draft.session, "interaction_state", values.get("state")) for values in (draft.old, draft.new))
        if not may_follow(old, new):
            draft.refuse("state", m("An interaction that has ended stays as it ended. Plan a new one."))


@before_save("interaction")
def with_a_counterparty(draft: Draft) -> None:
    """An interaction is with a company: that of its deal or of its person unless one is given. Only an internal one may be without."""
    if draft["account"] is None and (draft.is_new or "account" not in draft.given):
        draft["account"] = account_of_deal(draft.session, draft["deal"]) or account_of_person(draft.session, draft["contact"])
    if draft["account"] is None and key_of(draft.session, "direction", draft["direction"]) != INTERNAL:
        draft.refuse("account", m("Name the company: only an internal interaction is without one."))


@before_save("interaction")
def planned_for_a_time(draft: Draft) -> None:
    """What was not held is planned for a time; only what was held has the time it was held at."""
    if _state(draft) == HELD:
        return
    if draft["planned_start"] is None:
        draft.refuse("planned_start", m("When is it planned for?"))
    if draft["held_at"] is not None:
        draft.refuse("held_at", m("Only an interaction that was held has the time it was held at."))


@before_save("interaction")
def held_at_a_time(draft: Draft) -> None:
    """What is marked as held was held when it was planned, or now; never in the future."""
    if _state(draft) != HELD:
        return
    now = datetime.now(UTC)
    begins = draft.is_new or draft.changed("state")
    if draft["held_at"] is None and begins:
        planned = draft["planned_start"]
        if planned is not None and planned <= now and known_to_writer(draft, "planned_start"):
            draft["held_at"] = planned
        elif draft.session.source not in LOADING:
            draft["held_at"] = now.replace(second=0, microsecond=0)
    if draft["held_at"] is None:
        draft.refuse("held_at", m("When was it held?"))
    elif draft.takes("held_at") and draft["held_at"] > now + CLOCKS_DIFFER:
        draft.refuse("held_at", m("It cannot have been held in the future."))


@before_save("interaction")
def minutes_of_a_talk(draft: Draft) -> None:
    """A call, meeting or visit that was held took some minutes: as many as were planned unless others are given."""
    if _state(draft) != HELD or draft["actual_minutes"] is not None or not draft.takes("state", "actual_minutes", "medium"):
        return
    if "actual_minutes" not in draft.given and known_to_writer(draft, "planned_minutes"):
        draft["actual_minutes"] = draft["planned_minutes"]
    if draft["actual_minutes"] is None and draft.session.source not in LOADING and key_of(draft.session, "interaction_medium", draft["medium"]) in TALKS:
        draft.refuse("actual_minutes", m("How many minutes did it take?"))


@before_save("interaction")
@before_save("interaction_participant")
def nothing_lasts_longer_than_a_month(draft: Draft) -> None:
    """An interaction and a part in it last at most 31 days."""
    for key in ("planned_minutes", "actual_minutes", "minutes"):
        if draft.entity.fields.get(key) is None or not isinstance(draft[key], int):
            continue
        if draft[key] > LONGEST:
            draft.refuse(key, m("An interaction lasts at most %(minutes)s minutes (31 days).", minutes=LONGEST))


@before_save("interaction")
def next_one_comes_later(draft: Draft) -> None:
    """What is postponed says until when; a next step is not before what it follows."""
    state, start = _state(draft), draft["next_start"]
    if state == RESCHEDULED and start is None and draft.takes("state", "next_start") and draft.session.source not in LOADING:
        draft.refuse("next_start", m("When is it postponed to?"))
    if state == HELD and start is not None and draft["held_at"] is not None and draft.takes("next_start", "held_at") and start < draft["held_at"]:
        draft.refuse("next_start", m("The next interaction would be before this one."))


@before_save("interaction")
def result_of_its_medium(draft: Draft) -> None:
    """A result belongs to the medium: nobody is “not there” by letter."""
    if draft["result"] is None or not draft.takes("result", "medium"):
        return
    result, medium = key_of(draft.session, "interaction_result", draft["result"]), key_of(draft.session, "interaction_medium", draft["medium"])
    if medium and not fits(result, medium):
        draft.refuse("result", m("An interaction by this medium does not end with this result."))


@before_save("interaction")
def not_after_itself(draft: Draft) -> None:
    """An interaction neither follows itself nor is postponed from itself, not even by a detour."""
    for key in ("follows", "postponed_from"):
        if draft[key] is not None and draft.takes(key) and _leads_back(draft, key):
            draft.refuse(key, m("An interaction cannot come after itself."))


def _leads_back(draft: Draft, key: str) -> bool:
    table, here = Interaction.__table__, draft[key]
    for _ in range(0 if draft.is_new else LONGEST_CHAIN):  # nothing can come before what has just been made
        if here is None or here == draft.id:
            return here is not None
        here = draft.session.kernel(select(table.c[f"{key}_id"]).where(table.c.id == here)).scalar()
    return False


@when_changed("interaction", "follows", "postponed_from")
def none_after_itself(session: DataSession, drafts: Sequence[Draft]) -> None:
    """The same of those that are written together, each of which alone may come after what the other was."""
    for key in ("follows", "postponed_from"):
        for draft in drafts:
            if draft[key] is not None and draft.changed(key) and _leads_back(draft, key):
                raise Invalid({key: m("An interaction cannot come after itself.")})


@before_save("interaction")
def what_follows_from_times(draft: Draft) -> None:
    """When it takes place, when its plan ends and how often it was postponed are worked out; without a name it is called by its subject."""
    draft["starts_at"] = draft["held_at"] or draft["planned_start"]
    draft["ends_at"] = ends_at(draft["planned_start"], draft["planned_minutes"]) if "planned_minutes" not in draft.problems else None
    if draft["postponed_from"] is None:
        draft["moves"] = 0
    elif draft.is_new or draft.changed("postponed_from"):
        table = Interaction.__table__
        draft["moves"] = (draft.session.kernel(select(table.c.moves).where(table.c.id == draft["postponed_from"])).scalar() or 0) + 1
    if not draft["name"] or (draft.changed("subject") and not draft.changed("name") and draft.old.get("name") in (draft.old.get("subject"), draft["code"])):
        draft["name"] = draft["subject"] or draft["code"]


@when_changed("interaction", "state", "next_start")
def next_one_is_planned(session: DataSession, drafts: Sequence[Draft]) -> None:
    """What is postponed is planned anew, and a next step with a time becomes the next planned interaction; moved, it moves with it."""
    if session.source in LOADING or session.undoing:
        return
    ended = [d for d in drafts if d["next_start"] is not None and _state(d) != PLANNED]
    after = followers(session, [d.id for d in ended])
    planned = option(session, "interaction_state", PLANNED)
    moving = {n: d["next_start"] for d in ended for n, state in after.get(d.id, ()) if state == planned and d.changed("next_start")}
    records.follow_with_changes(session, "interaction", {n: {"planned_start": start} for n, start in moving.items()})
    fresh = [d for d in ended if d.id not in after]
    made = records.follow_with_new(session, "interaction", [_next(session, d, planned) for d in fresh])
    copy_participants(session, {d.id: n for d, n in zip(fresh, made, strict=True) if _state(d) == RESCHEDULED})


def _next(session: DataSession, draft: Draft, planned: int | None) -> dict[str, Any]:
    """The interaction that comes after: the same once more when it is postponed, otherwise the next step, which is ours to take."""
    again = _state(draft) == RESCHEDULED
    internal = key_of(session, "direction", draft["direction"]) == INTERNAL
    step = draft["next_step"] if not again and known_to_writer(draft, "next_step") else None
    kept = {key: draft[key] for key in ("account", "contact", "deal", "legal_entity", "medium", "planned_minutes", "owner", "department", "territory")}
    return {
        **kept, "state": planned, "planned_start": draft["next_start"], "postponed_from": draft.id if again else None, "follows": None if again else draft.id,
        "direction": draft["direction"] if again or internal else option(session, "direction", "outbound"),
        "subject": step or draft["subject"], "agenda": draft["agenda"] if again else None,
    }


@before_save("interaction_participant")
def one_person_once(draft: Draft) -> None:
    """A participant is a person of the counterparty or a colleague, and each stands once."""
    if (draft["contact"] is None) is (draft["colleague"] is None):
        draft.refuse("contact" if draft["colleague"] is None else "colleague", m("A participant is either a person or a colleague."))
    elif draft.takes("contact", "colleague", "interaction") and takes_part(draft.session, draft["interaction"], draft["contact"], draft["colleague"], draft.id):
        draft.refuse("contact" if draft["contact"] else "colleague", m("This participant stands there already."))


@when_changed("interaction_participant", "contact", "colleague", "interaction")
def nobody_twice(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A participant stands once, however many are added together; two people who become one by a merge may stand twice."""
    if stand_twice(session, {d["interaction"] for d in drafts if d.is_new}):
        raise Invalid({"contact": m("This participant stands there already.")})


def _state(draft: Draft) -> str:
    return key_of(draft.session, "interaction_state", draft["state"])
