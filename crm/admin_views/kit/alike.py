"""While a new record is typed: the records that may be the same one, beside the form. Nothing is refused because of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import make_response, request
from flask.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.backoffice import lists
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.likeness.index import resembling
from crm.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView


@dataclass(frozen=True)
class Match:
    """A record that may be the same: what names it, and the fields in which it is like what was typed."""

    name: str
    code: str
    url: str
    fields: list[str]


def answer(view: "EntityView") -> Response:
    """POST the fields of the form typed so far: the records that this reader sees and that resemble them, as HTML; empty for none.
    Raises NotFound where likeness means nothing, Forbidden without the right to create."""
    session, entity = context.session(), view.entity
    if not entity.declared.alike:
        raise NotFound()
    if not session.sight.may(entity.key, "create"):
        raise Forbidden()
    html = view.render("admin/model/alike.html", matches=_matches(session, entity, _typed(session, entity)))
    return make_response(html)


def _typed(session: UserSession, entity: Entity) -> dict[str, Any]:
    """What can be read of what was typed; the rest is not there yet."""
    reader, creatable = context.reader(), set(session.sight.creatable(entity.key))
    found: dict[str, Any] = {}
    for name in entity.declared.alike:
        text = request.form.get(name, "")
        if name not in creatable or not text.strip() or len(text) > 1000:
            continue
        try:
            found[name] = entity.fields[name].parse(text, reader)
        except ValueError:
            continue
    return found


def _matches(session: UserSession, entity: Entity, typed: dict[str, Any]) -> list[Match]:
    likenesses = resembling(session, entity, typed)
    if not likenesses:
        return []
    columns = lookup.title_columns(session, entity)
    query = lists.ListQuery(entity.key, columns, Leaf(("id",), "in", [one.id for one in likenesses]), (("id", False),), size=len(likenesses))
    rows = {row.id: row for row in lists.page(session, query).rows}
    language = context.reader().language
    return [
        Match(
            lookup.title_of(entity, rows[one.id].values) or f"№ {one.id}", lookup.title_of(entity, {"code": rows[one.id].values.get("code")}),
            f"/{entity.key}/{one.id}/", [entity.fields[name].label.text(language) for name in one.fields],
        )
        for one in likenesses
    ]
