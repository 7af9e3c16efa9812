"""Records out of the house, as their reader sees them: CSV, XLSX or JSONL, streamed, in forms that an import reads back unchanged."""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping as Map, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from crm.backoffice import journal, lists
from crm.backoffice.access import Action
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.formulas import neutral
from crm.backoffice.exchange.written import WRITTEN, formats_of, pieces
from crm.backoffice.fields.base import Field, Ref
from crm.backoffice.fields.many_to_many import ManyToManyField
from crm.backoffice.fields.multi_picklist import MultiPicklistField
from crm.backoffice.filling import Unfinished, touched
from crm.backoffice.guard import DataSession
from crm.backoffice.lists import ListQuery, Masked, RowView
from crm.errors import BadRequest, Forbidden, UnknownName
from crm.messages import m

FORMATS = ("csv", "xlsx", "jsonl")
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
EXPORT: frozenset[Action] = frozenset({"read", "export"})
NUMERIC = frozenset({"integer", "decimal", "money", "percent", "date", "moment", "duration", "boolean"})
SHEET_ROWS = 1_048_575
BLOCK = 64 * 1024

Show = Callable[[Any], Any]


def export(session: DataSession, query: ListQuery, fields: Sequence[str] | None, form: str) -> Iterator[bytes]:
    """The records of `query` as a file in pieces. `fields` None is everything that may be exported.

    Raises before the first piece: Forbidden without the right to export, UnknownName for a field unknown or hidden, BadRequest for a
    format that there is none of.
    """
    check_format(query.entity, form)
    kind = session.catalog.entity(query.entity)
    if not session.sight.may(kind.key, "export"):
        raise Forbidden()
    readable = session.sight.readable(kind.key, EXPORT)
    for key in fields or ():
        if key not in readable and not (key == "id"):
            raise UnknownName(key, hidden=key in kind.fields)
    how = WRITTEN.get((kind.key, form))
    everything = tuple(key for key in how.fields if key in readable) if how is not None else (*(() if kind.is_record else ("id",)), *readable)
    columns = tuple(key for key in dict.fromkeys(fields) if how is None or key in everything) if fields else everything
    journal.event(session, "export", kind.key, None, {"fields": list(columns), "format": form})
    asked = replace(query, columns=tuple(c for c in columns if c != "id"), actions=EXPORT, after=None)
    if how is not None:
        return pieces(session, how, lists.stream(session, asked, refs="code"))
    rows = _rows(session, kind, asked, columns, form)
    return {"csv": _csv, "jsonl": _jsonl, "xlsx": _xlsx}[form](columns, {c: kind.fields[c] for c in asked.columns}, rows)


def unfinished(session: DataSession, query: ListQuery, fields: Sequence[str] | None) -> list[Unfinished]:
    """Which fields that such a file holds or is chosen by are still being worked out. The same arguments as `export`."""
    kind = session.catalog.entity(query.entity)
    paths = (*(fields or session.sight.readable(kind.key, EXPORT)), *(key for key, _ in query.sort))
    return touched(session, kind.key, dict.fromkeys(paths), (query.where,))


def check_format(entity: str, form: str) -> None:
    """Raises BadRequest for a format that records of this entity have not."""
    known = (*FORMATS, *formats_of(entity))
    if form not in known:
        raise BadRequest(m("“%(format)s” is no format of a file; %(known)s are.", format=form[:20], known=", ".join(known)))


def _rows(session: DataSession, kind: Entity, query: ListQuery, columns: Sequence[str], form: str) -> Iterator[list[Any]]:
    shows = {key: _show(session, kind.fields[key], form) for key in query.columns}

    def values(view: RowView) -> list[Any]:
        return [view.id if c == "id" else shows[c](view.values[c]) for c in columns]

    return (values(view) for view in lists.stream(session, query, refs="code"))


def _show(session: DataSession, spec: Field, form: str) -> Show:
    """How a field stands in a file: references by code, stages and picklists by key, a masked value as its mask; a set as a list
    where the format has lists, else as text with semicolons."""
    reader = session.reader
    if isinstance(spec, ManyToManyField | MultiPicklistField):
        written = spec.codes if form == "jsonl" else spec.export
        return lambda value: value.text if isinstance(value, Masked) else written(value, reader)
    configured = session.catalog.configured.get(spec.target or "")

    def show(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, Masked):
            return value.text
        if isinstance(value, Ref):
            return value.text
        if configured is not None:
            row = configured.get(value)
            return row.key if row is not None else None
        return spec.export(value, reader)

    return show


def _csv(columns: Sequence[str], fields: Map[str, Field], rows: Iterator[list[Any]]) -> Iterator[bytes]:
    plain = [c == "id" or fields[c].type in NUMERIC for c in columns]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_csv_cell(value, number) for value, number in zip(row, plain, strict=True)])
        if buffer.tell() > BLOCK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _csv_cell(value: Any, number: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if number else neutral(text)


def _jsonl(columns: Sequence[str], fields: Map[str, Field], rows: Iterator[list[Any]]) -> Iterator[bytes]:
    block: list[str] = []
    size = 0
    for row in rows:
        line = json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=str) + "\n"
        block.append(line)
        size += len(line)
        if size > BLOCK:
            yield "".join(block).encode()
            block, size = [], 0
    yield "".join(block).encode()


def _xlsx(columns: Sequence[str], fields: Map[str, Field], rows: Iterator[list[Any]]) -> Iterator[bytes]:
    """A workbook is a zip: it is written to a temporary file row by row, then sent. Text cells are typed as text, never as formulas."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.xlsx"
        book = Workbook(write_only=True)
        sheet = book.create_sheet()

        def cell(value: Any, key: str) -> Any:
            if value is None or isinstance(value, (bool, int)):
                return value
            text = ILLEGAL_CHARACTERS_RE.sub("", str(value))
            spec = fields.get(key)
            if spec is not None and spec.type in ("decimal", "money", "percent") and _exact(text):
                return Decimal(text)
            made = WriteOnlyCell(sheet, value=text)
            made.data_type = "s"
            return made

        try:
            sheet.append([cell(name, "") for name in columns])
            for count, row in enumerate(rows, 1):
                if count > SHEET_ROWS:
                    raise BadRequest(m("A sheet holds at most %(limit)s rows; export as CSV or filter.", limit=SHEET_ROWS))
                sheet.append([cell(value, key) for value, key in zip(row, columns, strict=True)])
            book.save(path)
        finally:
            if not sheet.closed:  # cut short: its writer ends now and leaves no file behind, not whenever it is collected
                sheet.close()
                sheet._writer.cleanup()
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block


def _exact(text: str) -> bool:
    """Whether a spreadsheet, which counts in binary fractions of fifteen digits, gives this number back as it is."""
    digits = text.lstrip("-").replace(".", "").lstrip("0")
    return text.lstrip("-").replace(".", "", 1).isdigit() and len(digits) <= 15
