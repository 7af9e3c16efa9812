"""The sign-off: what was decided is carried out in one transaction with the rights of whoever signs, and the review freezes under a digest that the
journal keeps.

Taking a membership away may lift a denial or reach above the reviewer, so it is nobody's but theirs who could do it without a review. The reviewer's
part stands in the journal beside the signer's: in his own decision, and in the reason of every row that carries it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import bindparam, update

from crm.backoffice import journal, records
from crm.backoffice.guard import UserSession
from crm.errors import BramaError, Forbidden, Invalid
from crm.messages import Message, m
from crm.rights.reviews.reading import ITEMS, REVIEWS, Item, items, locked
from crm.rights.reviews.scope import keeps_reviews
from crm.rights.reviews.sealed import Line, comment_hash, line_digest, new_salt, root

SIGNED = "access_review_signed"


class NotCarriedOut(Forbidden):
    """Some of what was decided is not the signer's to carry out; `problems` says which memberships, by the number of the item, and why."""

    def __init__(self, problems: Mapping[int, Message]) -> None:
        super().__init__(m("Not everything is yours to carry out. Nothing was changed, and the review stays open."))
        self.problems = dict(problems)


@dataclass(frozen=True)
class Carried:
    """How many memberships stayed, were taken away, were shortened, and had ended before."""

    kept: int
    removed: int
    shortened: int
    ended: int


def may_manage(session: UserSession, opened_by: int) -> bool:
    """Whether this person looks after a review: whoever opened it, or an owner in his place, who still sees all that it tells."""
    own = session.actor_id == opened_by or (session.access is not None and session.access.unlimited)
    return own and keeps_reviews(session.sight)


def sign_off(session: UserSession, review_id: int) -> Carried:
    """Carry out and freeze a review in the name of this session's person, who has shown his password; the caller commits. Raises NotFound, Forbidden,
    BadRequest when it is over, Invalid while decisions wait, NotCarriedOut."""
    row = locked(session, review_id)
    if not may_manage(session, row.opened_by_id):
        raise Forbidden()
    found = items(session, review_id)
    if any(one.waits for one in found):
        raise Invalid({"decision": m("Decisions are still waiting.")})
    _carry_out(session, review_id, found)
    outcomes = {one.id: _outcome(one) for one in found}
    digest = _freeze(session, review_id, found, outcomes)
    reached = list(outcomes.values())
    carried = Carried(*(reached.count(word) for word in ("kept", "removed", "shortened", "ended")))
    now = datetime.now(UTC)
    session.kernel(update(REVIEWS).where(REVIEWS.c.id == review_id).values(signed_at=now, signed_by_id=session.actor_id, digest=digest))
    journal.event(session, SIGNED, "access_review", review_id, {
        "digest": [None, digest], "kept": [None, carried.kept], "removed": [None, carried.removed], "shortened": [None, carried.shortened],
        "ended": [None, carried.ended],
    })
    return carried


def _outcome(item: Item) -> str:
    if not item.alive:
        return "ended"
    return {"keep": "kept", "remove": "removed", "shorten": "shortened"}[item.decision or "keep"]


def to_carry_out(found: Sequence[Item]) -> list[Item]:
    """What a sign-off would change: nothing of what has ended, or ends sooner by itself."""
    return [
        one for one in found
        if one.alive and (one.decision == "remove" or (one.decision == "shorten" and not _is_shorter(one.until_now, one.shorten_to)))
    ]


def _is_shorter(now: date | None, wanted: date | None) -> bool:
    return now is not None and wanted is not None and now <= wanted


def _carry_out(session: UserSession, review_id: int, found: Sequence[Item]) -> None:
    """All of it, or NotCarriedOut."""
    changing, before = to_carry_out(found), session.reason
    try:
        with session.begin_nested():
            for reviewer in sorted({one.reviewer for one in changing}):
                session.reason = f"access review {review_id}, decided by user {reviewer}"
                own = [one for one in changing if one.reviewer == reviewer]
                records.remove_many(session, "membership", [one.membership for one in own if one.decision == "remove"])
                records.change_many(session, "membership", {one.membership: {"until": one.shorten_to} for one in own if one.decision == "shorten"})
    except BramaError as refusal:
        raise NotCarriedOut(_problems(session, changing) or {changing[0].id: refusal.message}) from refusal
    finally:
        session.reason = before


def _problems(session: UserSession, changing: Sequence[Item]) -> dict[int, Message]:
    """Which of them are refused, one by one; nothing of it stays."""
    problems: dict[int, Message] = {}
    attempt = session.begin_nested()
    for one in changing:
        try:
            if one.decision == "remove":
                records.remove_many(session, "membership", [one.membership])
            else:
                records.change(session, "membership", one.membership, {"until": one.shorten_to})
        except BramaError as refusal:
            problems[one.id] = refusal.message
    attempt.rollback()
    return problems


def _freeze(session: UserSession, review_id: int, found: Sequence[Item], outcomes: Mapping[int, str]) -> str:
    """Write what came of each item and its digest; the digest of all."""
    rows: list[dict[str, Any]] = []
    for one in found:
        salt = new_salt()
        hashed = comment_hash(salt, one.comment)
        rows.append({"b_id": one.id, "outcome": outcomes[one.id], "salt": salt, "comment_hash": hashed,
                     "digest": line_digest(Line.of(review_id, one, outcomes[one.id], hashed))})
    names = ("outcome", "salt", "comment_hash", "digest")
    session.kernel(update(ITEMS).where(ITEMS.c.id == bindparam("b_id")).values({name: bindparam(name) for name in names}), rows)
    return root((row["b_id"], row["digest"]) for row in rows)
