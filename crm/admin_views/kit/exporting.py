"""The list as a file: `/<entity>/export?format=xlsx&where=…&sort=…&columns=…` sends what its reader sees, piece by piece.

The stream outlives its request, so it has a session of its own; it stops where the reader's rights change or end.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Response, request
from sqlalchemy import Engine

from crm.admin_views.kit import context
from crm.admin_views.kit.addresses import query_string
from crm.admin_views.kit.opened import spelled_out
from crm.backoffice import lists
from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.written import WRITTEN, formats_of
from crm.backoffice.exchange.export import CONTENT_TYPES, EXPORT, check_format, export, unfinished
from crm.backoffice.filling import header
from crm.backoffice.guard import UserSession, user_session
from crm.errors import BramaError, Forbidden
from crm.permissions import access_now

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

ASKED_EVERY = 1.0  # seconds between two questions whether the reader still may
OFFERED = ("xlsx", "csv", "jsonl")


def answer(view: "EntityView") -> Response:
    """The records of the address as a file. Raises Forbidden without the right to export, BadRequest and UnknownName before anything is sent."""
    entity, form = view.entity, request.args.get("format", "csv")
    check_format(entity.key, form)
    how = WRITTEN.get((entity.key, form))
    engine, access, catalog, reader = context.runtime().engine, context.access(), context.catalog(), context.reader()
    session = user_session(engine, access, catalog, reader=reader)
    try:
        args = spelled_out(session, entity, request.args)
        query = lists.parse_query(session, entity.key, args)
        chosen = query.columns if args.get("columns") else None
        pieces, told = export(session, query, chosen, form), header(unfinished(session, query, chosen))
        session.commit()  # the journal's row: an export that has begun has happened
        first = next(pieces, b"")
    except BaseException:
        session.close()
        raise
    # A byte order mark tells spreadsheets that the file is UTF-8.
    head = b"\xef\xbb\xbf" + first if form == "csv" else first
    made = Response(_watched(engine, access, catalog, session, head, pieces), content_type=how.content_type if how is not None else CONTENT_TYPES[form])
    made.call_on_close(session.close)
    made.headers.update(told)
    made.headers["Content-Disposition"] = f'attachment; filename="{entity.key}-{reader.today.isoformat()}.{how.ending if how is not None else form}"'
    return made


def offers(session: UserSession, entity: Entity, query: lists.ListQuery, args: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Addresses of files by format: of the columns `shown`, and of `all` fields; both of what the filter lets through. Empty without the right."""
    if not session.sight.may(entity.key, "export"):
        return {}
    exportable = session.sight.readable(entity.key, EXPORT)
    sortable = session.sight.filterable(entity.key, EXPORT)
    shown = ",".join(key for key in query.columns if key in exportable)
    sort = ",".join(part for part in args.get("sort", "").split(",") if part.lstrip("-") in (*sortable, "id")) or None

    def addresses(columns: str | None) -> list[tuple[str, str]]:
        forms = (*OFFERED, *formats_of(entity.key))
        return [(form, f"/{entity.key}/export?{query_string(args, format=form, columns=columns, sort=sort, size=None)}") for form in forms]

    return {"shown": addresses(shown), "all": addresses(None)} if shown else {"all": addresses(None)}


def of_record(session: UserSession, entity: Entity, record_id: int) -> list[tuple[str, str]]:
    """Addresses of one record in the formats of its entity alone, such as a card of a person. Empty without the right."""
    if not session.sight.may(entity.key, "export"):
        return []
    where = json.dumps({"field": "id", "op": "eq", "value": record_id}, separators=(",", ":"))
    return [(form, f"/{entity.key}/export?{urlencode({'format': form, 'where': where})}") for form in formats_of(entity.key)]


def _watched(engine: Engine, access: Access, catalog: Catalog, session: UserSession, first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, as long as the reader's rights are what they were when he asked. A cut stream is a download that fails, not a short file."""
    try:
        asked = time.monotonic()
        yield first
        for piece in rest:
            if time.monotonic() - asked > ASKED_EVERY:
                _still(engine, access, catalog)
                asked = time.monotonic()
            yield piece
    finally:
        session.close()


def _still(engine: Engine, access: Access, catalog: Catalog) -> None:
    try:
        now = access_now(engine, access.user_id, catalog)
    except BramaError as gone:
        raise Forbidden() from gone
    if replace(now, today=access.today, language=access.language) != access:
        raise Forbidden()
