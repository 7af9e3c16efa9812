"""`/<entity>/import/<key>/rows`: what becomes of each row, changed one by one or many at once; and the rows that stay in the file."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from crm.admin_views.imports import decided, trying
from crm.admin_views.imports.access import importable
from crm.admin_views.imports.answers import Answer
from crm.admin_views.imports.page import is_stale, profile_of, result_of
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice import files
from crm.backoffice.entities import Entity
from crm.backoffice.exchange import rest, row_log, uploads
from crm.backoffice.exchange.decisions import as_action
from crm.backoffice.exchange.open_file import open_file
from crm.backoffice.exchange.table import BROWSER_LIMIT
from crm.backoffice.exchange.uploads import Upload
from crm.backoffice.guard import UserSession, user_session
from crm.errors import BadRequest, Invalid
from crm.languages import current_language
from crm.messages import m

pages = Blueprint("import_rows", __name__)
PAGE = 50


@pages.get("/<entity>/import/<key>/rows")
def show(entity: str, key: str) -> Answer:
    """A page of rows: `?of=` a decision or `failed`, `?after=` a row's number."""
    kind, session = importable(entity), context.session()
    upload = trying.open_upload(session, kind, key)
    return _page(session, kind, upload)


@pages.post("/<entity>/import/<key>/rows")
def change(entity: str, key: str) -> Answer:
    """`to-<row>` decides of one row each, `all` with `mark` of several, or with `every` of all that the filter shows. A short file is tried again."""
    kind, session = importable(entity), context.session()
    upload = trying.open_upload(session, kind, key)
    _tried(upload)
    action = request.form.get("all", "")
    if action:
        _many(session, upload, action)
    else:
        _one_by_one(session, upload)
    upload = trying.ask_again(session, upload)
    if request.headers.get("HX-Request") == "true":
        return render_template("admin/import/row_list.html", **_parts(session, kind, upload))
    return redirect(_here(kind, upload), 303)


@pages.get("/<entity>/import/<key>/rest.csv")
def unwritten(entity: str, key: str) -> Answer:
    """The rows that were not written, as they stand in the file: those under review and those that failed."""
    kind, here = importable(entity), context.runtime()
    upload = uploads.find(context.session(), key, kind.key)
    profile_of(upload)
    table = open_file(files.path_of(here.settings.files, upload.file_key), upload.mapping.file, name=upload.file_name, limit=BROWSER_LIMIT)
    session = user_session(here.engine, context.access(), context.catalog(), reader=context.reader())  # the request's own ends before the file does
    answer = Response(_bytes(rest.pieces(session, table, upload.id)), content_type="text/csv; charset=utf-8")
    answer.call_on_close(session.close)
    answer.headers["Content-Disposition"] = 'attachment; filename="rest.csv"'
    return answer


def _bytes(pieces: Iterator[str]) -> Iterator[bytes]:
    # A byte order mark tells spreadsheets that the file is UTF-8.
    yield b"\xef\xbb\xbf"
    for piece in pieces:
        yield piece.encode()


def _tried(upload: Upload) -> None:
    result = result_of(upload.trial_job)
    if result is None or not upload.is_tried or is_stale(result):
        raise BadRequest(m("The mapping or your rights have changed since the trial. Try again first."))


def _many(session: UserSession, upload: Upload, raw: str) -> None:
    action = as_action(raw)
    if action is None:
        raise BadRequest(m("Unknown action “%(name)s”.", name=raw[:40]))
    if request.form.get("every") == "1":
        decision, failed = decided.chosen(request.form.get("of", ""))
        row_log.choose(session, upload.id, action, decision=decision, failed=failed)
        return
    numbers = [_number(raw) for raw in request.form.getlist("mark")][: 2 * PAGE]
    if not numbers:
        raise Invalid({"": m("Mark rows first.")})
    row_log.choose(session, upload.id, action, numbers=numbers)


def _one_by_one(session: UserSession, upload: Upload) -> None:
    by_action: dict[Any, list[int]] = {}
    for name, value in list(request.form.items())[: 4 * PAGE]:
        if name.startswith("to-"):
            action = as_action(value)
            if action is None:
                raise BadRequest(m("Unknown action “%(name)s”.", name=value[:40]))
            by_action.setdefault(action, []).append(_number(name.removeprefix("to-")))
    for action, numbers in by_action.items():
        row_log.choose(session, upload.id, action, numbers=numbers[: 2 * PAGE])


def _number(raw: str) -> int:
    if not (raw.isascii() and raw.isdecimal() and len(raw) < 10):
        raise BadRequest(m("“%(value)s” is no number of a row.", value=raw[:40]))
    return int(raw)


def _page(session: UserSession, kind: Entity, upload: Upload) -> str:
    return render_template(
        "admin/import/rows.html", title=kind.plural.text(current_language()), file_name=upload.file_name, **_parts(session, kind, upload))


def _parts(session: UserSession, kind: Entity, upload: Upload) -> dict[str, Any]:
    result = result_of(upload.trial_job)
    fresh = result is not None and not is_stale(result)
    of = request.values.get("of", "")
    of = of if of in decided.FILTERS else ""
    raw = request.values.get("after", "")
    after = int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 10 else 0
    rows = decided.load(session, upload.id, of, after, PAGE) if fresh else []
    counts = row_log.counts(session, upload.id) if fresh else {}
    return {
        "entity": kind, "base": f"/{kind.key}/import/{upload.key}/", "of": of, "after": after, "filters": decided.filters(counts), "fresh": fresh,
        "lines": decided.lines(session, kind, rows[:PAGE]), "further": rows[PAGE - 1].number if len(rows) > PAGE else None,
        "words": [(action, say(words)) for action, words in decided.WORDS.items()],
    }


def _here(kind: Entity, upload: Upload) -> str:
    kept = {name: request.form[name] for name in ("of", "after") if request.form.get(name)}
    return f"/{kind.key}/import/{upload.key}/rows" + (f"?{urlencode(kept)}" if kept else "")
