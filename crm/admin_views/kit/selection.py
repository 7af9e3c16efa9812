"""Which records an action concerns: those ticked, or explicitly all that match the list; and which of them this writer may change."""

from dataclasses import dataclass

from flask import request
from sqlalchemy import select

from crm.admin_views.kit.answers import record_number
from crm.admin_views.kit.opened import arguments
from crm.backoffice import lists
from crm.backoffice.access import Action
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.parts import in_parts
from crm.backoffice.saving.rights import places
from crm.errors import BadRequest
from crm.messages import m

LIMIT = 10_000


@dataclass(frozen=True)
class Selection:
    """Numbers of the chosen visible records; `everything` when all that match were asked for."""

    ids: list[int]
    everything: bool


def chosen(session: UserSession, entity: Entity) -> Selection:
    """The records named by `ids=1,2,3`, or with `all=1` those of the address's filter and search. Raises BadRequest for none or too many."""
    if request.values.get("all"):
        found = lists.ids(session, lists.parse_query(session, entity.key, arguments(session, entity)), LIMIT + 1)
    else:
        numbers = [part for part in request.values.get("ids", "").split(",") if part]
        if len(numbers) > LIMIT:
            raise _too_many()
        found = list(dict.fromkeys(record_number(part) for part in numbers))
    if len(found) > LIMIT:
        raise _too_many()
    if not found:
        raise BadRequest(m("No record is selected."))
    return Selection(found, bool(request.values.get("all")))


def allowed(session: UserSession, entity: Entity, ids: list[int], action: Action, key: str | None = None) -> list[int]:
    """Those of `ids` that are visible and on which `action` may be done, and the field `key` changed; in the same order."""
    fine: set[int] = set()
    for part in in_parts(ids):
        rows = session.table(entity.key)
        conditions = [rows.visible, rows.id.in_(part), rows.may(action)]
        if key is not None:
            conditions += [rows.may_edit(key, "update"), rows.shows(key)]
            if key in places(entity):
                conditions.append(rows.may("assign"))
        fine |= set(session.execute(select(rows.id).where(*conditions)).scalars())
    return [number for number in ids if number in fine]


def _too_many() -> BadRequest:
    return BadRequest(m("At most %(limit)s records can be changed at once. Narrow the filter.", limit=f"{LIMIT:,}".replace(",", " ")))
