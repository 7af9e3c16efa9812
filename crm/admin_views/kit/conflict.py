"""Two people changed the same fields: the page with both sides, field by field, where the second one chooses and saves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import make_response, request
from flask.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.cells import show_value
from crm.admin_views.kit.form_fields import LISTS, EntityField, number_of
from crm.backoffice import lists, records
from crm.backoffice.entities import Entity
from crm.backoffice.history import last_change
from crm.backoffice.fields.base import Ref
from crm.backoffice.guard import UserSession
from crm.errors import Conflict

if TYPE_CHECKING:
    from crm.admin_views.kit.forms import RecordForm
    from crm.admin_views.kit.view import EntityView


@dataclass(frozen=True)
class Side:
    """One field both have changed: its value here and there; `texts` is what the form posts when mine is kept."""

    key: str
    label: str
    mine: str
    theirs: str
    texts: list[str]


def page(view: "EntityView", record_id: int, filled: "RecordForm", mine: Mapping[str, Any], conflict: Conflict) -> Response:
    """Status 409. What only this writer changed is carried along and saved with the choice."""
    session, reader, entity = context.session(), context.reader(), view.entity
    keys = [f.short_name for f in filled.fields]
    row = lists.record(session, entity.key, record_id, tuple(dict.fromkeys((*keys, *lookup.title_columns(session, entity)))))
    fields = {f.short_name: f for f in filled.fields}
    collided = [k for k in mine if k in conflict.fields]
    sides = [
        Side(
            key, fields[key].label.text, show_value(fields[key].spec, reader, _shown(fields[key])),
            show_value(fields[key].spec, reader, row.values.get(key)), posted(fields[key]),
        )
        for key in collided
    ]
    kept = [(key, text) for key in mine if key not in collided for text in _merged(session, entity, record_id, fields[key], mine[key])]
    change = last_change(session, entity, record_id)
    who = lookup.titles(session, session.catalog.entity("user"), [change.actor_id]).get(change.actor_id) if change and change.actor_id else None
    when = entity.fields["updated_at"].formatter(reader)(change.at) if change else ""
    html = view.render(
        "admin/model/conflict.html", entity=entity, label=entity.label.text(reader.language), name=lookup.title_of(entity, row.values), sides=sides, kept=kept,
        others=[fields[k].label.text for k in mine if k not in collided], row_version=row.row_version, who=who, when=when,
        action=f"/{entity.key}/{record_id}/edit/", back=f"/{entity.key}/{record_id}/",
    )
    return make_response(html, 409)


def _merged(session: UserSession, entity: Entity, record_id: int, field: EntityField, mine: Any) -> list[str]:
    """What the form posts for a value that nobody else has changed; of a set, together with what others have put in or taken out."""
    if not field.spec.several:
        return posted(field)
    seen = request.form.get("row_version", "")
    numbers = records.merged_set(session, entity.key, record_id, field.short_name, mine, seen_version=number_of(seen))
    return [str(number) for number in numbers or ()] or [""]


def posted(field: EntityField) -> list[str]:
    """What the control posts for the value it holds."""
    if field.control.kind == "file":
        return [field.sent or "remove"]
    return (field.texts or [""]) if field.control.kind in LISTS else [field.text]


def _shown(field: EntityField) -> Any:
    """The typed value as lists give it, so that it is painted alike: references with their names."""
    if field.control.kind not in ("lookup", "lookups"):
        return field.data
    names = {c.value: c.text for c in field.chosen}
    refs = tuple(Ref(number_of(t) or 0, names.get(t)) for t in field.texts)
    return (refs or None) if field.control.kind == "lookups" else (refs[0] if refs else None)
