"""Conflicting duties in a configuration file: roles of which nobody shall hold two at a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select

from crm.backoffice.catalog import Catalog, Conflict
from crm.backoffice.configuration import RoleConflict
from crm.backoffice.guard import SystemSession
from crm.messages import Message, m

NAMES = ("roles", "with_reason")
MOST = 20  # roles in one conflict
TABLE = RoleConflict.__table__


def conflict(key: str, spec: Mapping[str, Any]) -> Conflict | Message:
    """The conflict of a file, or what is wrong with it; one without roles is lifted."""
    roles, with_reason = spec.get("roles"), spec.get("with_reason", False)
    if not isinstance(roles, list) or not all(isinstance(one, str) for one in roles):
        return m("“%(name)s” is a list of keys", name="roles")
    if not isinstance(with_reason, bool):
        return m("“with_reason” is true or false")
    named = frozenset(roles)
    if len(named) == 1 or len(named) > MOST or len(named) != len(roles):
        return m("a conflict names two different roles or more, at most %(count)s; none lifts it", count=MOST)
    return Conflict(key, named, with_reason)


def effects(session: SystemSession, given: Sequence[Conflict]) -> Iterator[tuple[Conflict, str, int]]:
    """What changes, and how many people hold two of the roles."""
    for one in given:
        known = session.catalog.conflicts.get(one.key)
        if one == known or (known is None and not one.roles):
            continue
        yield one, "create" if known is None else "change" if one.roles else "remove", _holders(session, one.roles)


def _holders(session: SystemSession, codes: frozenset[str]) -> int:
    held, role = (session.catalog.entity(key).table for key in ("membership", "role"))
    several = (
        select(held.c.user_id).join(role, role.c.id == held.c.role_id)
        .where(held.c.deleted_at.is_(None), role.c.deleted_at.is_(None), role.c.code.in_(sorted(codes)))
        .group_by(held.c.user_id).having(func.count(held.c.role_id.distinct()) > 1).subquery()
    )
    return session.execute(select(func.count()).select_from(several)).scalar_one()


def write(session: SystemSession, given: Sequence[Conflict]) -> None:
    """Puts what a file says in force."""
    for one in given:
        remove(session, one.key)
        if one.roles:
            session.execute(insert(TABLE).values(key=one.key, roles=sorted(one.roles), with_reason=one.with_reason))


def remove(session: SystemSession, key: str) -> None:
    session.execute(delete(TABLE).where(TABLE.c.key == key))


def forms(catalog: Catalog) -> dict[str, Any]:
    """As a file says it."""
    return {
        key: {"roles": sorted(one.roles)} | ({"with_reason": True} if one.with_reason else {}) for key, one in sorted(catalog.conflicts.items())
    }


def touched(before: Sequence[Conflict], changes: Sequence[Mapping[str, Any]]) -> Iterator[Conflict]:
    """Of conflicts as they were, those that a version changed."""
    keys = {c["field"] for c in changes if c["kind"] == "conflict"}
    return (one for one in before if one.key in keys)
