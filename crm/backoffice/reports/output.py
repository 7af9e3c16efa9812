"""A report as JSON, CSV or a workbook: the same figures everywhere, money rounded once, here."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any, Literal, cast

from babel.numbers import get_currency_precision
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.workbook.child import INVALID_TITLE_REGEX
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from crm.backoffice.exchange.formulas import neutral
from crm.backoffice.money import round_half_up
from crm.backoffice.reports.parameters import CommonParams, described, given
from crm.backoffice.reports.registry import Report
from crm.backoffice.reports.table import Column, Table, Unit
from crm.messages import Label, render

Headers = Literal["key", "label"]
NUMBER_FORMATS: Mapping[Unit, str] = {
    "count": "#,##0", "number": "#,##0.0", "score": "0.000", "minutes": "#,##0", "decimal": "#,##0.00##",
    "rate": "0.0%", "days": "0.0", "money": "#,##0.00",
}
TOTAL = Label("Разом", "Total")
ABOUT = Label("Про звіт", "About")
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")


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
    writer.writerow([neutral(_head(c, language, headers)) for c in table.columns])
    for row in table.rows:
        writer.writerow([_cell(row[c.key], table.currency, c.unit) for c in table.columns])
    return lines.getvalue()


def as_xlsx(report: Report, table: Table, language: str, headers: Headers = "label", about: Sequence[tuple[str, str]] = ()) -> bytes:
    """A workbook: header, rows, totals; figures are numbers in the form of their unit, months are dates, names are texts and never formulas. A second
    sheet says what is told `about` it."""
    return as_workbook([(report.label.text(language), table)], language, headers, about)


def as_workbook(tables: Sequence[tuple[str, Table]], language: str, headers: Headers = "label", about: Sequence[tuple[str, str]] = ()) -> bytes:
    """A workbook of several tables, a sheet each under its title; no title stands twice. The last sheet says what is told `about` them."""
    book, titles = Workbook(), set[str]()
    for title, table in tables:
        _sheet(book, _free(title, titles), table, language, headers)
    book.remove(book.worksheets[0])
    if about:
        _tell(book, about, language)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _free(title: str, taken: set[str]) -> str:
    """A title that a sheet may have and none has yet; spreadsheets do not tell small letters from capitals."""
    short = INVALID_TITLE_REGEX.sub("", ILLEGAL_CHARACTERS_RE.sub("", title)).strip("'")[:31] or "1"
    found, number = short, 1
    while found.lower() in taken:
        number += 1
        found = f"{short[: 31 - len(str(number)) - 1]} {number}"
    taken.add(found.lower())
    return found


def _sheet(book: Workbook, title: str, table: Table, language: str, headers: Headers) -> None:
    sheet: Worksheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr = "landscape", 0, PageSetupProperties(fitToPage=True)
    for n, column in enumerate(table.columns, 1):
        sheet.column_dimensions[get_column_letter(n)].width = 14 if column.measure else 34
        head = _write(sheet, 1, n, _head(column, language, headers, table.currency), column, table.currency)
        head.font, head.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    for place, row in enumerate(_with_totals(table, language), 2):
        for n, column in enumerate(table.columns, 1):
            _write(sheet, place, n, row.get(column.key), column, table.currency).font = Font(bold=place > len(table.rows) + 1)
    if table.rows:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{len(table.rows) + 1}"


def _with_totals(table: Table, language: str) -> Iterator[Mapping[str, Any]]:
    yield from table.rows
    if table.dimensions and table.totals:
        yield {**table.totals, table.dimensions[0].key: TOTAL.text(language)}


def _tell(book: Workbook, about: Sequence[tuple[str, str]], language: str) -> None:
    sheet: Worksheet = book.create_sheet(ABOUT.text(language))
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 26, 90
    for place, words in enumerate(about, 1):
        for n, text in enumerate(words, 1):
            cell = cast(Cell, sheet.cell(place, n))
            cell.value, cell.data_type = ILLEGAL_CHARACTERS_RE.sub("", text), "s"
            cell.font, cell.alignment = Font(bold=n == 1), Alignment(wrap_text=True, vertical="top")


def _head(column: Column, language: str, headers: Headers, currency: str = "") -> str:
    if headers == "key":
        return column.key
    return column.label.text(language) + (f", {currency}" if currency and column.unit == "money" else "")


def _cell(value: Any, currency: str, unit: Unit) -> Any:
    if isinstance(value, str):
        return neutral(value)
    return "" if value is None else rounded(value, currency, unit)


def _write(sheet: Worksheet, row: int, place: int, value: Any, column: Column, currency: str) -> Cell:
    cell = cast(Cell, sheet.cell(row, place))
    month = column.unit == "month" and isinstance(value, str) and MONTH.fullmatch(value)
    cell.value = date(int(month[1]), int(month[2]), 1) if month else ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else rounded(
        value, currency, column.unit)
    if month:
        cell.number_format, cell.alignment = "mm.yyyy", Alignment(horizontal="left")
    elif isinstance(value, str):
        cell.data_type = "s"
    elif column.unit == "money":
        digits = get_currency_precision(currency)
        cell.number_format = "#,##0" + ("." + "0" * digits if digits else "")
    elif column.measure:
        cell.number_format = NUMBER_FORMATS[column.unit]
    return cell
