"""What remote pickers ask: the visible records of an entity by a piece of their title or code, and the titles of chosen ones."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flask import jsonify, request
from flask.wrappers import Response
from sqlalchemy import ColumnElement, func, literal, select, union_all

from crm.admin_views.kit import context
from crm.backoffice import lists
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Ref
from crm.backoffice.lists import Masked
from crm.backoffice.guard import UserSession
from crm.backoffice.sight import Source
from crm.errors import BadRequest
from crm.messages import m

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

PAGE = 20
FARTHEST = 180  # nobody scrolls a picker further: he types another letter


def answer(view: "EntityView") -> Response:
    """`GET /<entity>/lookup?q=&offset=` → `[{"id", "text", "code"}]`, at most 20, only records this reader may see."""
    session, entity = context.session(), view.entity
    typed = " ".join(request.args.get("q", "").replace("\0", " ").split())[:100]
    offset = _offset(request.args.get("offset", "0"))
    if offset > FARTHEST:
        return jsonify([])
    rows = lists.page(session, _query(session, entity, search=typed, size=offset + PAGE)).rows[offset:]
    return jsonify([{"id": row.id, "text": title_of(entity, row.values), "code": _plain(row.values.get("code"))} for row in rows])


def titles(session: UserSession, entity: Entity, ids: Iterable[int]) -> dict[int, str]:
    """id → title of those of `ids` that this reader may see; 1,000 at most."""
    wanted = sorted(set(ids))[:1000]
    if not wanted or not session.sight.may(entity.key, "read"):
        return {}
    query = _query(session, entity, where=Leaf(("id",), "in", wanted), size=len(wanted))
    return {row.id: title_of(entity, row.values) for row in lists.page(session, query).rows}


def names(session: UserSession, wanted: Mapping[str, Iterable[int]]) -> dict[str, dict[int, str]]:
    """The same of several entities by one query: entity → id → title."""
    found: dict[str, dict[int, str]] = {}
    parts = []
    for key, ids in wanted.items():
        entity = session.catalog.entity(key)
        if entity.title.target:
            found[key] = titles(session, entity, ids)
        elif session.sight.may(key, "read"):
            source = session.table(key)
            chosen = source.where(Leaf(("id",), "in", sorted(set(ids))[:1000]))
            parts.append(select(literal(key), source.id, _text(session, source)).where(source.visible, chosen))
    for key, number, title in session.execute(union_all(*parts)) if parts else ():
        found.setdefault(key, {})[number] = title
    return found


def _text(session: UserSession, source: Source) -> ColumnElement[str]:
    """What `title_of` makes of a row, in the database."""
    shown = session.sight.filterable(source.entity.key)
    choices: list[ColumnElement[Any]] = []
    for key in title_columns(session, source.entity):
        mask = source.masked(key) if key in (source.entity.declared.title, "code") else None
        choices += [func.nullif(source[key], "")] if key in shown else []
        choices += [mask] if mask is not None else []
    return func.coalesce(*choices, "") if choices else literal("")


def title_of(entity: Entity, values: Any) -> str:
    """What names a record among `values` of its row: the title in this reader's language, the title, else the code."""
    for key in entity.named_by(context.reader().language):
        title = values.get(key)
        if isinstance(title, Ref | Masked):
            title = title.text if key == entity.declared.title else None
        if title:
            return str(title)
    return _plain(values.get("code"))


def _plain(value: Any) -> str:
    return value.text if isinstance(value, Masked) else str(value or "")


def title_columns(session: UserSession, entity: Entity) -> tuple[str, ...]:
    """The columns that `title_of` looks at, as far as this reader may see them."""
    readable = session.sight.readable(entity.key)
    return tuple(k for k in dict.fromkeys((*entity.named_by(session.reader.language), "code")) if k in readable)


def _query(session: UserSession, entity: Entity, *, where: Leaf | None = None, search: str = "", size: int = PAGE) -> lists.ListQuery:
    sortable = entity.declared.title in session.sight.filterable(entity.key) and entity.title.sortable
    sort = ((entity.declared.title, False),) if sortable and where is None else ()  # chosen ones come in no order: one query
    return lists.ListQuery(entity.key, title_columns(session, entity), where, sort, search, None, size)


def _offset(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise BadRequest(m("“offset” is a whole number from 0 on."))
    return int(text)
