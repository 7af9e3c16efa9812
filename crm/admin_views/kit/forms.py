"""New and edit forms, made per request from the entity's description: only the fields this writer may fill are in them."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

from flask import flash, jsonify, make_response, redirect, request
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.wrappers import Response
from wtforms.form import BaseForm

from crm.admin_views.kit import beforehand, conditions, conflict, context, form_rules, lookup
from crm.admin_views.kit.answers import record_number
from crm.admin_views.kit.form_fields import KEEP, Choice, EntityField, control_for, number_of
from crm.admin_views.kit.standing import standing
from crm.backoffice import lists, records
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Ref
from crm.backoffice.fields.condition import ConditionField
from crm.backoffice.guard import UserSession
from crm.errors import BadRequest, Conflict, Forbidden, Invalid
from crm.messages import Label, Message, m, render

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

CONTROLS = frozenset({"csrf_token", "row_version", "_seen", "_then"})
CHOOSE = "_choose."  # on the conflict page: whose value of a field is kept, "mine" or "theirs"
WIDE = frozenset({"long_text", "rich_text", "many_to_many", "multi_picklist", "condition"})


@dataclass
class RecordForm:
    """A form over one entity: its fields in sections, the version it was filled from, and what is wrong with it as a whole."""

    entity: Entity
    form: BaseForm
    sections: list[tuple[Label, list[EntityField]]]
    record_id: int | None = None
    row_version: int | None = None
    name: str = ""
    posted_version: str = ""  # of a refused form: it goes on being compared with what its writer saw first
    posted_seen: str = ""
    problems: list[str] = field(default_factory=list)
    line: str | None = None  # what was told in one line; None where the form takes none
    came_from: str = ""
    notes: tuple[beforehand.Note, ...] = ()
    left_out: tuple[str, ...] = ()  # what might be typed, but the layout does not ask for
    is_ready: bool = False  # enough is filled to save it by one key

    @property
    def fields(self) -> list[EntityField]:
        return [f for _, part in self.sections for f in part]

    @property
    def follows_rules(self) -> bool:
        """Whether some of its fields belong to the record, or must be filled in, by rules over what is typed."""
        return any(f.spec.visible_if is not None or f.spec.required_if is not None for f in self.fields)

    @property
    def seen(self) -> str:
        """What stood in each control when the form was made, digested: a control that still reads so was not touched."""
        return " ".join(f"{f.short_name}:{_digest(f.before)}" for f in self.fields)

    @property
    def is_refused(self) -> bool:
        return bool(self.problems) or any(f.errors for f in self.fields)


def new(view: "EntityView") -> Response:
    """The form of a new record, or the record made of it. `?drawer=1`: the bare form, and `{"id", "text"}` when it is saved;
    `?account=12` fills a field beforehand, `?say=` a line that the entity understands."""
    session, entity = context.session(), view.entity
    if not session.sight.may(entity.key, "create"):
        raise Forbidden()
    asked = beforehand.asked(entity)
    begun = beforehand.understood(session, entity, asked)
    first = {**beforehand.values(session, entity, asked), **begun.values}
    filled = record_form(session, entity, session.sight.creatable(entity.key), first, asked={*asked, *begun.values})
    if beforehand.takes_a_line(entity):
        filled.line, filled.came_from, filled.notes = asked.get(beforehand.LINE, ""), beforehand.came_from(), begun.notes
    if request.method != "POST":
        # What the line says counts more than where one comes from, and what the address says more than the line.
        _take_arguments(session, filled, {k: v for k, v in asked.items() if k in request.args or k not in begun.decided})
        filled.is_ready = bool(begun.decided)
        if not filled.is_ready and (begun.values or (beforehand.LINE not in asked and any(f.short_name in asked for f in filled.fields))):
            _begin_typing(filled)
        return page(view, filled)
    read(filled)
    if not filled.is_refused:
        values = {key: lists.plain(first[key]) for key in filled.left_out if first.get(key) is not None}
        values |= {f.short_name: f.data for f in filled.fields if f.posted and (f.data is not None or f.before)}
        try:
            record_id = records.create(session, entity.key, values)
        except Invalid as refused:
            explain_refusal(session, filled, refused)
        except Forbidden as forbidden:
            return _not_allowed(view, filled, forbidden)
        else:
            if not left_empty(filled):
                text = lookup.titles(session, entity, [record_id]).get(record_id, "")
                session.commit()
                return _made(filled, record_id, text)
            session.rollback()
        ask_for(left_empty(filled))
    return page(view, filled, 422)


def edit(view: "EntityView", record_id: int) -> Response:
    """The form of a record, or its changed values saved; `?state=held` changes a field beforehand. A save over somebody
    else's is merged, or answered by the page of both sides."""
    session, entity = context.session(), view.entity
    filled = form_of(session, entity, record_id)
    if request.method != "POST":
        _take_arguments(session, filled, {k: v for k, v in request.args.items() if len(v) <= beforehand.LONGEST})
        return page(view, filled)
    seen_version = _number(request.form.get("row_version"))
    read(filled)
    values = touched(filled)
    if not filled.is_refused:
        try:
            saved = records.change(session, entity.key, record_id, values, seen_version=seen_version)
        except Invalid as refused:
            explain_refusal(session, filled, refused)
        except Forbidden as forbidden:
            return _not_allowed(view, filled, forbidden)
        except Conflict as collided:
            fill_chosen(session, filled)
            return conflict.page(view, record_id, filled, values, collided)
        else:
            if not left_empty(filled):
                batch = session.batch
                session.commit()
                if saved.changed:
                    flash(_say(m("Saved.")), f"success undo=/undo/{batch}")
                return redirect(_after(entity, record_id), 303)
            session.rollback()
        ask_for(left_empty(filled))
    return page(view, filled, 422)


def rules(view: "EntityView") -> Response:
    """POST what a form holds (`?id=12`: that of a record, else of a new one) → `{"fields": {"reason": {"visible": true, "required": false}}}`,
    those of its fields that depend on rules. Nothing is written. Raises NotFound, Forbidden, BadRequest."""
    session, entity = context.session(), view.entity
    record_id = record_number(request.args["id"]) if "id" in request.args else None
    if record_id is None and not session.sight.may(entity.key, "create"):
        raise Forbidden()
    filled = form_of(session, entity, record_id) if record_id is not None else record_form(session, entity, session.sight.creatable(entity.key), {}, asked=())
    read(filled)
    found = form_rules.follow(session, entity, record_id, filled.fields)
    return jsonify(fields={key: {"visible": one.visible, "required": one.required} for key, one in found.items()})


def form_of(session: UserSession, entity: Entity, record_id: int, only: Collection[str] | None = None) -> RecordForm:
    """The form of a record, as it stands, or the part of it that holds the fields `only`: those of them that this writer may fill in. Raises NotFound,
    Forbidden."""
    rights = standing(session, entity, record_id)
    keys = [k for k in session.sight.editable(entity.key) if k in rights.editable and (only is None or k in only)]
    if not keys and only is None:
        raise Forbidden()
    beside = [spec.over for k in keys if isinstance(spec := entity.fields[k], ConditionField) and spec.over in session.sight.readable(entity.key)]
    row = lists.record(session, entity.key, record_id, tuple(dict.fromkeys((*keys, *beside, *lookup.title_columns(session, entity)))))
    filled = record_form(session, entity, keys, row.values, record_id, row.row_version, asked=request.args if only is None else keys)
    filled.name = lookup.title_of(entity, row.values)
    return filled


def record_form(
    session: UserSession, entity: Entity, keys: Iterable[str], values: Mapping[str, Any], record_id: int | None = None, row_version: int | None = None,
    *, asked: Collection[str] | None = None, in_sheet: bool | None = None,
) -> RecordForm:
    """The empty or filled form over `keys`, as the reader's layout has it. The layout may leave fields out, but none of `asked`, none that was posted and
    none that a new record needs; with `asked` None it leaves out nothing. `in_sheet` None: as the address says."""
    in_sheet = bool(request.args.get("drawer")) if in_sheet is None else in_sheet
    layout = session.sight.layout(entity.key)
    typed = [k for k in keys if _can_be_typed(session, entity, k)]

    def insists(key: str) -> bool:
        return asked is None or key in asked or key in request.form or key in request.files or (record_id is None and _needed(entity, key))

    if asked is not None and record_id is None and in_sheet and layout.quick:
        quick = [k for k in layout.quick if k in typed]
        parts = [(Label("", ""), quick + [k for k in typed if k not in quick and insists(k)])]
    else:
        parts = layout.parts(typed, insists)
    wanted = [k for _, part in parts for k in part]
    creatable = [e for e in session.catalog.entities if session.sight.may(e, "create")]
    reader = context.reader()
    # A sheet lies over a page with a form of its own: the controls of the two are told apart.
    prefix = "s" if in_sheet else "f"
    unbound: dict[str, Any] = {}  # a field made outside a form is unbound, whatever its class says
    for key in wanted:
        spec = entity.fields[key]
        control = control_for(spec, reader, session.catalog, values.get(key), creatable=creatable)
        wide = layout.broad.get(key, spec.type in WIDE)
        needed, told = _needed(entity, key), layout.told(spec)
        unbound[key] = EntityField(spec=spec, reader=reader, control=control, needed=needed, wide=wide, told=told, id=f"{prefix}-{key}")
    form = BaseForm(unbound, meta=FlaskForm.Meta())
    form.process(data={k: values.get(k) for k in wanted})
    for key in wanted:
        if isinstance(spec := entity.fields[key], ConditionField):
            cast(EntityField, form[key]).of = str(values.get(spec.over) or "")
    sections = [(label, [cast(EntityField, form[k]) for k in part]) for label, part in parts if part]
    return RecordForm(entity, form, sections, record_id, row_version, left_out=tuple(k for k in typed if k not in wanted))


def _can_be_typed(session: UserSession, entity: Entity, key: str) -> bool:
    target = entity.fields[key].target
    return target is None or session.catalog.entity(target).declared.configuration or session.sight.may(target, "read")


def _needed(entity: Entity, key: str) -> bool:
    """Whether the form asks for it: codes are numbered by themselves, a composed name is put together from its parts."""
    spec = entity.fields[key]
    composed = key == "code" or key in entity.declared.composed
    return spec.required and spec.default is None and spec.type != "boolean" and not composed


def _take_arguments(session: UserSession, filled: RecordForm, asked: Mapping[str, str]) -> None:
    """Fill fields from the address; what does not read, or names a record that is not visible, is left out. An option may go by its key."""
    for f in filled.fields:
        text = asked.get(f.short_name)
        if text is None:
            continue
        by_key = f.spec.picklist and text not in f.control.meaning
        try:
            f.data = f.spec.parse(text, f.reader) if by_key else f.read(text)
        except ValueError:
            continue
        f.text = f.input_text(f.data) if by_key else text
    missing = fill_chosen(session, filled)
    for f in missing:
        f.text, f.data = "", None


def _begin_typing(filled: RecordForm) -> None:
    """In a form that is partly filled typing begins at the first empty field; what is chosen there leads on to the next one."""
    empty = [f for f in filled.fields if not f.text and f.control.kind in ("text", "area", "lookup", "date", "moment")]
    if empty:
        empty[0].autofocus, empty[0].then = True, str(empty[1].id) if empty[1:] else ""


def read(filled: RecordForm, *, beside: Collection[str] = ()) -> None:
    """Take what was posted; `beside` are names that whoever asks reads himself. Raises BadRequest when a posted name is not in the form: nothing is half
    taken over."""
    names = {f.short_name for f in filled.fields}
    allowed = names | CONTROLS | {*beside} | {CHOOSE + n for n in names}
    foreign = [n for n in (*request.form, *request.files) if n not in allowed]
    if foreign:
        raise BadRequest(m("The form has no field “%(name)s”. Nothing was saved.", name=foreign[0][:80]))
    filled.posted_version, filled.posted_seen = request.form.get("row_version", ""), request.form.get("_seen", "")
    current = {f.short_name: f.object_data for f in filled.fields}
    filled.form.process(CombinedMultiDict([request.files, request.form]), data=current)
    filled.form.validate()
    for f in filled.fields:
        f.errors = list(f.errors)
    if filled.form.errors.get("csrf_token"):
        filled.problems.append(_say(m("The form has expired. Nothing is lost: save once more.")))


def touched(filled: RecordForm) -> dict[str, Any]:
    """The values this writer has changed since the form was made; on the conflict page, those of them he kept."""
    seen = dict(part.split(":", 1) for part in request.form.get("_seen", "").split(" ") if ":" in part)
    return {
        f.short_name: f.data
        for f in filled.fields
        if f.posted and _digest(f.text) != seen.get(f.short_name, _digest(f.before)) and request.form.get(CHOOSE + f.short_name) != "theirs"
    }


def left_empty(filled: RecordForm) -> list[EntityField]:
    """The fields that the form marks as needed and that were sent empty: it asks for them also where a rule fills the gap for an import."""
    return [f for f in filled.fields if f.needed and f.posted and f.data in (None, "")]


def ask_for(fields: Iterable[EntityField]) -> None:
    """Say at each of these fields that it is required, unless it says so already."""
    for f in fields:
        if not f.errors:
            cast(list[str], f.errors).append(_say(m("“%(field)s” is required.", field=f.spec.label)))


def explain_refusal(session: UserSession, filled: RecordForm, refused: Invalid) -> None:
    """Put each reason at its field; one about a field outside the form above all of them, unnamed when the reader may not know it."""
    shown = {f.short_name: f for f in filled.fields}
    readable = session.sight.readable(filled.entity.key)
    if not refused.fields:
        filled.problems.append(_say(refused.message))
    for key, why in refused.fields.items():
        if key in shown:
            cast(list[str], shown[key].errors).append(_say(why))
        elif key in readable or key not in filled.entity.fields:
            filled.problems.append(_say(why))
        else:
            filled.problems.append(_say(m("A field that you may not see does not accept this.")))


def fill_chosen(session: UserSession, filled: RecordForm) -> list[EntityField]:
    """Give remote pickers the text of what is chosen in them; the fields whose record this reader may not see are answered."""
    wanted: dict[str, set[int]] = {}
    pickers = [f for f in filled.fields if f.control.kind in ("lookup", "lookups")]
    for f in pickers:
        f.chosen = [c for t in f.texts if (c := _known(f, t)) is not None]
        ids = {n for t in f.texts if (n := number_of(t)) is not None} - {number_of(c.value) for c in f.chosen}
        if ids:
            wanted.setdefault(f.spec.target or "", set()).update(ids)
    titles = {target: lookup.titles(session, session.catalog.entity(target), ids) for target, ids in wanted.items()}
    missing = []
    for f in pickers:
        known = {c.value for c in f.chosen}
        found = titles.get(f.spec.target or "", {})
        f.chosen += [Choice(t, found[n]) for t in f.texts if t not in known and (n := number_of(t)) in found]
        if len(f.chosen) < len(f.texts):
            missing.append(f)
    return missing


def _known(f: EntityField, text: str) -> Choice | None:
    if text.startswith(KEEP):
        return Choice(text, _say(m("a record you may not see")))
    stored = f.object_data if f.control.kind == "lookups" else (f.object_data,)
    return next((Choice(text, r.text) for r in stored or () if isinstance(r, Ref) and r.text is not None and str(r.id) == text), None)


def page(view: "EntityView", filled: RecordForm, status: int = 200) -> Response:
    """The form as a page, or bare for a sheet."""
    session = context.session()
    fill_chosen(session, filled)
    conditions.fill_known(session, filled.fields)
    form_rules.follow(session, filled.entity, filled.record_id, filled.fields)
    name = "admin/model/form_sheet.html" if request.args.get("drawer") else "admin/model/form.html"
    back = f"/{filled.entity.key}/{filled.record_id}/" if filled.record_id else f"/{filled.entity.key}/"
    label = filled.entity.label.text(context.reader().language)
    html = view.render(
        name, filled=filled, label=label, name=filled.name or label, back=back, entity=filled.entity, base=f"/{filled.entity.key}/",
        action=request.full_path.rstrip("?"),
    )
    return make_response(html, status)


def _not_allowed(view: "EntityView", filled: RecordForm, forbidden: Forbidden) -> Response:
    """403 with the form as it was typed: what is not allowed may be one field of many."""
    filled.problems.append(_say(forbidden.message))
    return page(view, filled, 403)


def _made(filled: RecordForm, record_id: int, text: str) -> Response:
    if request.args.get("drawer"):
        answer = jsonify(id=record_id, text=text)
        answer.headers["HX-Trigger"] = json.dumps({"created": {"id": record_id, "text": text}})
        return answer
    flash(_say(m("Added: %(name)s.", name=text) if text else m("Added.")), "success")
    if request.form.get("_then") == "again":
        return redirect(request.full_path, 303)
    return redirect(_after(filled.entity, record_id, filled), 303)


def _after(entity: Entity, record_id: int, filled: RecordForm | None = None) -> str:
    """Where a saved record leads: to itself, a row of a parent to its parent."""
    parent = filled.form[entity.parent].data if filled and entity.parent and entity.parent in filled.form else None
    target = entity.fields[entity.parent].target if parent and entity.parent else None
    return f"/{target}/{parent}/" if target else f"/{entity.key}/{record_id}/"


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    version = number_of(text)
    if version is None:
        raise BadRequest(m("The form has expired. Open it again."))
    return version


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=6).hexdigest()


def _say(message: Message) -> str:
    return render(message, context.reader().language)
