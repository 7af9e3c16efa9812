"""What people, roles and memberships must satisfy."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, or_, select

from crm.backoffice.access import Access
from crm.backoffice.guard import DataSession
from crm.backoffice.rules import Draft, before_save, when_changed
from crm.errors import Forbidden, Invalid
from crm.messages import m
from crm.organization.comparing import denials, denials_bind, holds, holds_as_much, outranks, widens
from crm.organization.models import Department, Membership, Role, Territory, User
from crm.organization.sign_in import revoke, revoke_all
from crm.organization.standing import OWNER


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


@when_changed("department", "parent")
def departments_moved_together_make_no_loop(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Departments that are moved at once do not come to stand below themselves."""
    _no_loop_together(session, drafts, Department)


@when_changed("territory", "parent")
def territories_moved_together_make_no_loop(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Territories that are moved at once do not come to stand below themselves."""
    _no_loop_together(session, drafts, Territory)


def _no_loop_together(session: DataSession, drafts: Sequence[Draft], cls: type[Department] | type[Territory]) -> None:
    """Before they were written each was judged by where the others stood; of one alone that is all there is to know."""
    moved = [draft for draft in drafts if not draft.is_new and draft["parent"] is not None]
    if len(moved) < 2:
        return
    table = cls.__table__
    parents: dict[int, int] = {row[0]: row[1] for row in session.kernel(select(table.c.id, table.c.parent_id).where(table.c.parent_id.is_not(None)))}
    for draft in moved:
        above, seen = parents.get(draft.id), set[int]()
        while above is not None and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if draft.id in seen:
            raise Invalid({"parent": m("A unit cannot stand below itself.")})


@when_changed("department", "parent", "deleted_at")
def nobody_widens_his_own_department(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Nobody brings departments below his own, or out from below it, when his rights reach as far as that tree."""
    if session.access is not None:
        _own_tree(session, session.access, drafts, Department, "department_tree")


@when_changed("territory", "parent", "deleted_at")
def nobody_widens_his_own_territory(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Nobody brings territories below his own, or out from below it, when his rights reach as far as that tree."""
    if session.access is not None:
        _own_tree(session, session.access, drafts, Territory, "territory")


def _own_tree(session: DataSession, access: Access, drafts: Sequence[Draft], cls: type[Department] | type[Territory], scope: str) -> None:
    allowing, denying = widens(session, access, "allow", scope), widens(session, access, "deny", scope)
    if access.unlimited or not (allowing or denying):
        return
    units, user = cls.__table__, User.__table__
    top = session.kernel(select(user.c.department_id if cls is Department else user.c.territory_id).where(user.c.id == access.user_id)).scalar()
    rows = session.kernel(select(units.c.id, units.c.parent_id).where(units.c.deleted_at.is_(None)))
    after: dict[int, int | None] = {row.id: row.parent_id for row in rows}
    moved = {d.id for d in drafts}
    before = {i: above for i, above in after.items() if i not in moved} | {d.id: d.old["parent"] for d in drafts if d.stood}
    new = {d.id for d in drafts if d.is_new}  # nothing stands there yet
    gained, lost = _below(top, after) - _below(top, before) - new, _below(top, before) - _below(top, after)
    if (allowing and gained) or (denying and lost):
        raise Forbidden(m("Another person must move this unit: your own rights depend on where it stands."))


def _below(top: int | None, parents: Mapping[int, int | None]) -> set[int]:
    """The units below `top`."""
    children: dict[int, list[int]] = {}
    for unit, above in parents.items():
        if above is not None:
            children.setdefault(above, []).append(unit)
    found: set[int] = set()
    ahead = [top] if top is not None else []
    while ahead:
        fresh = [unit for unit in children.get(ahead.pop(), ()) if unit not in found]
        found.update(fresh)
        ahead += fresh
    return found


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
    if not holds_as_much(draft.session, access, [draft["role"]]):
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
    elif draft.changed("email", "active") and not outranks(draft.session, access, draft.id):
        draft.refuse("email" if draft.changed("email") else "active", m("This person may do more than you."))


@when_changed("user", "deleted_at")
def the_mightier_are_not_removed(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Nobody removes or restores a person with more rights."""
    access = session.access
    if access is not None and not access.unlimited and not all(outranks(session, access, d.id) for d in drafts):
        raise Forbidden(m("This person may do more than you."))


@when_changed("membership")
def roles_of_the_mightier_stay(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Nobody takes away, gives back or hands on a role that allows more than his own do, nor does he lift a denial that binds him."""
    access = session.access
    if access is None or access.unlimited:
        return
    for draft in drafts:
        # Both as it was and as it is: handing a role on is taking it away.
        roles = {d for d in (draft.old.get("role"), draft["role"]) if d is not None}
        people = {d for d in (draft.old.get("user"), draft["user"]) if d is not None} - {access.user_id}
        if not draft.is_new and not holds_as_much(session, access, sorted(roles)):
            raise Forbidden(m("This role allows more than you may do yourself."))
        lost = draft.old["role"] if draft.stood else None
        if lost is not None and (denials_bind(session, access, lost, apart_from=draft.id) or (draft.old["user"] == access.user_id and denials(session, lost))):
            raise Forbidden(m("This role denies something to you: another person must lift it."))
        # A denial takes rights away from whoever gets it.
        if (not draft.is_new or denials(session, draft["role"])) and not all(outranks(session, access, person) for person in sorted(people)):
            raise Forbidden(m("This person may do more than you."))


@when_changed("membership")
def what_protects_oneself_stays(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Nobody but an owner leaves a role that asks him for two-step sign-in: with another one of the same rights he would have lifted it."""
    access, role = session.access, Role.__table__
    if access is None or access.unlimited:
        return
    left = {d.old["role"] for d in drafts if d.stood and d.old["user"] == access.user_id} - {d["role"] for d in drafts if _holds_on(d, access.user_id)}
    if left and session.kernel(select(role.c.id).where(role.c.id.in_(sorted(left)), role.c.second_factor.is_(True)).limit(1)).first() is not None:
        raise Forbidden(m("This role asks you for two-step sign-in: another person must take it from you."))


def _holds_on(draft: Draft, user_id: int) -> bool:
    """Whether the membership stands as open as it was."""
    return draft["user"] == user_id and draft["deleted_at"] is None and not draft.changed("since", "until")


@when_changed("membership")
def an_owner_remains_by_role(session: DataSession, drafts: Sequence[Draft]) -> None:
    """The last owner keeps the role."""
    _owner_remains(session, {u for d in drafts for u in (d["user"], d.old.get("user")) if u is not None})


@when_changed("user", "active", "deleted_at", "email")
def an_owner_remains_by_person(session: DataSession, drafts: Sequence[Draft]) -> None:
    """The last owner stays active and able to sign in."""
    _owner_remains(session, {d.id for d in drafts})


def _owners() -> Select[Any]:
    """Who is or was an owner."""
    user, membership, role = (c.__table__ for c in (User, Membership, Role))
    return (
        select(user.c.id).select_from(user.join(membership, membership.c.user_id == user.c.id).join(role, role.c.id == membership.c.role_id))
        .where(role.c.code == OWNER, role.c.builtin.is_(True), role.c.deleted_at.is_(None)).limit(1)
    )


def _acting(session: DataSession, owners: Select[Any]) -> Select[Any]:
    """Those of them who act as owner for good."""
    user, membership = User.__table__, Membership.__table__
    return owners.where(
        user.c.deleted_at.is_(None), user.c.active.is_(True), user.c.email.is_not(None), membership.c.deleted_at.is_(None),
        or_(membership.c.since.is_(None), membership.c.since <= session.reader.today), membership.c.until.is_(None),
    )


def _owner_remains(session: DataSession, touched: set[int]) -> None:
    """Refuses unless somebody can act as owner for good, when one of the `touched` people is or was one."""
    if session.access is None:  # the operator may begin anew
        return
    owners, user = _owners(), User.__table__
    if session.kernel(owners.where(user.c.id.in_(touched))).first() is None:
        return
    if session.kernel(_acting(session, owners)).first() is None:
        raise Forbidden(m("Somebody must remain the owner, without an end."))


def somebody_else_owns(session: DataSession, leaving: set[int]) -> bool:
    """Whether the company has an owner for good without these people, or none of them is one."""
    owners, user = _owners(), User.__table__
    if session.kernel(owners.where(user.c.id.in_(leaving))).first() is None:
        return True
    return session.kernel(_acting(session, owners).where(user.c.id.not_in(leaving))).first() is not None


@before_save("role")
def a_role_keeps_its_code(draft: Draft) -> None:
    """A role keeps its code: files know it by that. The code of a built-in role is nobody else's, even when that one is gone."""
    if not draft.changed("code"):
        return
    if draft.old:
        draft.refuse("code", m("A role keeps its code: files know it by that."))
    elif not draft["builtin"] and draft["code"] is not None:
        role = Role.__table__
        builtin = set(draft.session.kernel(select(role.c.code).where(role.c.builtin.is_(True))).scalars())
        if draft.session.access is not None and str(draft["code"]).strip().casefold() in {OWNER, *(code.casefold() for code in builtin)}:
            draft.refuse("code", m("This is the code of a built-in role."))


@before_save("role")
def what_protects_ones_own_role_stays(draft: Draft) -> None:
    """Nobody but an owner lifts two-step sign-in from a role that he holds himself, today or another day."""
    access = draft.session.access
    if access is None or access.unlimited or draft.is_new or not draft.changed("second_factor") or draft["second_factor"]:
        return
    if holds(draft.session, access, draft.id):
        draft.refuse("second_factor", m("You hold this role yourself: another person must lift what protects it."))


@before_save("role")
def what_the_mightier_owe_stays(draft: Draft) -> None:
    """Nobody says of a role that allows more than his own do whether it requires two-step sign-in."""
    access = draft.session.access
    if access is None or access.unlimited or draft.is_new or not draft.changed("second_factor"):
        return
    if not holds_as_much(draft.session, access, [draft.id]):
        draft.refuse("second_factor", m("This role allows more than you may do yourself."))


@when_changed("role", "deleted_at")
def a_built_in_role_stays(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A built-in role is not deleted."""
    if any(draft["builtin"] and draft["deleted_at"] is not None for draft in drafts):
        raise Forbidden(m("A built-in role stays. Whoever should hold it no longer loses it on his card."))


@when_changed("role", "deleted_at")
def roles_that_allow_more_are_not_removed(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Nobody removes or restores a role that allows more than his own do, or that denies something to him."""
    access = session.access
    if access is None or access.unlimited:
        return
    if not holds_as_much(session, access, [draft.id for draft in drafts]):
        raise Forbidden(m("This role allows more than you may do yourself."))
    if any(draft["second_factor"] and holds(session, access, draft.id) for draft in drafts):
        raise Forbidden(m("You hold this role yourself: another person must lift what protects it."))
    if any(denials_bind(session, access, draft.id) for draft in drafts):
        raise Forbidden(m("This role denies something to you: another person must lift it."))


@when_changed("user", "active", "deleted_at", "email")
def who_leaves_loses_his_ways_in(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Who leaves is signed out everywhere, and so is whose address is another; the link of the calendar ends too and does not come back with him."""
    for draft in drafts:
        left = not draft["active"] or draft["deleted_at"] is not None
        if draft.stood and (left or draft.changed("email")):
            revoke_all(session, draft.id, "left" if left else "email")


@when_changed("membership")
def a_changed_role_ends_sign_ins(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Whoever gains or loses a role signs in anew."""
    for user_id in sorted({u for d in drafts for u in (d["user"], d.old.get("user")) if u is not None}):
        if user_id != session.actor_id:
            revoke(session, user_id)
