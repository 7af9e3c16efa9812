"""One field of many records: what would change and what refuses, then the change; removal; fill-down. Each can be undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field as default
from typing import TYPE_CHECKING, Any, NoReturn

from flask import make_response, render_template, request
from flask.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.addresses import query_string
from crm.admin_views.kit.answers import done, posted_json, record_number, say
from crm.admin_views.kit.cell_edit import cell_field, take
from crm.admin_views.kit.cells import painter
from crm.admin_views.kit.form_fields import Choice, EntityField, number_of
from crm.admin_views.kit.listing import rows_json
from crm.admin_views.kit.selection import LIMIT, Selection, allowed, chosen
from crm.backoffice import lists, records
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.links import settled
from crm.backoffice.fields.base import Ref
from crm.backoffice.fields.file import FileField
from crm.backoffice.fields.many_to_many import SetChange, by_name
from crm.backoffice.lists import Masked, RowView
from crm.backoffice.parts import PART, in_parts
from crm.errors import BadRequest, Forbidden, UnknownName
from crm.messages import Message, m, mn

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

SAMPLE = 5
REASONS = 8


@dataclass
class Preview:
    """What a bulk change would do: `ready` records change, `same` hold the value already, the rest refuses and is named with the reason."""

    ready: list[int]
    same: int
    forbidden: int
    refused: dict[int, Message]
    values: Mapping[int, Any]  # what to write into those that are ready
    sample: list[tuple[str, str, str]] = default(default_factory=list)  # name, old, new (the two as HTML)
    reasons: list[tuple[str, str]] = default(default_factory=list)  # name, why


def answer(view: "EntityView") -> Response:
    """GET: the panel (with `field` its control, with `value` the preview). POST: the same preview; with `step=apply` the change itself."""
    session, entity = context.session(), view.entity
    editable = tuple(k for k in session.sight.editable(entity.key) if entity.fields[k].in_cells and not isinstance(entity.fields[k], FileField))
    if not editable:
        raise Forbidden()
    selection = chosen(session, entity)
    key = request.values.get("field", "")
    if key and key not in editable:
        _refuse(session, entity, key)
    if not key:
        return _panel(session, entity, selection, editable)
    control = cell_field(session, entity, key, None)
    if "value" not in request.values:
        return _panel(session, entity, selection, editable, control)
    error = take(control, request.values.getlist("value"))
    if error:
        return _panel(session, entity, selection, editable, control, error=error, status=422)
    value = _asked(control)
    preview = look_ahead(session, entity, selection.ids, key, value)
    if request.method != "POST" or request.form.get("step") != "apply":
        _explain(session, entity, preview, key, control, value)
        return _panel(session, entity, selection, editable, control, preview=preview)
    return _apply(session, entity, {number: {key: preview.values[number]} for number in preview.ready}, len(preview.refused) + preview.forbidden)


def _asked(control: EntityField) -> Any:
    """The new value; of a set also what is only put into it (`how=add`) or taken out of it (`how=take`)."""
    how = request.values.get("how", "set")
    if not (control.spec.several or control.spec.multiple) or how not in ("add", "take"):
        return control.data
    numbers = frozenset(control.data or ())
    return SetChange(added=numbers) if how == "add" else SetChange(taken=numbers)


def _after(current: Any, value: Any) -> Any:
    return settled(current, current, value, frozenset(current or ())) if isinstance(value, SetChange) else value


def look_ahead(session: UserSession, entity: Entity, ids: Sequence[int], key: str, value: Any) -> Preview:
    """What setting `key` to `value` would do to each of `ids`, without writing anything."""
    fine = allowed(session, entity, list(ids), "update", key)
    current = _current(session, entity, fine, key)
    after = {number: _after(current.get(number), value) for number in fine}
    differing = [number for number in fine if current.get(number) != after[number]]
    # Only the door can tell what a set of references becomes: others change it at the same time.
    values = {number: after[number] if entity.fields[key].multiple else value for number in differing}
    refused: dict[int, Message] = {}
    for part in in_parts(differing):
        readable = session.sight.readable(entity.key)
        for place, problems in records.check_changes(session, entity.key, {number: {key: values[number]} for number in part}).items():
            seen = next((why for name, why in problems.items() if not name or name in readable), None)
            refused[part[place]] = problems.get(key) or seen or m("A field that you may not see does not accept this.")
    return Preview([n for n in differing if n not in refused], len(fine) - len(differing), len(ids) - len(fine), refused, values)


def remove(view: "EntityView") -> Response:
    """POST `ids` or `all`: the chosen records that this writer may remove go to the recycle bin. Raises Forbidden when none may."""
    session, entity = context.session(), view.entity
    selection = chosen(session, entity)
    fine = allowed(session, entity, selection.ids, "delete")
    if not fine:
        # None is visible: they are not there. Some are: they may not be removed.
        if allowed(session, entity, selection.ids, "read"):
            raise Forbidden()
        view.missing()
    for part in in_parts(fine):
        records.remove_many(session, entity.key, part)
    batch = session.batch
    session.commit()
    message = _with_rest(mn("%(num)s record removed.", "%(num)s records removed.", len(fine)), len(selection.ids) - len(fine))
    return done(message, undo=batch, changed=True, removed=fine[:1000])


def restore(view: "EntityView", record_id: int) -> Response:
    """POST: a removed record comes back. 404 outside the scope and for what is not removed."""
    session, entity = context.session(), view.entity
    records.restore(session, entity.key, record_id)
    session.commit()
    return done(m("The record is back."), changed=True, id=record_id, url=f"/{entity.key}/{record_id}/")


def fill(view: "EntityView") -> Response:
    """POST `{"source", "fields", "ids"}`: the values of one record go into the same fields of others."""
    session, entity = context.session(), view.entity
    body = posted_json()
    keys, raw = body.get("fields"), body.get("ids")
    if not isinstance(keys, list) or not isinstance(raw, list) or not 0 < len(keys) <= 60 or not 0 < len(raw) <= 1000:
        raise BadRequest(m("Fields and records to fill are expected here."))
    ids = [record_number(number) for number in raw]
    editable = session.sight.editable(entity.key)
    for key in keys:
        if key not in editable:
            _refuse(session, entity, key)
    source = lists.record(session, entity.key, record_number(body.get("source")), keys)
    if any(isinstance(v, Masked) or (isinstance(v, Ref) and v.text is None) for v in source.values.values()):
        raise Forbidden(m("A value that you may not see cannot be copied."))
    values = {key: lists.plain(source.values.get(key)) for key in keys}
    changes: dict[int, dict[str, Any]] = {}
    left = 0
    for key in keys:
        preview = look_ahead(session, entity, ids, key, values[key])
        left += len(preview.refused) + preview.forbidden
        for number in preview.ready:
            changes.setdefault(number, {})[key] = values[key]
    return _apply(session, entity, changes, left)


def _refuse(session: UserSession, entity: Entity, key: Any) -> NoReturn:
    """A field that cannot be changed: unknown and hidden ones read alike."""
    if not isinstance(key, str) or key not in session.sight.readable(entity.key):
        raise UnknownName(str(key))
    raise Forbidden(m("You may not change “%(field)s”.", field=entity.fields[key].label))


def _apply(session: UserSession, entity: Entity, changes: Mapping[int, Mapping[str, Any]], left: int) -> Response:
    ids = list(changes)
    changed = 0
    for part in in_parts(ids):
        saved = records.change_many(session, entity.key, {number: changes[number] for number in part})
        changed += sum(1 for one in saved if one.changed)
    rows = rows_json(session, entity, ids) if 0 < len(ids) <= 200 else []
    batch = session.batch
    session.commit()
    message = _with_rest(mn("%(num)s record changed.", "%(num)s records changed.", changed), left)
    return done(message, undo=batch if changed else "", changed=len(ids) > 200, rows=rows, count=changed, left=left)


def _with_rest(message: Message, left: int) -> Message:
    return message if not left else m("%(done)s %(left)s", done=message, left=mn("%(num)s was left as it is.", "%(num)s were left as they are.", left))


def _current(session: UserSession, entity: Entity, ids: Sequence[int], key: str) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for part in in_parts(ids):
        query = lists.ListQuery(entity.key, (key,), Leaf(("id",), "in", list(part)), (("id", False),), size=PART)
        for row in lists.page(session, query).rows:
            found[row.id] = lists.plain(row.values.get(key))
    return found


def _explain(session: UserSession, entity: Entity, preview: Preview, key: str, control: EntityField, value: Any) -> None:
    """Names for a sample of what changes and of what refuses."""
    wanted = [*preview.ready[:SAMPLE], *list(preview.refused)[:REASONS]]
    if not wanted:
        return
    columns = tuple(dict.fromkeys((*lookup.title_columns(session, entity), key, *(("currency",) if "currency" in session.sight.readable(entity.key) else ()))))
    rows = {r.id: r for r in lists.page(session, lists.ListQuery(entity.key, columns, Leaf(("id",), "in", wanted), (("id", False),), size=len(wanted))).rows}
    paint = painter(entity, entity.fields[key], context.reader(), signed=True, exact=True)
    names = {n: c.text for c in control.chosen if (n := number_of(c.value)) is not None}
    for number in preview.ready[:SAMPLE]:
        row = rows[number]
        future = _future(control, row.values.get(key), value, names)
        now, then = paint([row, RowView(row.id, row.row_version, {**row.values, key: future})])
        preview.sample.append((lookup.title_of(entity, row.values), now, then))
    preview.reasons = [(lookup.title_of(entity, rows[n].values), say(why)) for n, why in list(preview.refused.items())[:REASONS]]


def _future(control: EntityField, now: Any, value: Any, names: Mapping[int, str]) -> Any:
    """The value that a record will have, as lists give it."""
    if control.control.kind == "lookup" and value is not None:
        return Ref(value, names.get(value))
    if control.control.kind == "options":
        return _after(now, value)
    if control.control.kind != "lookups":
        return value
    known = {**names, **{ref.id: ref.text for ref in now or ()}}
    return by_name(Ref(number, known.get(number)) for number in _after(lists.plain(now), value) or ()) or None


def _panel(
    session: UserSession, entity: Entity, selection: Selection, editable: Sequence[str], control: EntityField | None = None, *,
    preview: Preview | None = None, error: str = "", status: int = 200,
) -> Response:
    if control is not None and control.control.kind in ("lookup", "lookups") and control.data is not None:
        control.chosen = control.chosen or _chosen(session, control)
    fields = [(key, entity.fields[key].label.text(context.reader().language)) for key in editable if key not in ("code",)]
    html = render_template(
        "admin/model/bulk.html", entity=entity, fields=fields, field=control, control=control.control if control else None, preview=preview, error=error,
        how=request.values.get("how", "set"), count=len(selection.ids), everything=selection.everything,
        ids="" if selection.everything else ",".join(map(str, selection.ids)),
        action=f"/{entity.key}/bulk?{query_string(request.args)}" if selection.everything else f"/{entity.key}/bulk", limit=LIMIT,
    )
    return make_response(html, status)


def _chosen(session: UserSession, control: EntityField) -> list[Choice]:
    numbers = [n for t in control.texts if (n := number_of(t)) is not None]
    names = lookup.titles(session, session.catalog.entity(control.spec.target or ""), numbers)
    return [Choice(str(n), names[n]) for n in numbers if n in names]


