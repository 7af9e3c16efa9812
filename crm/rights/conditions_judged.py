"""Whether a person may change saved conditions: what they ask for he must see himself, and those that rights of roles use are changed by whoever
may change these roles."""

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import select

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.saved import SavedCondition, SavedConditions
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode import condition_plan, condition_uses
from crm.backoffice.lowcode.document import Document
from crm.backoffice.sight import Sight
from crm.errors import Forbidden
from crm.messages import m
from crm.rights.known import rests_on_the_seen
from crm.rights.roles import RoleRules, judge, read_role


def judge_conditions(session: SystemSession, sight: Sight, document: Document, after: Catalog) -> None:
    """Raises Forbidden where a person may not make, change or remove a saved condition as the document says."""
    access, before = sight.access, sight.catalog
    if access is None or access.unlimited:
        return
    stood = condition_plan.stood(before, after)
    for old, new in _differing(stood, after.saved):
        one = new or old
        if one is None or not access.configures(one.entity if one.entity in before.entities else "*"):
            raise Forbidden(m("You do not have the right to configure this."))
        if old is not None and not _seen(sight, before, before.saved.known[old.key]):
            raise Forbidden(m("The saved condition “%(key)s” rests on values that you do not see on every record.", key=old.key))
        if new is not None and not _seen(sight, after, new):
            raise Forbidden(m("You may ask for conditions only of fields that you see on every record."))
    for role, new_role in role_changes(session, before, after):
        roles = sight.table("role")
        may = select(roles.table.c.id).where(roles.visible, roles.may("update"), roles.table.c.id == role.id)
        if not sight.may("role", "update") or session.execute(may).first() is None:
            raise Forbidden(m("Rights of roles use this condition: it is changed by whoever may change these roles."))
        judge(session, Sight(access, after, sight.reader), role, new_role)


def role_changes(session: SystemSession, before: Catalog, after: Catalog) -> Iterator[tuple[RoleRules, RoleRules]]:
    """The roles whose rules say something else because a saved condition does, as they stand and as they would."""
    changed = condition_plan.changed(before, after)
    stood = condition_plan.stood(before, after)
    for one in condition_uses.roles_naming(session, changed):
        role = read_role(session, one.id)
        yield replace(role, saved=stood), replace(role, saved=after.saved)


def _differing(stood: SavedConditions, after: SavedConditions) -> Iterator[tuple[SavedCondition | None, SavedCondition | None]]:
    for key in dict.fromkeys((*stood.known, *after.known)):
        old, new = stood.known.get(key), after.known.get(key)
        if old != new:
            yield old, new


def _seen(sight: Sight, catalog: Catalog, one: SavedCondition) -> bool:
    kind = catalog.entities.get(one.entity)
    return kind is not None and rests_on_the_seen(Sight(sight.access, catalog, sight.reader), kind, catalog.saved(one.key))
