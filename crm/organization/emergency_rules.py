"""What a role may say of emergencies: which roles its holders may take by themselves."""

from collections.abc import Sequence

from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.backoffice.lowcode.emergencies import FIELDS, LONGEST, MOST
from crm.backoffice.rules import Draft, before_save, when_changed
from crm.errors import Invalid
from crm.messages import m
from crm.organization.comparing import holds_as_much
from crm.organization.models import Role
from crm.organization.standing import OWNER


@before_save("role")
def an_emergency_is_short(draft: Draft) -> None:
    """A role taken in an emergency is held for eight hours at most."""
    hours = draft["emergency_hours"]
    if hours is not None and not 1 <= hours <= LONGEST:
        draft.refuse("emergency_hours", m("From 1 to %(most)s hours.", most=LONGEST))


@when_changed("role", *FIELDS)
def an_emergency_gives_no_more_than_its_declarer_holds(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Nobody declares a role takeable that allows more than his own do; the owner's is never takeable, nor does a role lead to itself."""
    role, access = Role.__table__, session.access
    for draft in drafts:
        taken = set(draft["emergency"] or ())
        if len(taken) > MOST:
            raise Invalid({"emergency": m("At most %(count)s roles.", count=MOST)})
        if draft.id in taken:
            raise Invalid({"emergency": m("A role does not lead to itself.")})
        codes = set(session.kernel(select(role.c.code).where(role.c.id.in_(sorted(taken)))).scalars())
        if OWNER in codes:
            raise Invalid({"emergency": m("Nobody takes the role of the owner by himself.")})
        if access is None or access.unlimited or (draft.is_new and not taken):
            continue
        if not holds_as_much(session, access, sorted({draft.id, *taken, *(draft.old.get("emergency") or ())})):
            raise Invalid({"emergency": m("This role allows more than you may do yourself.")})
