"""Who has seen a record, for those who may change it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import g, make_response
from flask.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.days import moment_words
from crm.admin_views.kit.standing import Standing, standing
from crm.backoffice import seen
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.errors import Forbidden

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

SHORT = 5
PAGE = 200


@dataclass(frozen=True)
class Looker:
    """A person who has seen the record: when last, in words and exactly, and how often."""

    id: int
    name: str
    when: str
    moment: str
    times: int


def opened(session: UserSession, entity: Entity, record_id: int, changed: Any) -> datetime | None:
    """Keep that this person opens the record, once the page is made; when he did so last before. `changed` is when it was changed last, as he sees it."""
    if session.actor_id is None or not entity.is_record or entity.declared.configuration:
        return None
    before = seen.last_seen(session, entity.key, record_id)
    if before is None or datetime.now(UTC) - before >= seen.AGAIN or (isinstance(changed, datetime) and changed > before):
        g.opened_record = (entity.key, record_id)
    return before


def told(rights: Standing) -> bool:
    """Whether a person with these rights on a record is told who has seen it: whoever may change it is."""
    return "update" in rights.actions


def lookers(session: UserSession, entity: Entity, record_id: int, size: int, *, others: bool = False) -> list[Looker]:
    """Who has seen it, the last first; only `others` than whoever asks."""
    rows = seen.of_record(session, entity.key, record_id, size + 1)
    rows = [row for row in rows if not others or row.user_id != session.actor_id][:size]
    names = lookup.names(session, {"user": [row.user_id for row in rows]}).get("user", {}) if rows else {}
    reader = context.reader()
    words = moment_words(reader)
    return [
        Looker(row.user_id, names.get(row.user_id, ""), words(row.last_at), row.last_at.astimezone(reader.zone).isoformat(timespec="seconds"), row.times)
        for row in rows
    ]


def show(view: "EntityView", record_id: int) -> Response:
    """The page. Raises NotFound, Forbidden."""
    session, entity = context.session(), view.entity
    if not told(standing(session, entity, record_id)):
        raise Forbidden()
    name = lookup.titles(session, entity, [record_id]).get(record_id, "")
    rows = lookers(session, entity, record_id, PAGE)
    return make_response(view.render("admin/model/seen.html", rows=rows, name=name, entity=entity, back=f"/{entity.key}/{record_id}/"))
