"""Who reviews which membership. Nobody reviews himself; the role of the owner is reviewed by another owner or by somebody who was named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select, update

from crm.backoffice import journal
from crm.backoffice.guard import DataSession
from crm.errors import Invalid
from crm.messages import m, mn
from crm.organization.models import Membership, Role, User
from crm.organization.standing import HELD, OWNER
from crm.rights.reviews.reading import ITEMS, locked
from crm.rights.reviews.scope import departments
from crm.rights.reviews.telling import ask

USER, ROLE, MEMBERSHIP = User.__table__, Role.__table__, Membership.__table__
Mode = Literal["heads", "named"]
MODES: tuple[Mode, ...] = ("heads", "named")


@dataclass(frozen=True)
class Reviewers:
    """By `heads` of departments, or by who is `named`; `named` also review where there is no head, in their order."""

    mode: Mode
    named: tuple[int, ...] = ()


def able(session: DataSession) -> dict[int, int | None]:
    """Who can sign in, with his department."""
    query = select(USER.c.id, USER.c.department_id).where(USER.c.active, USER.c.deleted_at.is_(None), USER.c.email.is_not(None))
    return {row.id: row.department_id for row in session.kernel(query)}


def assign(session: DataSession, rows: Sequence[Mapping[str, Any]], reviewers: Reviewers) -> dict[int, int]:
    """Membership → its reviewer; whoever opens the review and the owners come last. Raises Invalid where nobody is left."""
    people, units, owners = able(session), departments(session), _owners(session)
    opener = (session.actor_id,) if session.actor_id is not None else ()
    found: dict[int, int] = {}
    for row in rows:
        if row["code"] == OWNER and row["builtin"]:
            line: Sequence[int] = (*owners, *reviewers.named) if reviewers.mode == "heads" else (*reviewers.named, *owners)
        elif reviewers.mode == "heads":
            line = (*_heads(units, row["department_id"]), *reviewers.named, *opener, *owners)
        else:
            line = (*reviewers.named, *opener, *owners)
        who = next((one for one in line if one in people and one != row["user_id"]), None)
        if who is not None:
            found[row["id"]] = who
    missing = len(rows) - len(found)
    if missing:
        nobody = mn("Nobody is there to review %(num)s membership. Name a person.", "Nobody is there to review %(num)s memberships. Name a person.", missing)
        raise Invalid({"second": nobody})
    return found


def _owners(session: DataSession) -> list[int]:
    query = select(USER.c.id).distinct().select_from(HELD).where(ROLE.c.code == OWNER, ROLE.c.builtin.is_(True)).order_by(USER.c.id)
    return list(session.kernel(query, {"day": session.reader.today}).scalars())


def _heads(units: Mapping[int, tuple[int | None, int | None]], unit: int | None) -> Iterator[int]:
    """The head of a department and of those above it, from below."""
    seen: set[int] = set()
    while unit is not None and unit in units and unit not in seen:
        seen.add(unit)
        above, head = units[unit]
        if head is not None:
            yield head
        unit = above


def hand_over(session: DataSession, review_id: int, old: int, new: int) -> int:
    """What one reviewer has not decided yet goes to another, but what is the other's own. Returns how much went. Raises Invalid (`to`), NotFound,
    BadRequest when the review is over. Whoever asks must have found that he may."""
    locked(session, review_id)
    if new not in able(session):
        raise Invalid({"to": m("Choose somebody who can sign in.")})
    waiting = ITEMS.c.review_id == review_id, ITEMS.c.reviewer_id == old, ITEMS.c.decision.is_(None), ITEMS.c.user_id != new
    moved = len(session.kernel(update(ITEMS).where(*waiting).values(reviewer_id=new).returning(ITEMS.c.id)).all())
    if moved:
        journal.event(session, "access_review_handed", "access_review", review_id, {"reviewer": [old, new], "memberships": [None, moved]})
        ask(session, review_id, [new])
    return moved
