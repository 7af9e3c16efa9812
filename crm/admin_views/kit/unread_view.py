"""What is unread in a list: the way to it alone, and that all of it is read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from flask import flash, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.kit import context
from crm.admin_views.kit.addresses import address, list_arguments
from crm.admin_views.kit.answers import say
from crm.backoffice import seen, unread
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.views import shows
from crm.errors import BadRequest
from crm.messages import m

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView


@dataclass(frozen=True)
class Unread:
    """Whether the list shows only what is unread, and the address of the other way."""

    only: bool
    url: str


def offered(session: UserSession, entity: Entity, args: dict[str, str]) -> Unread | None:
    """None where it is not told."""
    if not unread.told(session, entity):
        return None
    only = bool(args.get("unread"))
    return Unread(only, address(entity.key, args, unread=None if only else "1"))


def all_read(view: "EntityView") -> BaseResponse:
    """POST `query` (of the list's address): whatever of this entity was changed until now is read. Leads to that list. Raises BadRequest."""
    session, entity = context.session(), view.entity
    unread.must_tell(session, entity)
    query = request.form.get("query", "")
    if len(query) > shows.LONGEST:
        raise BadRequest(m("The view is too large."))
    assert session.actor_id is not None  # else nothing is told
    seen.note(session, entity.key, seen.EVERY, session.actor_id)
    session.commit()
    flash(say(m("All is marked as read.")), "success")
    return redirect(address(entity.key, list_arguments(dict(parse_qsl(query))), unread=None), 303)
