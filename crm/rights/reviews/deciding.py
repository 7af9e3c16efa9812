"""What a reviewer decides of memberships that are his to review: each stays, ends on an earlier day, or is taken away. Until the sign-off he may
decide otherwise, and nothing is carried out before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from sqlalchemy import update

from crm.backoffice import journal
from crm.backoffice.guard import DataSession
from crm.errors import BadRequest, Invalid, NotFound
from crm.messages import Message, m
from crm.rights.reviews.reading import ITEMS, Item, items, locked, waiting_by_reviewer
from crm.rights.reviews.telling import DECIDED, tell_owner

Verdict = Literal["keep", "remove", "shorten"]
VERDICTS: tuple[Verdict, ...] = ("keep", "remove", "shorten")
COMMENT = 500  # characters


@dataclass(frozen=True)
class Decision:
    """`until` is the last day, inclusive, of a membership that is shortened."""

    verdict: Verdict
    comment: str = ""
    until: date | None = None


def decide(session: DataSession, review_id: int, numbers: Sequence[int], decision: Decision) -> None:
    """Decide of some memberships in the name of this session's person; the caller commits. Raises NotFound for what is not his to review,
    BadRequest when the review is over, Invalid (`decision`, `comment`, `until`)."""
    row = locked(session, review_id)
    mine = items(session, review_id, reviewer=session.actor_id, only=numbers)
    if len(mine) != len(set(numbers)) or any(one.user == session.actor_id for one in mine):
        raise NotFound()
    _decide(session, row.opened_by_id, review_id, mine, decision)


def keep_all(session: DataSession, review_id: int, person: int, comment: str) -> None:
    """Everything of one person stays, of what this session's person reviews and has not decided. Raises as `decide` does."""
    row = locked(session, review_id)
    mine = [one for one in items(session, review_id, reviewer=session.actor_id) if one.user == person and one.user != session.actor_id]
    if not mine:
        raise NotFound()
    _decide(session, row.opened_by_id, review_id, [one for one in mine if one.waits], Decision("keep", comment))


def _decide(session: DataSession, owner: int, review_id: int, mine: Sequence[Item], decision: Decision) -> None:
    for one in mine:
        _judge(session, one, decision)
    if not mine:
        return
    values = {
        "decision": decision.verdict, "shorten_to": decision.until if decision.verdict == "shorten" else None, "comment": decision.comment or None,
        "decided_at": datetime.now(UTC),
    }
    session.kernel(update(ITEMS).where(ITEMS.c.id.in_([one.id for one in mine])).values(values))
    for one in mine:
        journal.event(session, "access_review_decided", "user", one.user, {
            "review": [None, review_id], "role": [None, one.role_code], "decision": [one.decision, decision.verdict],
            "until": [None, str(decision.until) if decision.verdict == "shorten" else None], "comment": [None, decision.comment],
        })
    if any(one.waits for one in mine) and not waiting_by_reviewer(session, review_id):
        tell_owner(session, review_id, owner, DECIDED, "decided")


def _judge(session: DataSession, item: Item, decision: Decision) -> None:
    """Raises Invalid."""
    problems: dict[str, Message] = {}
    if not item.alive:
        raise BadRequest(m("This membership has ended meanwhile: there is nothing to decide."))
    if len(decision.comment) > COMMENT:
        problems["comment"] = m("At most %(most)s characters.", most=COMMENT)
    elif not decision.comment and decision.verdict == "remove":
        problems["comment"] = m("Say why it is taken away.")
    elif not decision.comment and decision.verdict != "remove" and item.conflicts:
        problems["comment"] = m("This role conflicts with another one: say why it stays.")
    if decision.verdict == "shorten":
        first = max(day for day in (session.reader.today, item.since) if day is not None)
        last = item.until_now
        if decision.until is None or decision.until < first or (last is not None and decision.until >= last):
            problems["until"] = m("Choose a day from today on that is earlier than the last day now.")
    if problems:
        raise Invalid(problems)
