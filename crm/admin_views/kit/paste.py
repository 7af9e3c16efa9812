"""A range pasted from a spreadsheet: every cell read as if typed, the whole checked before the first is written, errors by cell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import jsonify
from flask.wrappers import Response

from crm.admin_views.kit import context
from crm.admin_views.kit.answers import done, posted_json, record_number, say
from crm.admin_views.kit.listing import rows_json
from crm.admin_views.kit.resolve import belongs_to, configured_named, records_named
from crm.admin_views.kit.selection import allowed
from crm.backoffice import lists, records
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.fields.base import Ref
from crm.backoffice.fields.many_to_many import listed
from crm.errors import BadRequest, Conflict, FieldError, Forbidden, UnknownName
from crm.messages import Message, m, mn

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

MAX_ROWS = 500
MAX_COLUMNS = 60
MAX_CELL = 20_000


@dataclass
class Range:
    """What was pasted: record → field → text, and the version of each record that the writer saw."""

    keys: list[str]
    texts: dict[int, dict[str, str]]
    seen: dict[int, int]
    partial: bool
    values: dict[int, dict[str, Any]] = field(default_factory=dict)
    errors: dict[tuple[int, str], Message] = field(default_factory=dict)


def answer(view: "EntityView") -> Response:
    """POST `{"columns": [key…], "rows": [{"id", "row_version", "values": [text…]}…], "partial": false}`.

    All cells are good: they are saved. Otherwise 422 with `errors` by cell and nothing saved, or with `partial` the good cells saved
    and the bad ones named. 409 names the record that somebody else has changed meanwhile.
    """
    session, entity = context.session(), view.entity
    pasted = _range(posted_json(), session, entity)
    _read(session, entity, pasted)
    _check(session, entity, pasted)
    if pasted.errors and not pasted.partial:
        return _refused(pasted, sum(len(v) for v in pasted.values.values()))
    changes = {number: values for number, values in pasted.values.items() if values}
    try:
        saved = records.change_many(session, entity.key, changes, seen_versions={n: pasted.seen[n] for n in changes if n in pasted.seen})
    except Conflict as collided:
        pasted.errors = {(collided.record_id, key): collided.message for key in collided.fields}
        return _refused(pasted, 0, 409)
    rows = rows_json(session, entity, list(changes))
    batch = session.batch
    session.commit()
    number = sum(1 for one in saved if one.changed)
    message = mn("%(num)s record changed.", "%(num)s records changed.", number)
    return done(message, undo=batch if number else "", rows=rows, count=number, errors=_listed(pasted))


def _range(body: Mapping[str, Any], session: UserSession, entity: Entity) -> Range:
    keys, rows = body.get("columns"), body.get("rows")
    if not isinstance(keys, list) or not isinstance(rows, list) or not keys or not rows or not all(isinstance(k, str) for k in keys):
        raise BadRequest(m("Columns and rows to paste are expected here."))
    if len(rows) > MAX_ROWS or len(keys) > MAX_COLUMNS:
        sentence = m("At most %(rows)s rows of %(columns)s columns can be pasted at once; larger tables are imported.", rows=MAX_ROWS, columns=MAX_COLUMNS)
        raise BadRequest(sentence)
    readable, editable = session.sight.readable(entity.key), session.sight.editable(entity.key)
    for key in keys:
        if key not in readable:
            raise UnknownName(key)
        if key not in editable:
            raise Forbidden(m("You may not change “%(field)s”.", field=entity.fields[key].label))
    pasted = Range(keys, {}, {}, body.get("partial") is True)
    for row in rows:
        values = row.get("values") if isinstance(row, dict) else None
        if not isinstance(values, list) or len(values) > len(keys) or not all(isinstance(v, str) and len(v) <= MAX_CELL for v in values):
            raise BadRequest(m("A pasted row is a list of texts, one a column."))
        number = record_number(row.get("id"))
        pasted.texts[number] = dict(zip(keys, values, strict=False))
        if row.get("row_version") is not None:
            pasted.seen[number] = record_number(row["row_version"])
    return pasted


def _read(session: UserSession, entity: Entity, pasted: Range) -> None:
    """Texts into values: by the field's own reading, names of records by looking them up."""
    reader = context.reader()
    names: dict[str, set[str]] = {}
    for number, texts in pasted.texts.items():
        values = pasted.values.setdefault(number, {})
        for key, text in texts.items():
            spec = entity.fields[key]
            try:
                # Digits in a column of references are a code or a name: whoever pastes does not know our numbers.
                value = tuple(listed(text)) if spec.several else text.strip() or None if spec.target else spec.parse(text, reader)
            except FieldError as wrong:
                pasted.errors[number, key] = wrong.message
                continue
            if spec.target and value is not None:
                names.setdefault(key, set()).update(value if isinstance(value, tuple) else (value,))
            values[key] = value
    for key, texts_named in names.items():
        _resolve(session, entity, pasted, key, texts_named)


def _resolve(session: UserSession, entity: Entity, pasted: Range, key: str, texts: Iterable[str]) -> None:
    spec = entity.fields[key]
    configured = spec.target in session.catalog.configured
    found = {} if configured else records_named(session, spec, set(texts))
    parents = _parents(session, entity, pasted, belongs_to(session, entity, spec)) if configured else {}
    for number, values in pasted.values.items():
        given = values.get(key)
        if given is None:
            continue
        meant = [configured_named(session, spec, text, parents.get(number)) if configured else found[text] for text in (given if spec.several else (given,))]
        wrong = next((one for one in meant if not isinstance(one, int)), None)
        if wrong is not None:
            del values[key]
            pasted.errors[number, key] = wrong
        else:
            values[key] = tuple(meant) if spec.several else meant[0]


def _parents(session: UserSession, entity: Entity, pasted: Range, above: str | None) -> dict[int, int]:
    if above is None or above not in session.sight.readable(entity.key):
        return {}
    numbers = list(pasted.texts)
    rows = lists.page(session, lists.ListQuery(entity.key, (above,), Leaf(("id",), "in", numbers), (("id", False),), size=len(numbers))).rows
    found = {row.id: value.id if isinstance(value := row.values.get(above), Ref) else value for row in rows}
    return {number: parent for number, parent in found.items() if isinstance(parent, int)}


def _check(session: UserSession, entity: Entity, pasted: Range) -> None:
    """Rights and rules, cell by cell; what is not good leaves `values` and enters `errors`."""
    numbers = list(pasted.texts)
    visible = set(allowed(session, entity, numbers, "read"))
    for key in pasted.keys:
        fine = set(allowed(session, entity, numbers, "update", key))
        for number in numbers:
            if number not in fine and key in pasted.texts[number]:
                pasted.values[number].pop(key, None)
                pasted.errors[number, key] = m("You may not change this.") if number in visible else m("There is no such record.")
    asked = {number: values for number, values in pasted.values.items() if values}
    readable = session.sight.readable(entity.key)
    order = list(asked)
    for place, problems in records.check_changes(session, entity.key, asked).items():
        number = order[place]
        for key, why in problems.items():
            # A reason about another field stands at the first pasted cell of the row, unnamed when its field is hidden.
            at = key if key in asked[number] else next(iter(asked[number]), pasted.keys[0])
            pasted.errors.setdefault((number, at), why if not key or key in readable else m("A field that you may not see does not accept this."))
    for number, key in pasted.errors:
        pasted.values[number].pop(key, None)


def _listed(pasted: Range) -> list[dict[str, Any]]:
    return [{"id": number, "field": key, "text": pasted.texts.get(number, {}).get(key, ""), "why": say(why)} for (number, key), why in pasted.errors.items()]


def _refused(pasted: Range, good: int, status: int = 422) -> Response:
    sentence = say(mn("%(num)s cell is not accepted; nothing was saved.", "%(num)s cells are not accepted; nothing was saved.", len(pasted.errors)))
    response = jsonify(error="invalid", message=sentence, errors=_listed(pasted), good=good)
    response.status_code = status
    return response
