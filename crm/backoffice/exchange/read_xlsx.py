"""XLSX as a table: the first sheet or a named one, values only. What it unpacks to is measured before anything is unpacked."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils.exceptions import InvalidFileException

from crm.backoffice.exchange.table import MAX_COLUMNS, MEGABYTE, Cell, Row, Table, Unreadable, check_columns, counted, fitted
from crm.messages import m

MAX_UNPACKED = 600 * MEGABYTE
MAX_STRINGS = 150 * MEGABYTE  # the shared texts are kept in memory
MAX_RATIO = 150  # unpacked to packed; a sheet of real data stays below 40
FREE_OF_RATIO = 5 * MEGABYTE
MAX_PARTS = 2_000
MAX_GAP = 10_000  # blank rows one after another: an end of the data, or a row number made up
# What openpyxl and the archive raise on files that were never a workbook or were made to break one.
BROKEN = (
    zipfile.BadZipFile, InvalidFileException, ParseError, DefusedXmlException, KeyError, ValueError, TypeError, IndexError, AttributeError, OSError, EOFError,
    NotImplementedError,
)


def open_xlsx(path: Path, *, sheet: str | None = None, header: bool = True) -> Table:
    """The table of a workbook. Raises Unreadable: a zip bomb, a broken or protected workbook, no such sheet."""
    _measure(path)
    first = next(_values(path, sheet), None)
    if first is None:
        raise Unreadable(m("The file is empty: there is no row with the names of columns."))
    names = [_name(value) for value in first[1]] if header else [f"c{position}" for position in range(1, len(first[1]) + 1)]
    columns = check_columns(names)

    def rows() -> Iterator[Row]:
        values = _values(path, sheet)
        if header:
            next(values)
        for number, record in values:
            row = fitted(number, [_cell(value) for value in record] + [None] * max(len(columns) - len(record), 0), len(columns))
            faulty = next((cell for cell in row.cells if isinstance(cell, str) and cell in ERROR_CODES), None)
            yield row if faulty is None else Row(number, row.cells, m("A cell holds the error %(error)s of a formula.", error=faulty))

    return Table("xlsx", columns, lambda: counted(rows()))


def sheets(path: Path) -> list[str]:
    """The names of the sheets, for a choice on the screen."""
    _measure(path)
    try:
        with path.open("rb") as file:
            book = load_workbook(file, read_only=True)
            names = [str(name) for name in book.sheetnames]
            book.close()
    except BROKEN as error:
        raise _broken() from error
    return names


def _measure(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _broken() from error
    unpacked = sum(part.file_size for part in parts)
    packed = max(path.stat().st_size, 1)
    strings = sum(part.file_size for part in parts if part.filename.lower().endswith(("sharedstrings.xml", "styles.xml", "workbook.xml")))
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or strings > MAX_STRINGS or (unpacked > FREE_OF_RATIO and unpacked > MAX_RATIO * packed):
        raise Unreadable(m("The workbook unpacks to %(size)s MB, more than is read. Save the sheet as CSV.", size=unpacked // MEGABYTE))
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable(m("The workbook is protected by a password."))


def _values(path: Path, sheet: str | None) -> Iterator[tuple[int, list[Any]]]:
    """Numbered rows of raw values. Blank rows at the end are not given."""
    with path.open("rb") as file:  # the library would judge a path by its name
        yield from _values_of(file, sheet)


def _values_of(file: IO[bytes], sheet: str | None) -> Iterator[tuple[int, list[Any]]]:
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except BROKEN as error:
        raise _broken() from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise Unreadable(m("The workbook has no sheet named “%(name)s”.", name=sheet[:80]))
        # A chart sheet has no rows.
        page = book[sheet] if sheet is not None else next((s for s in book.worksheets if hasattr(s, "iter_rows")), None)
        if page is None:
            return
        page.reset_dimensions()  # the declared size may be a lie
        gap = 0
        for number, record in enumerate(page.iter_rows(values_only=True), 1):
            values = list(record)
            while values and values[-1] is None:
                values.pop()
            if len(values) > 20 * MAX_COLUMNS:
                raise Unreadable(m("The file has %(found)s columns, at most %(limit)s are read.", found=len(values), limit=MAX_COLUMNS))
            if not values:
                gap += 1
                if gap > MAX_GAP:
                    return
                continue
            gap = 0
            yield number, values
    except Unreadable:
        raise
    except BROKEN as error:
        raise _broken() from error
    finally:
        book.close()


def _name(value: Any) -> str:
    return "" if value is None else str(_cell(value)).strip()


def _cell(value: Any) -> Cell:
    """A spreadsheet keeps every number as a binary fraction: its shortest decimal form is what its author typed."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 10**15 else Decimal(repr(value))
    if isinstance(value, datetime | date | int | Decimal):
        return value
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


def _broken() -> Unreadable:
    return Unreadable(m("The workbook cannot be read: it is damaged or no XLSX file."))
