"""Who comes to the pages of rights: those who may change roles, and of a role those who see it."""

from sqlalchemy import select

from crm.admin_views.kit import context
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession, user_session
from crm.errors import Forbidden, NotFound
from crm.messages import Message, m
from crm.rights.roles import RoleRules, read_role, why_not


def reading() -> UserSession:
    """A session that reads in the name of whoever asks, to be closed before anything is written: a request that writes the configuration does
    it in the system's name, and on SQLite nobody else may hold the writer's place then."""
    return user_session(context.runtime().engine, context.access(), context.catalog(), reader=context.reader())


def keeper(session: UserSession) -> None:
    """Raises Forbidden for whoever keeps no roles."""
    if not session.sight.may("role", "update"):
        raise Forbidden()


def role_of(session: UserSession, role_id: int) -> tuple[RoleRules, Message | None]:
    """A role that this person sees, and why he may not change its rules (None: he may). Raises NotFound, Forbidden."""
    keeper(session)
    roles = session.table("role")
    row = session.execute(select(roles.may("update")).where(roles.visible, roles.id == role_id)).first()
    if row is None:
        raise NotFound()
    role = read_role(session, role_id)
    refusal = why_not(session, session.sight, role)
    return role, refusal or (None if row[0] else m("You do not have the right to do this."))


def entity_of(session: UserSession, key: str) -> Entity:
    """An entity that this person may speak of. Raises NotFound, alike for one that he does not see and one that does not exist."""
    kind = session.catalog.entities.get(key)
    if kind is None or not (session.sight.may(key, "read") or context.access().unlimited):
        raise NotFound(m("There is no such page."))
    return kind
