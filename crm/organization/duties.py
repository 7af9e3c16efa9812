"""Conflicting duties: roles of which nobody shall hold two at a time, unless a reason allows it."""

from collections.abc import Container, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, select

from crm.backoffice.catalog import Conflict
from crm.backoffice.guard import DataSession
from crm.backoffice.rules import Draft, when_changed
from crm.errors import Invalid
from crm.messages import Label, m
from crm.organization.models import Membership, Role, User

PART = 500
MEMBERSHIP, ROLE, USER = Membership.__table__, Role.__table__, User.__table__
Held = Row[*tuple[Any, ...]]


@when_changed("membership", "user", "role", "since", "until", "reason", "deleted_at")
def duties_do_not_conflict(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Nobody holds at one time two roles that are declared as conflicting, unless the conflict allows it with a reason and one is given."""
    fresh = {d.id for d in drafts if d["deleted_at"] is None and _widened(d)}
    _judge(session, sorted({d["user"] for d in drafts if d.id in fresh}), fresh)


@when_changed("role", "deleted_at")
def a_role_comes_back_without_conflict(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A role out of the recycle bin gives nobody two roles at one time that are declared as conflicting."""
    back = [d.id for d in drafts if d["deleted_at"] is None and not d.is_new]
    query = select(MEMBERSHIP.c.id, MEMBERSHIP.c.user_id).where(MEMBERSHIP.c.role_id.in_(back), MEMBERSHIP.c.deleted_at.is_(None))
    holders = {row.id: row.user_id for row in session.kernel(query)} if back else {}
    _judge(session, sorted(set(holders.values())), holders.keys())


def _judge(session: DataSession, people: Sequence[int], fresh: Container[int]) -> None:
    """Whether none of the memberships `fresh` of these people conflicts with another. Raises Invalid."""
    codes = sorted({code for one in session.catalog.conflicts.values() for code in one.roles})
    if not codes or not people:
        return
    for at in range(0, len(people), PART):
        # One after another: two who give the two roles at the same moment would each see one.
        locked = select(USER.c.id).where(USER.c.id.in_(people[at : at + PART])).order_by(USER.c.id).with_for_update(key_share=True)
        session.kernel(locked).all()
        held: dict[int, list[Held]] = {}
        for row in session.kernel(_holdings(codes).where(MEMBERSHIP.c.user_id.in_(people[at : at + PART]))):
            held.setdefault(row.user_id, []).append(row)
        for rows in held.values():
            for new, other, conflict in clashes(rows, session.catalog.conflicts.values()):
                for one, beside in ((new, other), (other, new)):
                    if one.id in fresh:
                        _refuse(session, one, beside, conflict)


def clashes(rows: Sequence[Held], conflicts: Any) -> Iterator[tuple[Held, Held, Conflict]]:
    """Pairs of one person's memberships that overlap in time and whose roles conflict. A row has id, code, since, until."""
    for place, one in enumerate(rows):
        for other in rows[place + 1 :]:
            if one.code != other.code and _overlap(one.since, one.until, other.since, other.until):
                yield from ((one, other, conflict) for conflict in conflicts if {one.code, other.code} <= conflict.roles)


def _holdings(codes: Sequence[str]) -> Any:
    columns = (MEMBERSHIP.c.id, MEMBERSHIP.c.user_id, MEMBERSHIP.c.since, MEMBERSHIP.c.until, MEMBERSHIP.c.reason, MEMBERSHIP.c.role_id)
    return (
        select(*columns, ROLE.c.code, ROLE.c.name, ROLE.c.name_en).join(ROLE, ROLE.c.id == MEMBERSHIP.c.role_id)
        .where(MEMBERSHIP.c.deleted_at.is_(None), ROLE.c.deleted_at.is_(None), ROLE.c.code.in_(codes)).order_by(MEMBERSHIP.c.id)
    )


def _overlap(since: date | None, until: date | None, other_since: date | None, other_until: date | None) -> bool:
    begins_in_time = since is None or other_until is None or since <= other_until
    return begins_in_time and (until is None or other_since is None or other_since <= until)


def _widened(draft: Draft) -> bool:
    """Whether the membership says more than before: shortening one that conflicts already is always possible."""
    if not draft.stood or draft.changed("role", "user") or (draft.old["reason"] and not draft["reason"]):
        return True
    since, until = draft.old["since"], draft.old["until"]
    begins = since is not None and (draft["since"] is None or draft["since"] < since)
    return begins or (until is not None and (draft["until"] is None or draft["until"] > until))


def _refuse(session: DataSession, one: Held, other: Held, conflict: Conflict) -> None:
    """Raises Invalid, naming the other role to whoever sees that the person holds it."""
    if conflict.with_reason and (one.reason or "").strip():
        return
    words = {"role": Label.of(one.name, one.name_en), "other": Label.of(other.name, other.name_en)}
    if not _sees(session, other):
        raise Invalid({"role": m("“%(role)s” does not go with another role that this person holds.", role=words["role"])})
    if conflict.with_reason:
        raise Invalid({"reason": m("“%(role)s” does not go with “%(other)s”, which this person holds. Only a reason allows both.", **words)})
    raise Invalid({"role": m("“%(role)s” does not go with “%(other)s”, which this person holds at that time.", **words)})


def _sees(session: DataSession, held: Held) -> bool:
    """Whether the writer sees this membership and its role."""
    if session.access is None or session.access.unlimited:
        return True
    memberships, roles = session.table("membership"), session.table("role")
    if "role" not in session.sight.filterable("membership"):
        return False
    both = select(memberships.id).join(roles.table, roles.id == memberships["role"]).where(memberships.visible, roles.visible, memberships.id == held.id)
    return session.execute(both).first() is not None
