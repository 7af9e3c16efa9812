"""A report as JSON, CSV or a workbook: the same figures everywhere, money rounded once, here."""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any, Literal, cast

from babel.numbers import get_currency_precision
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Font
from openpyxl.workbook.child import INVALID_TITLE_REGEX
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from crm.backoffice.exchange.formulas import neutral
from crm.backoffice.money import round_half_up
from crm.backoffice.reports.parameters import CommonParams, described, given
from crm.backoffice.reports.registry import Report
from crm.backoffice.reports.table import Column, Table, Unit
from crm.messages import Label, render

Headers = Literal["key", "label"]
NUMBER_FORMATS: Mapping[Unit, str] = {
    "count": "#,##0", "number": "#,##0.0", "score": "0.000", "minutes": "#,##0.#", "decimal": "#,##0.####",
    "rate": "0.0%", "days": "0.0", "money": "#,##0.00",
}
TOTAL = Label("Разом", "Total")


def rounded(value: Any, currency: str, unit: Unit = "money") -> Any:
    """A figure for output: money rounded half up to the digits of its currency, all else as it is, without needless zeros."""
    if not isinstance(value, Decimal):
        return value
    if unit == "money":
        return round_half_up(value, get_currency_precision(currency))
    return value.quantize(Decimal(1)) if value == int(value) else value.normalize()


def as_json(report: Report, params: CommonParams, table: Table, language: str) -> dict[str, Any]:
    """What `flask report NAME` prints. Money is a decimal string in `currency`, rates are fractions, undefined figures null."""

    units = {c.key: c.unit for c in table.columns}

    def plain(row: Mapping[str, Any]) -> dict[str, Any]:
        return {k: str(rounded(v, table.currency, units.get(k, "money"))) if isinstance(v, Decimal) else v for k, v in row.items()}

    return {
        "name": report.name, "params": given(params), "currency": table.currency, "generated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "columns": [{"key": c.key, "label": c.label.text(language), "unit": c.unit} for c in table.columns],
        "rows": [plain(row) for row in table.rows], "totals": plain(table.totals), "notes": [render(note, language) for note in table.notes],
    }


def description(report: Report, language: str) -> dict[str, Any]:
    """What `--describe` prints: the parameters a report takes, what it can be split by, and what its figures mean."""
    return {
        "name": report.name, "label": report.label.as_dict(), "question": report.question.as_dict(), "group": report.group,
        "params": [{"key": key, "type": p.kind, "label": p.label.text(language), "help": p.help.text(language)} for key, p in described(report.params).items()],
        "by": [{"key": d.key, "label": d.label.text(language)} for d in report.dimensions],
        "columns": [{"key": c.key, "label": c.label.text(language), "unit": c.unit, "help": c.help.text(language) if c.help else ""} for c in report.measures],
    }


def as_csv(table: Table, language: str, headers: Headers = "key") -> str:
    """Comma-separated rows under one header line, UTF-8; texts that a spreadsheet would run as formulas are made harmless."""
    lines = StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow([_head(c, language, headers) for c in table.columns])
    for row in table.rows:
        writer.writerow([_cell(row[c.key], table.currency, c.unit) for c in table.columns])
    return lines.getvalue()


def as_xlsx(report: Report, table: Table, language: str, headers: Headers = "label") -> bytes:
    """A workbook of one sheet: header, rows, totals; figures are numbers, names are texts and never formulas."""
    book = Workbook()
    sheet: Worksheet = book.create_sheet(INVALID_TITLE_REGEX.sub("", report.label.text(language))[:31], 0)
    book.remove(book.worksheets[1])
    sheet.freeze_panes = "A2"
    for n, column in enumerate(table.columns, 1):
        sheet.column_dimensions[get_column_letter(n)].width = 14 if column.measure else 34
        _write(sheet, 1, n, _head(column, language, headers), column, table.currency).font = Font(bold=True)
    for place, row in enumerate(_with_totals(table, language), 2):
        for n, column in enumerate(table.columns, 1):
            _write(sheet, place, n, row.get(column.key), column, table.currency)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _with_totals(table: Table, language: str) -> Iterator[Mapping[str, Any]]:
    yield from table.rows
    if table.dimensions:
        yield {**table.totals, table.dimensions[0].key: TOTAL.text(language)}


def _head(column: Column, language: str, headers: Headers) -> str:
    return column.key if headers == "key" else column.label.text(language)


def _cell(value: Any, currency: str, unit: Unit) -> Any:
    if isinstance(value, str):
        return neutral(value)
    return "" if value is None else rounded(value, currency, unit)


def _write(sheet: Worksheet, row: int, place: int, value: Any, column: Column, currency: str) -> Cell:
    cell = cast(Cell, sheet.cell(row, place))
    cell.value = rounded(value, currency, column.unit)
    if isinstance(value, str):
        cell.data_type = "s"
    elif column.measure:
        cell.number_format = NUMBER_FORMATS[column.unit]
    return cell
