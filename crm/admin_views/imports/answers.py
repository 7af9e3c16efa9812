"""Answers that the pages of imports share."""

import re
from collections.abc import Iterator, Mapping as Map
from pathlib import Path
from typing import Any

from flask import make_response
from werkzeug.wrappers import Response

from crm.admin_views.kit import context
from crm.errors import NotFound
from crm.messages import m

Answer = Response | str | tuple[str, int]
AT_ONCE = 1_000  # rows that are tried, and records that are taken back, while one waits; more is the worker's
BLOCK = 64 * 1024
ERROR_FILE = re.compile(r"[0-9a-f]{32}\.csv")


def ended() -> Response:
    """To a script that asks again and again: the work has ended, load the page anew."""
    answer = make_response("", 200)
    answer.headers["HX-Refresh"] = "true"
    return answer


def send_error_file(name: Any) -> Response:
    """The file with the rows that failed. Raises NotFound for none."""
    path = _path(name)
    if path is None or not path.is_file():
        raise NotFound(m("There is no such file."))
    answer = Response(_pieces(path), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="errors.csv"'
    return answer


def _pieces(path: Path) -> Iterator[bytes]:
    # A byte order mark tells spreadsheets that the file is UTF-8.
    yield b"\xef\xbb\xbf"
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def drop_error_file(result: Map[str, Any] | None) -> None:
    """Remove the error file of a trial that another one replaces."""
    path = _path(result["error_file"]) if result is not None else None
    if path is not None:
        path.unlink(missing_ok=True)


def _path(name: Any) -> Path | None:
    return context.runtime().settings.instance / "imports" / name if isinstance(name, str) and ERROR_FILE.fullmatch(name) else None
