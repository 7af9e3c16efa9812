"""What a newer version brought that no role of this company names yet: kinds of records that only the owner sees, and the rules that the standard roles
of a new company have for them.

An upgrade changes no rights: roles are the company's own. It is told what it might add, as a configuration file of the usual form.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.export import role_form
from crm.backoffice.lowcode.plan import rules_of
from crm.messages import Label
from crm.organization.standing import OWNER
from crm.standard import standard

Rules = list[Mapping[str, Any]]


def unseen(session: SystemSession) -> list[Entity]:
    """The kinds of records that the standard roles name and that no role here lets anybody read but the owner's."""
    seen = {rule["entity"] for _, _, rules in _roles(session) for rule in rules if _reads(rule)}
    named = {rule["entity"] for rules in _standard(session.catalog).values() for rule in rules if _reads(rule)}
    return [kind for key, kind in session.catalog.entities.items() if key in named - seen]


def additions(session: SystemSession) -> dict[str, Any]:
    """A configuration that gives each role of a standard key the rules that a new company's has for what is unseen, below those that it has; empty
    where there is nothing to add. A role without such a key gets nothing: what it is for only its company knows."""
    new, offered = {kind.key for kind in unseen(session)}, _standard(session.catalog)
    found = {}
    for code, label, rules in _roles(session):
        more = [rule for rule in offered.get(code, ()) if rule["entity"] in new]
        if more:
            found[code] = role_form(label, [*rules, *more], None)
    return {"roles": found} if found else {}


def _reads(rule: Mapping[str, Any]) -> bool:
    return rule.get("effect", "allow") == "allow" and "read" in rule.get("actions", ()) and rule.get("scope") != "none"


def _standard(catalog: Catalog) -> dict[str, Rules]:
    known: dict[str, Rules] | None = catalog.memory.get("standard_rules")
    if known is None:
        known = catalog.memory["standard_rules"] = {role.key: list(role.rules) for role in standard(catalog).roles if role.key != OWNER}
    return known


def _roles(session: SystemSession) -> list[tuple[str, Label, Rules]]:
    """The roles of the company but the owner's."""
    role = session.catalog.entity("role").table
    rows = session.execute(select(role.c.id, role.c.code, role.c.name, role.c.name_en).where(role.c.deleted_at.is_(None)).order_by(role.c.id)).all()
    return [(row.code, Label.of(row.name, row.name_en), [*rules_of(session, row.id)]) for row in rows if row.code != OWNER]
