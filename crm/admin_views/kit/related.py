"""Lists of what belongs to a record: the rows whose reference points to it, as far as the reader may see them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from crm.admin_views.kit import context
from crm.admin_views.kit.cells import painter, text_formatter
from crm.admin_views.kit.columns import with_companions
from crm.admin_views.kit.totals import money_text, number_text
from crm.backoffice import lists
from crm.backoffice.belonging import filterable, relations, rows_of
from crm.backoffice.conditions.tree import All, Leaf, Node, dump
from crm.backoffice.entities import Entity, Relation
from crm.backoffice.guard import UserSession
from crm.backoffice.worth import worths

ROWS = 20
COLUMNS = 5


@dataclass(frozen=True)
class RelatedRow:
    id: int
    cells: list[str]


@dataclass(frozen=True)
class RelatedList:
    """The first rows of a relation, the address of all of them, and where one more is added ("" without the right)."""

    relation: Relation
    label: str
    heads: Sequence[tuple[str, str]]  # label, alignment
    rows: list[RelatedRow]
    more: bool
    url: str
    create_url: str
    icon: str


def rows(session: UserSession, found: Relation, record_id: int, size: int = ROWS) -> RelatedList:
    """The first `size` rows of a relation of the record, with the columns of their own list."""
    entity, reader = session.catalog.entity(found.entity), context.reader()
    readable = session.sight.readable(entity.key)
    columns = tuple(k for k in session.sight.columns(entity.key) if k != found.field or found.also)[:COLUMNS]
    if not columns:
        columns = tuple(k for k in (entity.declared.title, "code") if k in readable)
    page = lists.page(session, with_companions(session, entity, _query(session, found, record_id, columns, size)))
    painted = [painter(entity, entity.fields[k], reader, link=n == 0, signed=True)(page.rows) for n, k in enumerate(columns)]
    cells = [RelatedRow(r.id, list(shown)) for r, *shown in zip(page.rows, *painted, strict=True)]
    heads = [(entity.fields[k].label.text(reader.language), entity.fields[k].align) for k in columns]
    creatable = found.field in session.sight.creatable(entity.key)
    create = f"/{entity.key}/new/?{found.field}={record_id}" if creatable else ""
    label = found.label.text(reader.language)
    return RelatedList(found, label, heads, cells, page.next is not None, list_url(session, found, record_id), create, session.sight.layout(entity.key).icon)


def count(session: UserSession, found: Relation, record_id: int) -> lists.Count:
    """How many rows of the relation this reader may see."""
    return lists.count(session, _query(session, found, record_id, (), 1))


@dataclass(frozen=True)
class Work:
    """What is under way with a record: how many of its rows stand in an open stage and what they come to, by currency."""

    label: str
    count: str
    sums: list[str]
    url: str


def in_progress(session: UserSession, entity: Entity, record_id: int) -> list[Work]:
    """For each relation whose rows go through stages: those not yet won or lost. Only sums this reader may see."""
    language, work = context.reader().language, []
    for found in relations(session, entity):
        rows = session.catalog.entity(found.entity)
        stage = rows.fields.get("stage")
        if not rows.is_record or found.field == "stage" or stage is None or "stage" not in filterable(session, rows.key):
            continue
        if "kind" not in _fields_of(session, stage.target):
            continue
        money = tuple(k for k in ("amount",) if k in filterable(session, rows.key))
        query = _query(session, found, record_id, money, 1)
        open_ones = All((Leaf((found.field,), "eq", record_id), Leaf(("stage", "kind"), "eq", "open")))
        query = replace(query, where=open_ones)
        number = lists.count(session, query)
        if number.number:
            sums = _amounts(session, query, rows) if money else []
            work.append(Work(found.label.text(language), number_text(number, language), sums, _url(found.entity, open_ones)))
    return work


def _amounts(session: UserSession, query: lists.ListQuery, rows: Entity) -> list[str]:
    sums = lists.totals(session, query)
    if "currency" not in rows.fields:
        return [text_formatter(rows.fields["amount"], context.reader())(amount) for amount in sums["amount"].values()]
    return money_text(rows.fields["amount"], sums["amount"], context.reader(), worths(session, query, sums).get("amount"))


def _fields_of(session: UserSession, target: str | None) -> tuple[str, ...]:
    return tuple(session.catalog.entity(target).fields) if target and target in session.catalog.configured else ()


def list_url(session: UserSession, found: Relation, record_id: int) -> str:
    """The full list of the rows, as a permalink."""
    return _url(found.entity, rows_of(session, found, record_id))


def _url(entity: str, where: Node) -> str:
    return f"/{entity}/?where={quote(json.dumps(dump(where), separators=(',', ':')), safe='')}"


def _query(session: UserSession, found: Relation, record_id: int, columns: tuple[str, ...], size: int) -> lists.ListQuery:
    entity = session.catalog.entity(found.entity)
    usable = filterable(session, entity.key)
    sort = tuple(one for one in session.sight.layout(entity.key).sort if one[0] in usable)
    return lists.ListQuery(entity.key, columns, rows_of(session, found, record_id), sort, "", None, size)

