"""Which memberships a review looks at, and how each stands at the moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, and_, func, select

from crm.backoffice.access import Action
from crm.backoffice.guard import DataSession
from crm.backoffice.journal import JournalRow
from crm.backoffice.parts import in_parts
from crm.backoffice.sight import READ, Sight
from crm.organization.duties import clashes
from crm.organization.models import Department, Membership, Role, User
from crm.organization.sign_in_models import SignInSession
from crm.rights.known import sees_all

MEMBERSHIP, ROLE, USER, DEPARTMENT = Membership.__table__, Role.__table__, User.__table__, Department.__table__
JOURNAL, SIGNED_IN = JournalRow.__table__, SignInSession.__table__
Kind = Literal["all", "department", "roles"]
KINDS: tuple[Kind, ...] = ("all", "department", "roles")
# What a review tells of memberships, to those who decide and to whoever opened it: only who sees it on every record opens one.
TOLD: Mapping[str, tuple[str, ...]] = {
    "membership": ("user", "role", "since", "until", "reason", "taken_until", "created_at", "created_by"), "user": ("name", "active", "department"),
    "role": ("name", "name_en", "code"), "department": ("name", "parent", "head"),
}


@dataclass(frozen=True)
class Scope:
    """All memberships, those of people of a department and all below it, or those of some roles; `ids` are the department's or the roles'."""

    kind: Kind
    ids: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "ids": list(self.ids)}

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "Scope":
        return cls(cast(Kind, raw["kind"]), tuple(raw["ids"]))


def keeps_reviews(sight: Sight, actions: frozenset[Action] = READ) -> bool:
    """Whether the one who looks changes roles, and sees all that a review tells: every membership, person and department, whole."""
    return sight.may("role", "update") and all(sees_all(sight, entity, fields, actions) for entity, fields in TOLD.items())


def in_force(session: DataSession) -> ColumnElement[bool]:
    """Memberships that give something today or later. What was taken in an emergency ends by itself and is no part of a review."""
    ends = MEMBERSHIP.c.until.is_(None) | (MEMBERSHIP.c.until >= session.reader.today)
    return and_(MEMBERSHIP.c.deleted_at.is_(None), MEMBERSHIP.c.taken_until.is_(None), ends, ROLE.c.deleted_at.is_(None), USER.c.deleted_at.is_(None))


def memberships(session: DataSession, scope: Scope) -> list[Mapping[str, Any]]:
    """The memberships of a scope as they stand, by person: columns of the membership, and `code`, `builtin`, `department_id`. Who asks must have
    found that he may be told (`keeps_reviews`)."""
    columns = (*MEMBERSHIP.c, ROLE.c.code, ROLE.c.builtin, USER.c.department_id)
    joined = MEMBERSHIP.join(ROLE, ROLE.c.id == MEMBERSHIP.c.role_id).join(USER, USER.c.id == MEMBERSHIP.c.user_id)
    query = select(*columns).select_from(joined).where(in_force(session)).order_by(MEMBERSHIP.c.user_id, MEMBERSHIP.c.id)
    if scope.kind == "department":
        query = query.where(USER.c.department_id.in_(sorted(below(departments(session), scope.ids))))
    elif scope.kind == "roles":
        query = query.where(MEMBERSHIP.c.role_id.in_(scope.ids))
    return [cast(Mapping[str, Any], row) for row in session.kernel(query).mappings()]


def departments(session: DataSession) -> dict[int, tuple[int | None, int | None]]:
    """Department → the one above it and its head."""
    rows = session.kernel(select(DEPARTMENT.c.id, DEPARTMENT.c.parent_id, DEPARTMENT.c.head_id).where(DEPARTMENT.c.deleted_at.is_(None)))
    return {row.id: (row.parent_id, row.head_id) for row in rows}


def below(units: Mapping[int, tuple[int | None, int | None]], tops: Iterable[int]) -> set[int]:
    """The departments `tops` and all below them."""
    found = set(tops)
    while True:
        fresh = {unit for unit, (above, _) in units.items() if above in found} - found
        if not fresh:
            return found
        found |= fresh


def conflicts(session: DataSession, people: Sequence[int]) -> dict[int, list[int]]:
    """Membership → roles of the same person, at the same time, that do not go with it."""
    declared, found = list(session.catalog.conflicts.values()), dict[int, set[int]]()
    codes = sorted({code for one in declared for code in one.roles})
    columns = (MEMBERSHIP.c.id, MEMBERSHIP.c.user_id, MEMBERSHIP.c.role_id, MEMBERSHIP.c.since, MEMBERSHIP.c.until, ROLE.c.code)
    joined = MEMBERSHIP.join(ROLE, ROLE.c.id == MEMBERSHIP.c.role_id).join(USER, USER.c.id == MEMBERSHIP.c.user_id)
    for part in in_parts(people) if codes else ():
        held: dict[int, list[Any]] = {}
        query = select(*columns).select_from(joined).where(in_force(session), ROLE.c.code.in_(codes), MEMBERSHIP.c.user_id.in_(part)).order_by(MEMBERSHIP.c.id)
        for row in session.kernel(query):
            held.setdefault(row.user_id, []).append(row)
        for one, other, _ in (clash for rows in held.values() for clash in clashes(rows, declared)):
            found.setdefault(one.id, set()).add(other.role_id)
            found.setdefault(other.id, set()).add(one.role_id)
    return {number: sorted(roles) for number, roles in found.items()}


def last_seen(session: DataSession, people: Sequence[int]) -> dict[int, datetime]:
    """Person → when he signed in or was here last; nobody who never was."""
    found: dict[int, datetime] = {}
    for part in in_parts(people):
        signed_in = select(JOURNAL.c.record_id, func.max(JOURNAL.c.at)).where(
            JOURNAL.c.entity == "user", JOURNAL.c.record_id.in_(part), JOURNAL.c.action == "sign_in"
        ).group_by(JOURNAL.c.record_id)
        seen = select(SIGNED_IN.c.user_id, func.max(SIGNED_IN.c.seen_at)).where(SIGNED_IN.c.user_id.in_(part)).group_by(SIGNED_IN.c.user_id)
        for person, at in (*session.kernel(signed_in).all(), *session.kernel(seen).all()):
            found[person] = max(found.get(person, at), at)
    return found
