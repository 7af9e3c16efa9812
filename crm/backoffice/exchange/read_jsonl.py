"""JSONL as a table: one object a line; its keys are the columns, a missing key is a cell that is not given."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from crm.backoffice.exchange.table import MAX_CELL, MAX_COLUMNS, MEGABYTE, Cell, Row, Table, Unreadable, cell_problem, check_columns, counted
from crm.backoffice.outside import read_json
from crm.errors import BadRequest
from crm.messages import Message, m

MAX_LINE = 4 * MEGABYTE


class _Refused(ValueError):
    def __init__(self, message: Message) -> None:
        super().__init__(message.id)
        self.message = message


def open_jsonl(path: Path) -> Table:
    """The table of a JSONL file; its columns are all keys of all lines, in the order they appear. Raises Unreadable."""
    seen: dict[str, None] = {}
    first: tuple[int, Message] | None = None
    for number, line in _lines(path):
        try:
            keys = _object(line)
        except _Refused as refused:
            first = first or (number, refused.message)
            continue  # told with its row when the rows are read
        seen.update(dict.fromkeys(keys))
        if len(seen) > MAX_COLUMNS:
            raise Unreadable(m("The file has %(found)s columns, at most %(limit)s are read.", found=len(seen), limit=MAX_COLUMNS))
        if "" in seen:
            raise Unreadable(m("Row %(row)s: a key is empty.", row=number))
    if not seen and first is not None:
        raise Unreadable(m("Row %(row)s: %(problem)s", row=first[0], problem=first[1]))
    columns = check_columns(list(seen))

    def rows() -> Iterator[Row]:
        for number, line in _lines(path):
            try:
                values = _object(line)
            except _Refused as refused:
                yield Row(number, (None,) * len(columns), refused.message)
                continue
            cells = [values.get(name, NOT_GIVEN) for name in columns]
            yield Row(number, tuple(cells), cell_problem(cells))

    return Table("jsonl", columns, lambda: counted(rows()), "utf-8")


class NotGiven(str):
    """A cell of a column that this line does not name: the record keeps what it has."""


NOT_GIVEN = NotGiven()


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                raise Unreadable(m("Row %(row)s is longer than %(limit)s MB.", row=number, limit=MAX_LINE // MEGABYTE))
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield number, line


def _object(line: bytes) -> dict[str, Cell]:
    try:
        value = read_json(line.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise _Refused(m("The row is not in the encoding %(encoding)s.", encoding="UTF-8")) from error
    except _Refused:
        raise
    except BadRequest as unsound:
        raise _Refused(unsound.message) from None
    except (ValueError, RecursionError) as error:
        raise _Refused(m("The row is no JSON object.")) from error
    if not isinstance(value, dict):
        raise _Refused(m("The row is no JSON object."))
    return {str(key).strip(): _cell(key, cell) for key, cell in value.items()}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Refused(m("A key stands twice in the row."))
    return found


def _no_constant(name: str) -> None:
    raise _Refused(m("“%(value)s” is no number.", value=name))


def _cell(key: str, value: Any) -> Cell:
    if isinstance(value, list) and all(isinstance(part, str | int) for part in value):
        return value
    if isinstance(value, list | dict):
        raise _Refused(m("“%(column)s” holds an object or a list of them; a cell is one value.", column=key[:80]))
    if isinstance(value, str) and len(value) > MAX_CELL:
        raise _Refused(m("A cell is longer than %(limit)s characters.", limit=MAX_CELL))
    return value  # type: ignore[no-any-return]  # str, int, Decimal, bool or None: what JSON can still give here
