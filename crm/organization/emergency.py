"""Breaking the glass: a person takes a role by himself for some hours, with a reason; the owners hear of it, and it ends by itself.

Which roles lead to which others the roles themselves declare. The membership that is made is like any other, with the moment of its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, select

from crm.backoffice import journal, notices, outbox, records
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession, system_session
from crm.backoffice.lowcode.emergencies import LONGEST
from crm.backoffice.vault import Vault
from crm.errors import Invalid, NotFound
from crm.messages import Label, Message, m
from crm.organization.models import Membership, Role, User
from crm.organization.profile import show_password
from crm.organization.second_factor import factor_of, show_code
from crm.organization.sign_in import Identity, Where
from crm.organization.standing import EMERGENCY, HELD, OWNER

TOPIC = "emergency"
PAGE = "/emergency/taken/"
REASON = 200  # characters
MEMBERSHIP, ROLE, USER = Membership.__table__, Role.__table__, User.__table__


@dataclass(frozen=True)
class Offer:
    """A role that a person may take, for at most `hours`; `asks_code` when its holders need a second factor."""

    role_id: int
    code: str
    label: Label
    hours: int
    asks_code: bool


def offers(session: SystemSession, user_id: int, day: date) -> list[Offer]:
    """What the roles that a person holds on `day` let him take: never the owner's, nor what he holds already, nor what a role that he took in
    an emergency would lead to."""
    target = ROLE.alias()
    held = set(session.execute(select(ROLE.c.id).select_from(HELD).where(USER.c.id == user_id, ROLE.c.id.is_not(None)), {"day": day}).scalars())
    query = (
        select(target.c.id, target.c.code, target.c.name, target.c.name_en, target.c.second_factor, ROLE.c.emergency_hours)
        .select_from(HELD.join(EMERGENCY, EMERGENCY.c.owner_id == ROLE.c.id).join(target, target.c.id == EMERGENCY.c.target_id))
        .where(USER.c.id == user_id, MEMBERSHIP.c.taken_until.is_(None), target.c.deleted_at.is_(None), target.c.code != OWNER)
        .order_by(target.c.id)
    )
    found: dict[int, Offer] = {}
    for row in session.execute(query, {"day": day}):
        hours = min(row.emergency_hours or LONGEST, LONGEST)
        known = found.get(row.id)
        if row.id not in held and (known is None or known.hours < hours):
            found[row.id] = Offer(row.id, row.code, Label.of(row.name, row.name_en), hours, row.second_factor)
    return list(found.values())


def take(engine: Engine, catalog: Catalog, vault: Vault, who: Identity, given: Mapping[str, str], where: Where) -> datetime:
    """Gives the person the role that he asks for (`role`, `hours`, `reason`, as typed) for the password (`current`) and, where the role requires
    it or he has a second factor, a `code`. Returns the end. Raises Invalid by those keys."""
    reason = " ".join(given.get("reason", "").replace("\0", " ").split())
    with system_session(engine, "emergency: what is on offer", catalog, source="ui", actor_id=who.id) as session:
        offer = _asked(offers(session, who.id, who.day), given, reason)
        has_factor = factor_of(session, who.id).since is not None
    if offer.asks_code and not has_factor:
        raise Invalid({"code": m("This role requires two-step sign-in. Turn it on in your profile first.")})
    show_password(engine, catalog, who, given.get("current", ""), where)
    if has_factor:
        show_code(engine, catalog, vault, who, given.get("code", ""), where)
    now = datetime.now(UTC)
    until = now + timedelta(hours=int(given["hours"]))
    with system_session(engine, "emergency: a role is taken", catalog, write=True, source="ui", actor_id=who.id) as session:
        session.execute(select(USER.c.id).where(USER.c.id == who.id).with_for_update())  # one after another
        if all(one.role_id != offer.role_id for one in offers(session, who.id, who.day)):
            raise Invalid({"role": NOT_OFFERED})
        zone = catalog.company.zone
        membership = records.create(session, "membership", {
            "user": who.id, "role": offer.role_id, "since": now.astimezone(zone).date(), "until": until.astimezone(zone).date(), "reason": reason,
            "taken_until": until,
        })
        journal.event(session, "emergency", "user", who.id, {"role": [None, offer.code], "until": [None, until.isoformat()], "reason": [None, reason]})
        tell_owners(session, membership)
        session.commit()
    return until


def give_back(engine: Engine, catalog: Catalog, who: Identity, membership_id: int) -> None:
    """Ends what the person took, now. Raises NotFound for what is not his or is over."""
    with system_session(engine, "emergency: a role is given back", catalog, write=True, source="ui", actor_id=who.id) as session:
        now = datetime.now(UTC)
        row = session.execute(
            select(MEMBERSHIP.c.taken_until, MEMBERSHIP.c.reason, ROLE.c.code).join(ROLE, ROLE.c.id == MEMBERSHIP.c.role_id)
            .where(MEMBERSHIP.c.id == membership_id, MEMBERSHIP.c.user_id == who.id, MEMBERSHIP.c.deleted_at.is_(None), MEMBERSHIP.c.taken_until > now)
        ).first()
        if row is None:
            raise NotFound()
        records.change(session, "membership", membership_id, {"taken_until": now, "until": now.astimezone(catalog.company.zone).date()})
        journal.event(session, "emergency_end", "user", who.id, {
            "role": [row.code, None], "until": [row.taken_until.isoformat(), now.isoformat()], "reason": [None, row.reason],
        })
        session.commit()


def tell_owners(session: SystemSession, membership_id: int) -> None:
    """A notice and a letter to everybody who holds the role of the owner today."""
    day = datetime.now(UTC).astimezone(session.catalog.company.zone).date()
    query = (
        select(USER.c.id).distinct().select_from(HELD)
        .where(ROLE.c.code == OWNER, ROLE.c.builtin.is_(True), USER.c.deleted_at.is_(None), USER.c.active.is_(True)).order_by(USER.c.id)
    )
    owners = list(session.execute(query, {"day": day}).scalars())
    for owner in owners:
        notices.tell(session, owner, m("A role was taken in an emergency."), PAGE)
    outbox.post(session, TOPIC, [(f"emergency-{membership_id}-{owner}", {"user": owner, "membership": membership_id}) for owner in owners])


NOT_OFFERED = m("Choose a role that is offered.")


def _asked(offered: list[Offer], given: Mapping[str, str], reason: str) -> Offer:
    """Raises Invalid."""
    problems: dict[str, Message] = {}
    offer = next((one for one in offered if str(one.role_id) == given.get("role")), None)
    hours = given.get("hours", "")
    if offer is None:
        problems["role"] = NOT_OFFERED
    elif not (hours.isascii() and hours.isdecimal() and len(hours) == 1 and 1 <= int(hours) <= offer.hours):
        problems["hours"] = m("From 1 to %(most)s hours.", most=offer.hours)
    if not reason or len(reason) > REASON:
        problems["reason"] = m("Say in a few words why.")
    if problems or offer is None:
        raise Invalid(problems)
    return offer
