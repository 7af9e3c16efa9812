"""Workbooks as a spreadsheet writes them, and two that none would write."""

import io
import zipfile
from collections.abc import Callable
from functools import cache

from openpyxl import Workbook


def workbook(*rows: list[object]) -> bytes:
    """A workbook of one sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]  # a new workbook has a sheet
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@cache
def bomb() -> bytes:
    """A workbook of a few hundred kilobytes that unpacks to 700 MB."""
    return _with_another_sheet(lambda _: b"<worksheet><sheetData>" + b" " * (700 * 1024 * 1024))


def huge_cell() -> bytes:
    """A workbook with a cell of three megabytes."""
    return _with_another_sheet(lambda sheet: sheet.replace(b"<t>x<", b"<t>" + b"x" * 3_000_000 + b"<"))


def _with_another_sheet(change: Callable[[bytes], bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["name"], ["x"]))) as good, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for part in good.infolist():
            made.writestr(part, change(good.read(part)) if "sheet1" in part.filename else good.read(part))
    return target.getvalue()
