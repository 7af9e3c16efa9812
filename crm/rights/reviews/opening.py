"""A review is opened: the memberships of its scope are written down as they stand, each with its reviewer, and reviewers are asked."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert, update

from crm.backoffice import journal
from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.errors import Forbidden, Invalid
from crm.messages import Message, m
from crm.rights.reviews.assigning import Reviewers, assign
from crm.rights.reviews.reading import ITEMS, REVIEWS, locked
from crm.rights.reviews.scope import Scope, conflicts, keeps_reviews, last_seen, memberships
from crm.rights.reviews.telling import ask

NAME, MOST, LONGEST = 120, 5000, timedelta(days=366)


@dataclass(frozen=True)
class Asked:
    """A review as it is asked for."""

    name: str
    scope: Scope
    deadline: date | None
    reviewers: Reviewers


def open_review(session: DataSession, asked: Asked) -> int:
    """Open a review in the name of this session's person; its number. The caller commits. Raises Forbidden for whoever does not see all that it
    tells, Invalid (`name`, `scope`, `deadline`, `first`, `second`)."""
    if not keeps_reviews(session.sight) or session.actor_id is None:
        raise Forbidden()
    _judge(session, asked)
    rows = memberships(session, asked.scope)
    if not rows:
        raise Invalid({"scope": m("Nobody holds a role there: there is nothing to review.")})
    if len(rows) > MOST:
        many = m("These are %(count)s memberships; a review takes %(most)s at most. Choose a department or some roles.", count=len(rows), most=MOST)
        raise Invalid({"scope": many})
    reviewer = assign(session, rows, asked.reviewers)
    people = sorted({row["user_id"] for row in rows})
    clash, seen, now = conflicts(session, people), last_seen(session, people), datetime.now(UTC)
    made = session.kernel(insert(REVIEWS).values(
        name=asked.name, scope=asked.scope.as_json(), deadline=asked.deadline, opened_by_id=session.actor_id, opened_at=now
    ).returning(REVIEWS.c.id)).scalar_one()
    lines = [
        {
            "review_id": made, "membership_id": row["id"], "row_version": row["row_version"], "user_id": row["user_id"], "role_id": row["role_id"],
            "reviewer_id": reviewer[row["id"]], "since": row["since"], "until": row["until"], "given_by_id": row["created_by_id"],
            "given_at": row["created_at"], "reason": row["reason"], "last_seen_at": seen.get(row["user_id"]), "conflicts": clash.get(row["id"], []),
        }
        for row in rows
    ]
    for part in in_parts(lines):
        session.kernel(insert(ITEMS), list(part))
    journal.event(session, "access_review_opened", "access_review", made, {
        "scope": [None, asked.scope.as_json()], "deadline": [None, str(asked.deadline)], "memberships": [None, len(rows)],
        "reviewers": [None, sorted(set(reviewer.values()))],
    })
    ask(session, made, sorted(set(reviewer.values())))
    return int(made)


def _judge(session: DataSession, asked: Asked) -> None:
    problems: dict[str, Message] = {}
    today = session.reader.today
    if not asked.name or len(asked.name) > NAME:
        problems["name"] = m("Give it a name of at most %(most)s characters.", most=NAME)
    if asked.scope.kind != "all" and not asked.scope.ids:
        problems["scope"] = m("Choose a department.") if asked.scope.kind == "department" else m("Choose at least one role.")
    if asked.deadline is None or not today <= asked.deadline <= today + LONGEST:
        problems["deadline"] = m("Choose a day from today on, within a year.")
    if asked.reviewers.mode == "named" and not asked.reviewers.named:
        problems["first"] = m("Name somebody who reviews.")
    if problems:
        raise Invalid(problems)


def call_off(session: DataSession, review_id: int) -> None:
    """Close a review without carrying anything out. Whoever asks must have found that he may; the caller commits. Raises NotFound, BadRequest."""
    locked(session, review_id)
    session.kernel(update(REVIEWS).where(REVIEWS.c.id == review_id).values(called_off_at=datetime.now(UTC)))
    journal.event(session, "access_review_called_off", "access_review", review_id)
