"""Who may do more: the rights of the one who acts beside what a role allows and denies."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import or_, select

from crm.backoffice.access import EVERYTHING, RANK, Access, Rule, parse_rule
from crm.backoffice.catalog import Catalog
from crm.backoffice.configuration import AccessRule
from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.organization.models import Membership, Role
from crm.organization.standing import EMERGENCY, OWNER


def outranks(session: DataSession, access: Access, user_id: int) -> bool:
    """Whether every role that a person holds allows no more than those of the one who acts."""
    membership = Membership.__table__
    held = select(membership.c.role_id).where(membership.c.user_id == user_id, membership.c.deleted_at.is_(None))
    return holds_as_much(session, access, list(session.kernel(held).scalars()))


def holds_as_much(session: DataSession, access: Access, role_ids: Sequence[int]) -> bool:
    """Whether the roles, and what their holders may take in an emergency, allow no more than those of the one who acts."""
    role, given = Role.__table__, sorted(set(role_ids))
    if not given:
        return True
    reached = select(EMERGENCY.c.target_id).where(EMERGENCY.c.owner_id.in_(given))
    found = session.kernel(select(role.c.id, role.c.code).where(or_(role.c.id.in_(given), role.c.id.in_(reached))).order_by(role.c.id)).all()
    return all(code != OWNER and allows_no_more(access, session.catalog, _rules(session, role_id)) for role_id, code in found)


def allows_no_more(access: Access, catalog: Catalog, rules: Sequence[Rule]) -> bool:
    """Whether `rules`, as those of one role, allow no more than those of the one who acts; what he took in an emergency gives him nothing to give."""
    return access.unlimited or (not access.lent and all(_held(access, rule, catalog, rules) for rule in rules if rule.effect == "allow"))


def denials(session: DataSession, role_id: int) -> list[Rule]:
    """What a role denies."""
    return [rule for rule in _rules(session, role_id) if rule.effect == "deny"]


def denials_bind(session: DataSession, access: Access, role_id: int, *, apart_from: int = 0) -> bool:
    """Whether what a role denies is denied to the one who acts: he holds it, today or another day (the membership `apart_from` aside), or
    another role denies some of it to him."""
    denied = denials(session, role_id)
    if not denied:
        return False
    if holds(session, access, role_id, apart_from=apart_from):
        return True
    return any(denied_to(access, rule) for rule in denied)


def holds(session: DataSession, access: Access, role_id: int, *, apart_from: int = 0) -> bool:
    """Whether the one who acts holds the role, today or another day (the membership `apart_from` aside)."""
    membership = Membership.__table__
    held = select(membership.c.id).where(
        membership.c.user_id == access.user_id, membership.c.role_id == role_id, membership.c.deleted_at.is_(None), membership.c.id != apart_from,
    ).limit(1)
    return session.kernel(held).first() is not None


def denied_to(access: Access, rule: Rule) -> bool:
    """Whether some of what `rule` denies is denied to the one who acts."""
    return any(own.effect == "deny" and _overlap(own, rule) for own in access.of(rule.entity))


def same_rule(one: Rule, other: Rule) -> bool:
    """Whether two rules say the same, wherever they stand."""
    return replace(one, role="", number=0) == replace(other, role="", number=0)


def widens(session: DataSession, access: Access, effect: str, scope: str) -> bool:
    """Whether rules of this effect reach as far as a tree of units (`scope`) does; not when the same is allowed everywhere anyway."""
    return any(
        rule.effect == effect and rule.scope == scope and rule.entity != EVERYTHING
        and (effect == "deny" or not _everywhere(access, rule, session.catalog.entity(rule.entity)))
        for rules in access.rules.values() for rule in rules
    )


def _everywhere(access: Access, rule: Rule, kind: Entity) -> bool:
    return any(
        own.effect == "allow" and own.scope == "all" and rule.actions <= own.actions and own.where in (None, rule.where) and _shows_as_much(own, rule, kind)
        for own in access.of(rule.entity)
    )


def _overlap(one: Rule, other: Rule) -> bool:
    fields = (one.fields, other.fields)
    return bool(one.actions & other.actions) and (None in fields or any("*" in f for f in fields if f) or bool(set(one.fields or ()) & set(other.fields or ())))


def _rules(session: DataSession, role_id: int) -> list[Rule]:
    role, rules = Role.__table__, AccessRule.__table__
    query = select(role.c.code, rules.c.rule).join(rules, rules.c.role_id == role.c.id).where(role.c.id == role_id).order_by(rules.c.position)
    return [parse_rule(row.code, n, row.rule, session.catalog.saved) for n, row in enumerate(session.kernel(query), 1)]


def _held(access: Access, rule: Rule, catalog: Catalog, asked: Sequence[Rule]) -> bool:
    """Whether one rule of the giver allows at least what `rule` does: every action, every record, every field as openly;
    what is denied to the giver must be denied by the role (`asked`) too."""
    denied = [own for own in access.of(rule.entity) if own.effect == "deny" and own.actions & rule.actions]
    if not all(any(same_rule(own, other) for other in asked) for own in denied):
        return False
    if "configure" in rule.actions:
        if rule.scope != "none" and not _configures(access, rule.entity):
            return False
        rule = replace(rule, actions=rule.actions - {"configure"})
        if not rule.actions:
            return True
    kind = catalog.entity(rule.entity)
    return any(
        own.effect == "allow" and rule.actions <= own.actions and _reaches(own, rule) and own.where in (None, rule.where) and _shows_as_much(own, rule, kind)
        for own in access.of(rule.entity)
    )


def _configures(access: Access, entity: str) -> bool:
    """The giver's right to configure; whoever is denied it anywhere has not all of it to give."""
    denied = (rule for rules in access.rules.values() for rule in rules if rule.effect == "deny" and "configure" in rule.actions)
    return access.configures(entity) and (entity != EVERYTHING or not any(denied))


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
