"""What people, roles and memberships must satisfy."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import or_, select

from crm.backoffice.access import RANK, Access, Rule, parse_rule
from crm.backoffice.configuration import AccessRule
from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.rules import Draft, before_save, when_changed
from crm.errors import Forbidden
from crm.messages import m
from crm.organization.models import Department, Membership, Role, Territory, User
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
    if not _holds_as_much(draft.session, access, [draft["role"]]):
        draft.refuse("role", m("This role allows more than you may do yourself."))


@before_save("user")
def the_mightier_are_not_taken_over(draft: Draft) -> None:
    """Nobody changes how a person with more rights signs in, nor moves himself to where he would see more."""
    access = draft.session.access
    if access is None or access.unlimited or draft.is_new:
        return
    if draft.id == access.user_id:
        for key in ("department", "territory"):
            if draft.changed(key):
                draft.refuse(key, m("Another person must change this about you: your rights depend on it."))
    elif draft.changed("email", "active") and not _outranks(draft.session, access, draft.id):
        draft.refuse("email" if draft.changed("email") else "active", m("This person may do more than you."))


@when_changed("user", "deleted_at")
def the_mightier_are_not_removed(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Nobody removes or restores a person with more rights."""
    access = session.access
    if access is not None and not access.unlimited and not all(_outranks(session, access, d.id) for d in drafts):
        raise Forbidden(m("This person may do more than you."))


@when_changed("membership", "deleted_at", "until", "since")
def roles_of_the_mightier_stay(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Nobody takes away, or gives back, a role that allows more than his own do."""
    access = session.access
    if access is not None and not access.unlimited and not _holds_as_much(session, access, [d["role"] for d in drafts]):
        raise Forbidden(m("This role allows more than you may do yourself."))


@when_changed("membership")
def an_owner_remains_by_role(session: DataSession, drafts: Sequence[Draft]) -> None:
    """The last owner keeps the role."""
    _owner_remains(session, {u for d in drafts for u in (d["user"], d.old.get("user")) if u is not None})


@when_changed("user", "active", "deleted_at", "email")
def an_owner_remains_by_person(session: DataSession, drafts: Sequence[Draft]) -> None:
    """The last owner stays active and able to sign in."""
    _owner_remains(session, {d.id for d in drafts})


def _owner_remains(session: DataSession, touched: set[int]) -> None:
    """Refuses unless somebody can act as owner for good, when one of the `touched` people is or was one."""
    if session.access is None:  # the operator may begin anew
        return
    user, membership, role = (c.__table__ for c in (User, Membership, Role))
    owners = (
        select(user.c.id).select_from(user.join(membership, membership.c.user_id == user.c.id).join(role, role.c.id == membership.c.role_id))
        .where(role.c.code == "owner").limit(1)
    )
    if session.kernel(owners.where(user.c.id.in_(touched))).first() is None:
        return
    acting = owners.where(
        user.c.deleted_at.is_(None), user.c.active.is_(True), user.c.email.is_not(None), membership.c.deleted_at.is_(None),
        or_(membership.c.since.is_(None), membership.c.since <= session.reader.today), membership.c.until.is_(None),
    )
    if session.kernel(acting).first() is None:
        raise Forbidden(m("Somebody must remain the owner, without an end."))


def _outranks(session: DataSession, access: Access, user_id: int) -> bool:
    """Whether every role that a person holds allows no more than those of the one who acts."""
    membership = Membership.__table__
    held = select(membership.c.role_id).where(membership.c.user_id == user_id, membership.c.deleted_at.is_(None))
    return _holds_as_much(session, access, list(session.kernel(held).scalars()))


def _holds_as_much(session: DataSession, access: Access, role_ids: Sequence[int]) -> bool:
    role, rules = Role.__table__, AccessRule.__table__
    for role_id in set(role_ids):
        code = session.kernel(select(role.c.code).where(role.c.id == role_id)).scalar()
        rows = session.kernel(select(rules.c.rule).where(rules.c.role_id == role_id).order_by(rules.c.position)).scalars()
        asked = [parse_rule(code or "", n, rule) for n, rule in enumerate(rows, 1)]
        if code == "owner" or not all(_held(access, r, session.catalog.entity(r.entity), asked) for r in asked if r.effect == "allow"):
            return False
    return True


def _held(access: Access, rule: Rule, kind: Entity, asked: Sequence[Rule]) -> bool:
    """Whether one rule of the giver allows at least what `rule` does: every action, every record, every field as openly;
    what is denied to the giver must be denied by the role (`asked`) too."""
    denied = [own for own in access.of(rule.entity) if own.effect == "deny" and own.actions & rule.actions]
    if not all(any(_same(own, other) for other in asked) for own in denied):
        return False
    return any(
        own.effect == "allow" and rule.actions <= own.actions and _reaches(own, rule) and own.where in (None, rule.where) and _shows_as_much(own, rule, kind)
        for own in access.of(rule.entity)
    )


def _same(one: Rule, other: Rule) -> bool:
    return replace(one, role="", number=0) == replace(other, role="", number=0)


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
