"""In a configuration file: which roles the holders of a role may take by themselves in an emergency, and for how many hours at most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Table, select

from crm.backoffice import records
from crm.backoffice.guard import DataSession, SystemSession
from crm.messages import Message, m

NAMES = ("roles", "hours")
LONGEST = 8  # hours
MOST = 20  # roles
FIELDS = ("emergency", "emergency_hours")


@dataclass(frozen=True)
class Emergency:
    """Roles by key, in order; without hours `LONGEST` holds."""

    roles: tuple[str, ...] = ()
    hours: int | None = None

    def form(self) -> dict[str, Any]:
        """How a file says it."""
        return {"roles": list(self.roles)} | ({} if self.hours is None else {"hours": self.hours})


def emergency(key: str, spec: Any) -> Emergency | Message:
    """What a file says of a role, or what is wrong with it; an empty list of roles lifts it."""
    if not isinstance(spec, Mapping) or set(spec) - set(NAMES):
        return m("“emergency” knows “roles” and “hours”")
    roles, hours = spec.get("roles"), spec.get("hours")
    if not isinstance(roles, list) or not all(isinstance(one, str) for one in roles) or len(roles) > MOST:
        return m("“%(name)s” is a list of keys", name="roles")
    if key in roles:
        return m("a role does not lead to itself")
    if hours is not None and (not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= LONGEST):
        return m("“hours” is a whole number from 1 to %(most)s", most=LONGEST)
    return Emergency(tuple(sorted(set(roles))), hours)


def in_force(session: SystemSession, role_id: int) -> Emergency:
    """What is declared of a role now; roles that were removed are left out."""
    role = session.catalog.entity("role").table
    hours = session.execute(select(role.c.emergency_hours).where(role.c.id == role_id)).scalar()
    return Emergency(tuple(_codes(session, _linked(session, role_id))), hours)


def led_to(session: SystemSession) -> dict[int, tuple[str, ...]]:
    """Every role that leads to others in an emergency, by its number → the codes of these, in order; roles that were removed are left out."""
    role, links = session.catalog.entity("role").table, _links(session)
    found: dict[int, list[str]] = {}
    named = select(links.c.owner_id, role.c.code).join_from(links, role, links.c.target_id == role.c.id)
    for number, code in session.execute(named.where(role.c.deleted_at.is_(None))):
        found.setdefault(number, []).append(code)
    return {number: tuple(sorted(codes)) for number, codes in found.items()}


def form_of(session: DataSession, old: Mapping[str, Any]) -> dict[str, Any]:
    """How a file says what a role held before a change (`old`, by field)."""
    return Emergency(tuple(_codes(session, old.get("emergency") or ())), old.get("emergency_hours")).form()


def still_there(session: SystemSession, given: Emergency | None) -> Emergency | None:
    """The same without roles that are gone since."""
    if given is None:
        return None
    role = session.catalog.entity("role").table
    known = set(session.execute(select(role.c.code).where(role.c.code.in_(given.roles), role.c.deleted_at.is_(None))).scalars())
    return replace(given, roles=tuple(code for code in given.roles if code in known))


def write(session: SystemSession, key: str, given: Emergency) -> None:
    """Make it so; the roles it names stand already. Raises Invalid."""
    role = session.catalog.entity("role").table
    named = select(role.c.code, role.c.id).where(role.c.code.in_([key, *given.roles]), role.c.deleted_at.is_(None))
    known = {row.code: row.id for row in session.execute(named)}
    if key in known:
        taken = tuple(sorted(known[code] for code in given.roles if code in known))
        records.change(session, "role", known[key], {"emergency": taken or None, "emergency_hours": given.hours})


def _linked(session: SystemSession, role_id: int) -> Sequence[int]:
    links = _links(session)
    return list(session.execute(select(links.c.target_id).where(links.c.owner_id == role_id)).scalars())


def _links(session: SystemSession) -> Table:
    return next(table for key, _, table in session.catalog.entity("role").sets() if key == "emergency")


def _codes(session: DataSession, ids: Sequence[int]) -> list[str]:
    role = session.catalog.entity("role").table
    return sorted(session.kernel(select(role.c.code).where(role.c.id.in_(ids), role.c.deleted_at.is_(None))).scalars())
