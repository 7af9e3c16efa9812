"""The page on which several records become one: every field in which they differ with the values of each, and which record stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import flash, make_response, redirect, request
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import done, record_number, say
from crm.admin_views.kit.cells import show_value
from crm.admin_views.kit.form_fields import number_of
from crm.admin_views.kit.selection import allowed
from crm.backoffice import lists
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Ref
from crm.backoffice.fields.many_to_many import in_order
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import Masked, RowView
from crm.backoffice.merging import check_number, merge
from crm.error_pages import wants_json
from crm.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound
from crm.messages import m, mn, render

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

ALL = "all"  # of sets: what any of the records holds


@dataclass(frozen=True)
class Choice:
    """What one record holds in a field: `pick` is posted when it is chosen, `html` is the value as lists show it."""

    pick: str
    html: str
    chosen: bool


@dataclass(frozen=True)
class Row:
    """A field in which the records differ, with a choice for each of them, and for a set one of all together."""

    key: str
    label: str
    choices: list[Choice]
    together: Choice | None = None


@dataclass(frozen=True)
class Candidate:
    """One of the records."""

    id: int
    row_version: int
    name: str
    code: str
    url: str


def answer(view: "EntityView") -> BaseResponse:
    """GET `?ids=1,2`: the page. POST: `into`, `ids`, `version.<id>` and `pick.<field>` merge them and lead to the one that stays.

    Raises NotFound where the entity is not merged or one of the records is not seen, Forbidden without the right to change and remove all."""
    session, entity = context.session(), view.entity
    if not entity.declared.mergeable:
        raise NotFound()
    rows = _rows(session, entity)
    into = next((row for row in rows if str(row.id) == request.values.get("into")), rows[0])
    if request.method != "POST":
        return _page(view, rows, into)
    values = _picked(session, entity, rows, into)
    try:
        saved = merge(session, entity.key, into.id, [row.id for row in rows if row is not into], values, seen_versions=_versions(rows))
    except (Conflict, Invalid) as refused:
        session.rollback()
        return _page(view, _rows(session, entity), into, problem=say(refused.message), status=refused.status)
    batch = session.batch
    session.commit()
    told = mn("%(num)s records have become one.", "%(num)s records have become one.", len(rows))
    if wants_json():
        return done(told, undo=batch, changed=True, id=saved.id, url=f"/{entity.key}/{saved.id}/")
    flash(say(told), f"success undo=/undo/{batch}")
    return redirect(f"/{entity.key}/{saved.id}/", 303)


def _rows(session: UserSession, entity: Entity) -> list[RowView]:
    numbers = list(dict.fromkeys(record_number(part) for part in request.values.get("ids", "").split(",") if part))
    check_number(len(numbers))
    asked = lists.ListQuery(entity.key, session.sight.readable(entity.key), Leaf(("id",), "in", numbers), (("id", False),), size=len(numbers))
    found = lists.page(session, asked).rows
    if len(found) < len(numbers):
        raise NotFound()
    if len(allowed(session, entity, numbers, "update")) < len(numbers) or len(allowed(session, entity, numbers, "delete")) < len(numbers):
        raise Forbidden()
    return found


def _versions(rows: Sequence[RowView]) -> dict[int, int]:
    """The versions that the page showed. Raises BadRequest when one is missing."""
    found: dict[int, int] = {}
    for row in rows:
        version = number_of(request.form.get(f"version.{row.id}", ""))
        if version is None:
            raise BadRequest(m("The form has expired. Open it again."))
        found[row.id] = version
    return found


def _fields(session: UserSession, entity: Entity) -> list[Field]:
    """What may be chosen: what this writer may change. Where a record belongs stays with the one that stays unless it may be given away."""
    editable = set(session.sight.editable(entity.key))
    return [spec for key, spec in entity.fields.items() if key in editable]


def _picked(session: UserSession, entity: Entity, rows: Sequence[RowView], into: RowView) -> dict[str, Any]:
    """The values taken from other records. Raises BadRequest for a choice that is none, Forbidden for a value this writer does not see."""
    by_number = {str(row.id): row for row in rows}
    values: dict[str, Any] = {}
    for spec in _fields(session, entity):
        pick = request.form.get(f"pick.{spec.key}", str(into.id))
        if pick == ALL and spec.several:
            taken: Any = _together(spec, rows)
        elif pick in by_number:
            taken = by_number[pick].values.get(spec.key)
        else:
            raise BadRequest(m("This choice is none of the records."))
        if taken == into.values.get(spec.key):
            continue
        if isinstance(taken, Masked) or (isinstance(taken, Ref) and taken.text is None):
            raise Forbidden(m("A value that you may not see cannot be copied."))
        values[spec.key] = lists.plain(taken)
    return values


def _together(spec: Field, rows: Sequence[RowView]) -> tuple[Ref, ...] | None:
    found = {ref.id: ref for row in rows for ref in row.values.get(spec.key) or () if isinstance(ref, Ref)}
    return tuple(found[number] for number in in_order(found) or ()) or None


def _page(view: "EntityView", rows: Sequence[RowView], into: RowView, *, problem: str = "", status: int = 200) -> Response:
    session, entity, reader = context.session(), view.entity, context.reader()
    fields = [_row(spec, rows, into) for spec in _fields(session, entity) if len({_plain(row, spec) for row in rows}) > 1]
    names = [
        Candidate(row.id, row.row_version, lookup.title_of(entity, row.values) or f"№ {row.id}", str(row.values.get("code") or ""), f"/{entity.key}/{row.id}/")
        for row in rows
    ]
    html = view.render(
        "admin/model/merge.html", entity=entity, title=render(m("Merge: %(entity)s", entity=entity.plural), reader.language), records=names, into=into.id,
        fields=fields, problem=problem, base=f"/{entity.key}/", ids=",".join(str(row.id) for row in rows), plural=entity.plural.text(reader.language),
    )
    return make_response(html, status)


def _plain(row: RowView, spec: Field) -> Any:
    value = row.values.get(spec.key)
    return value if not isinstance(value, Masked) else value.text


def _row(spec: Field, rows: Sequence[RowView], into: RowView) -> Row:
    """Chosen is what the record that stays holds, else the first that holds anything; of sets all together."""
    reader, key = context.reader(), spec.key
    asked: Mapping[str, str] = request.form
    filled = next((row for row in (into, *rows) if row.values.get(key) not in (None, "")), into)
    usual = asked.get(f"pick.{key}") or (ALL if spec.several else str(filled.id))
    choices = [Choice(str(row.id), show_value(spec, reader, row.values.get(key)), usual == str(row.id)) for row in rows]
    together = Choice(ALL, show_value(spec, reader, _together(spec, rows)), usual == ALL) if spec.several else None
    return Row(key, spec.label.text(reader.language), choices, together)
