"""A cell edited where it stands: its form on request, its value back after saving, both sides when somebody was faster."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import make_response, render_template, request
from flask.wrappers import Response

from crm.admin_views.kit import context, forms, listing
from crm.admin_views.kit.answers import done, record_number, say
from crm.admin_views.kit.cells import painter
from crm.admin_views.kit.form_fields import EntityField
from crm.admin_views.kit.resolve import belongs_to
from crm.admin_views.kit.standing import standing
from crm.backoffice import lists, records
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.fields.base import Ref
from crm.backoffice.lists import RowView
from crm.error_pages import wants_json
from crm.errors import Conflict, Forbidden, Invalid, UnknownName
from crm.messages import m

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView


def answer(view: "EntityView", record_id: int, key: str) -> Response:
    """GET: the form of one cell. POST `value` and `row_version`: save it; JSON with the row for a grid, else the HTML of the value.

    404 outside the scope, 400 for a field that is unknown or hidden, 403 for one that may not be changed here, 422 with the reason,
    409 when somebody else has changed the field since.
    """
    session, entity = context.session(), view.entity
    row = lists.record(session, entity.key, record_id)
    if key not in session.sight.readable(entity.key) or (entity.fields[key].system and request.method == "POST"):
        raise UnknownName(key)
    if not entity.fields[key].in_cells or key not in standing(session, entity, record_id).editable:
        raise Forbidden(m("You may not change “%(field)s”.", field=entity.fields[key].label))
    field = cell_field(session, entity, key, row)
    if request.method == "POST":
        return _save(session, entity, row, field)
    return _form(entity, row, field)


def cell_field(session: UserSession, entity: Entity, key: str, row: RowView | None) -> EntityField:
    """The control of one field, filled from `row`; of stages only those of the record's pipeline are on offer."""
    values = row.values if row is not None else {}
    filled = forms.record_form(session, entity, [key], values, row.id if row else None, row.row_version if row else None)
    if not filled.fields:
        raise Forbidden(m("You may not change “%(field)s”.", field=entity.fields[key].label))
    field = filled.fields[0]
    above = belongs_to(session, entity, entity.fields[key])
    parent = values.get(above) if above else None
    if parent is not None:
        number = str(parent.id if isinstance(parent, Ref) else parent)
        field.control = replace(field.control, choices=tuple(c for c in field.control.choices if c.parent in ("", number)))
    forms.fill_chosen(session, filled)
    return field


def take(field: EntityField, texts: list[Any]) -> str:
    """Read what was typed into the control; the sentence of what is wrong with it, "" when nothing is."""
    try:
        field.process_formdata(texts or [""])
    except ValueError as refused:
        return str(refused)
    return ""


def _form(entity: Entity, row: RowView, field: EntityField, *, error: str = "", theirs: str = "", status: int = 200) -> Response:
    was = field.spec.formatter(context.reader())
    html = render_template(
        "admin/model/cell.html", entity=entity, row=row, field=field, control=field.control, error=error, theirs=theirs, was=_plain(was, row, field),
        action=f"/{entity.key}/{row.id}/cell/{field.short_name}",
    )
    return make_response(html, status)


def _plain(show: object, row: RowView, field: EntityField) -> str:
    value = row.values.get(field.short_name)
    return show(value) if callable(show) and value is not None else ""


def _save(session: UserSession, entity: Entity, row: RowView, field: EntityField) -> Response:
    key = field.short_name
    error = take(field, [*request.files.getlist("value"), *request.form.getlist("value")])
    if error:
        return _form(entity, row, field, error=error, status=422)
    version = request.form.get("row_version")
    try:
        saved = records.change(session, entity.key, row.id, {key: field.data}, seen_version=record_number(version) if version else None)
    except Invalid as refused:
        why = refused.fields.get(key) or refused.message
        readable = session.sight.readable(entity.key)
        hidden = key not in refused.fields and refused.fields and not any(not k or k in readable for k in refused.fields)
        sentence = say(m("A field that you may not see does not accept this.") if hidden else why)
        return _form(entity, row, field, error=sentence, status=422)
    except Conflict as collided:
        theirs = _plain(field.spec.formatter(context.reader()), row, field)
        return _form(entity, row, field, error=say(collided.message), theirs=theirs or say(m("(empty)")), status=409)
    rows = listing.rows_json(session, entity, [row.id])
    shown = _value(session, entity, row.id, key, alone=not wants_json())
    batch = session.batch
    session.commit()
    if not wants_json():
        return make_response(shown, 200, {"HX-Trigger": json.dumps({"recordSaved": {"id": row.id}})})
    message = m("Saved: %(field)s.", field=entity.fields[key].label)
    return done(message, undo=batch, quiet=not saved.changed, rows=rows, value=shown, row_version=saved.row_version)


def _value(session: UserSession, entity: Entity, record_id: int, key: str, *, alone: bool) -> str:
    """The saved value as HTML, for a list or `alone` for the card; nothing when the record has left the writer's scope with it."""
    query = lists.ListQuery(entity.key, tuple(dict.fromkeys((key, *(("currency",) if "currency" in session.sight.readable(entity.key) else ())))))
    found = lists.page(session, replace(query, where=Leaf(("id",), "eq", record_id), sort=(("id", False),), size=1)).rows
    return "".join(painter(entity, entity.fields[key], context.reader(), signed=alone, exact=alone)(found))
