"""What people, roles and memberships must satisfy."""

from collections.abc import Sequence

from sqlalchemy import select

from crm.backoffice.access import RANK, Access, Rule, parse_rule
from crm.backoffice.configuration import AccessRule
from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.rules import Draft, before_save, when_changed
from crm.messages import m
from crm.organization.models import Department, Role, Territory
from crm.organization.sign_in import revoke


@before_save("user")
def name_from_parts(draft: Draft) -> None:
    """A person without a name is called by the first and last name."""
    if not draft["name"]:
        draft["name"] = " ".join(part for part in (draft["first_name"], draft["last_name"]) if part) or None


@before_save("user")
def not_own_manager(draft: Draft) -> None:
    """Nobody manages himself."""
    if draft["manager"] == draft.id:
        draft.refuse("manager", m("A person cannot be his own manager."))


@before_save("department")
def department_tree_has_no_loop(draft: Draft) -> None:
    """A department does not stand below itself."""
    _no_loop(draft, Department)


@before_save("territory")
def territory_tree_has_no_loop(draft: Draft) -> None:
    """A territory does not stand below itself."""
    _no_loop(draft, Territory)


def _no_loop(draft: Draft, cls: type[Department] | type[Territory]) -> None:
    if not draft.changed("parent"):
        return
    table = cls.__table__
    above, seen = draft["parent"], set()
    while above is not None and above not in seen:
        seen.add(above)
        if above == draft.id:
            draft.refuse("parent", m("A unit cannot stand below itself."))
            return
        above = draft.session.kernel(select(table.c.parent_id).where(table.c.id == above)).scalar()


@before_save("membership")
def period_in_order(draft: Draft) -> None:
    """A membership ends no earlier than it begins."""
    if draft["since"] and draft["until"] and draft["until"] < draft["since"]:
        draft.refuse("until", m("The last day is before the first."))


@before_save("membership")
def grants_only_what_one_holds(draft: Draft) -> None:
    """Nobody gives a role that allows more than his own roles do."""
    access = draft.session.access
    if access is None or access.unlimited or not draft.changed("role", "user", "since", "until"):
        return
    role = Role.__table__
    code = draft.session.kernel(select(role.c.code).where(role.c.id == draft["role"])).scalar()
    rules = AccessRule.__table__
    rows = draft.session.kernel(select(rules.c.rule).where(rules.c.role_id == draft["role"]).order_by(rules.c.position)).scalars()
    asked = [parse_rule(code or "", n, rule) for n, rule in enumerate(rows, 1)]
    if code == "owner" or not all(_held(access, r, draft.session.catalog.entity(r.entity)) for r in asked if r.effect == "allow"):
        draft.refuse("role", m("This role allows more than you may do yourself."))


def _held(access: Access, rule: Rule, kind: Entity) -> bool:
    """Whether one rule of the giver allows at least what `rule` does: every action, every record, every field as openly."""
    return any(
        own.effect == "allow" and rule.actions <= own.actions and _reaches(own, rule) and own.where in (None, rule.where) and _shows_as_much(own, rule, kind)
        for own in access.of(rule.entity)
    )


def _reaches(own: Rule, rule: Rule) -> bool:
    order = ("none", "own", "department", "department_tree", "all")
    if own.scope in ("all", rule.scope):
        return True
    return own.scope in order and rule.scope in order and order.index(own.scope) >= order.index(rule.scope)


def _shows_as_much(own: Rule, rule: Rule, kind: Entity) -> bool:
    for key, spec in kind.fields.items():
        mine, asked = own.mode(key, spec.sensitivity), rule.mode(key, spec.sensitivity)
        if RANK[mine.mode] < RANK[asked.mode] or mine.where not in (None, asked.where):
            return False
    return True


@before_save("role")
def builtin_roles_keep_their_key(draft: Draft) -> None:
    """The code of a built-in role is its key and stays."""
    if not draft.is_new and draft.old.get("builtin") and draft.changed("code"):
        draft.refuse("code", m("A built-in role keeps its key."))


@when_changed("membership")
def a_changed_role_ends_sign_ins(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Whoever gains or loses a role signs in anew."""
    for user_id in sorted({d["user"] for d in drafts}):
        if user_id != session.actor_id:
            revoke(session, user_id)
