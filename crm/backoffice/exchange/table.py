"""A file as rows of cells, whatever its format; the limits that keep a hostile file from filling memory or time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice

from crm.errors import BadRequest
from crm.messages import Message, m

Cell = str | int | Decimal | bool | date | datetime | list["Cell"] | None

MAX_COLUMNS = 1_000
MAX_CELL = 131_072  # characters; what the csv module allows by default
MAX_ROWS = 2_000_000
MAX_NAME = 200  # characters of a column's name
MEGABYTE = 1024 * 1024
COMMAND_LINE_LIMIT = 200 * MEGABYTE
BROWSER_LIMIT = 64 * MEGABYTE


class Unreadable(BadRequest):
    """The file as a whole cannot be taken: broken, too large, of another kind. Nothing was written."""

    code = "unreadable_file"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet shows it (the header is row 1), a cell a column, and what is wrong with it."""

    number: int
    cells: tuple[Cell, ...]
    problem: Message | None = None

    @property
    def blank(self) -> bool:
        return self.problem is None and all(cell is None or cell == "" for cell in self.cells)


@dataclass(frozen=True)
class Table:
    """A readable file: its columns and a function that reads its rows from the start, as often as asked."""

    format: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]
    encoding: str | None = None
    delimiter: str | None = None


def check_columns(names: list[str]) -> tuple[str, ...]:
    """The names of the columns, trimmed. Raises Unreadable: none, too many, one without a name, one named twice."""
    while names and not names[-1].strip():
        names = names[:-1]
    if not names:
        raise Unreadable(m("The file is empty: there is no row with the names of columns."))
    if len(names) > MAX_COLUMNS:
        raise Unreadable(m("The file has %(found)s columns, at most %(limit)s are read.", found=len(names), limit=MAX_COLUMNS))
    clean = tuple(name.strip() for name in names)
    for position, name in enumerate(clean, 1):
        if not name:
            raise Unreadable(m("Column %(number)s has no name in the first row.", number=position))
        if len(name) > MAX_NAME:
            raise Unreadable(m("The name of column %(number)s is longer than %(limit)s characters.", number=position, limit=MAX_NAME))
    twice = next((name for position, name in enumerate(clean) if name in clean[:position]), None)
    if twice is not None:
        raise Unreadable(m("Two columns are named “%(name)s”.", name=twice))
    return clean


def fitted(number: int, cells: list[Cell], width: int) -> Row:
    """A row of exactly `width` cells; surplus empty cells are dropped, a surplus value or a lacking cell is a problem of the row."""
    surplus = [cell for cell in cells[width:] if cell is not None and cell != ""]
    if surplus:
        problem = m("The row has more cells than the first row has columns (%(found)s and %(width)s).", found=len(cells), width=width)
        return Row(number, tuple(cells[:width]), problem)
    if len(cells) < width:
        lacking = bool(cells) and any(cell is not None and cell != "" for cell in cells)
        padded = tuple(cells) + (None,) * (width - len(cells))
        problem = m("The row has fewer cells than the first row has columns (%(found)s and %(width)s).", found=len(cells), width=width)
        return Row(number, padded, problem if lacking else None)
    return Row(number, tuple(cells[:width]), cell_problem(cells))


def cell_problem(cells: list[Cell]) -> Message | None:
    """What no field could take: a zero character, a cell beyond the limit."""
    for cell in cells:
        if isinstance(cell, str):
            if "\0" in cell:
                return m("A cell holds a zero character, the file is damaged.")
            if len(cell) > MAX_CELL:
                return m("A cell is longer than %(limit)s characters.", limit=MAX_CELL)
    return None


def counted(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows, refused when there are more than any import should take at once."""
    for count, row in enumerate(rows, 1):
        if count > MAX_ROWS:
            raise Unreadable(m("The file has more than %(limit)s rows; split it.", limit=MAX_ROWS))
        yield row


def parts(rows: Iterator[Row], size: Callable[[], int]) -> Iterator[list[Row]]:
    """The rows in parts; `size` is asked before each."""
    while part := list(islice(rows, size())):
        yield part
