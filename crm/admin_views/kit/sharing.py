"""Sharing what a person keeps with the holders of roles: it becomes configuration, a version of it each time."""

from collections.abc import Iterable

from flask import request
from sqlalchemy import select

from crm.admin_views.kit import context
from crm.backoffice.guard import UserSession, system_session
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import Document


def may_share(session: UserSession) -> bool:
    """Whoever may change roles may give things to their holders."""
    return session.sight.may("role", "update")


def roles_known(session: UserSession) -> list[tuple[str, str]]:
    """Roles by code and name, as this reader knows them."""
    if not {"code", "name"} <= set(session.sight.filterable("role")):
        return []
    roles = session.table("role")
    query = select(roles["code"], roles.title).where(roles.visible).order_by(roles.id).limit(200)
    return [(row[0], str(row[1])) for row in session.execute(query)]


def shared_with(session: UserSession, before: Iterable[str], part: str = "roles") -> tuple[str, ...]:
    """The roles that are posted as `part`. Those of `before` that this sharer does not see are none of his to take it from: they stay."""
    known = {code for code, _ in roles_known(session)}
    posted = (code for code in request.form.getlist(part) if code in known)
    return tuple(dict.fromkeys((*posted, *(code for code in before if code not in known))))


def put_in_force(session: UserSession, document: Document, reason: str) -> None:
    """Make configuration of it, in the person's name; the caller has judged that he may."""
    # On SQLite there is one writer, and the person's own session has begun as one.
    session.rollback()
    here = context.runtime()
    with system_session(here.engine, reason, here.refresh(), write=True, source="ui", actor_id=session.actor_id) as work:
        apply(work, document)
        work.commit()
    here.refresh()
