"""CSV as a table."""

import csv
from collections.abc import Iterator
from pathlib import Path

from crm.backoffice.exchange.formulas import original
from crm.backoffice.exchange.sniff import SAMPLE, file_delimiter, file_encoding
from crm.backoffice.exchange.table import MAX_CELL, Cell, Row, Table, Unreadable, check_columns, counted, fitted
from crm.messages import m


def open_csv(path: Path, *, encoding: str = "auto", delimiter: str = "auto", header: bool = True) -> Table:
    """The table of a CSV file. Raises Unreadable here for its head, while reading for what comes later."""
    codec = file_encoding(path, encoding)
    try:
        with path.open(encoding=codec, newline="") as file:
            sample = file.read(SAMPLE)
    except UnicodeError as error:
        raise _wrong_encoding(codec) from error
    sign = file_delimiter(sample, delimiter)
    first = next(_records(path, codec, sign), None)
    if first is None:
        raise Unreadable(m("The file is empty: there is no row with the names of columns."))
    names = first[1] if header else [f"c{position}" for position in range(1, len(first[1]) + 1)]
    columns = check_columns(names)

    def rows() -> Iterator[Row]:
        records = _records(path, codec, sign)
        if header:
            next(records)
        for number, record in records:
            cells: list[Cell] = [original(text) for text in record]
            yield fitted(number, cells, len(columns))

    return Table("csv", columns, lambda: counted(rows()), codec, sign)


def _records(path: Path, codec: str, sign: str) -> Iterator[tuple[int, list[str]]]:
    """Numbered records. A broken quote is an error of the file: nobody can know where the next row begins."""
    number = 0
    try:
        with path.open(encoding=codec, newline="") as file:
            reader = csv.reader(file, delimiter=sign, strict=True)
            for number, record in enumerate(reader, 1):
                yield number, record
    except UnicodeError as error:
        raise _wrong_encoding(codec) from error
    except csv.Error as error:
        told = str(error)
        if "limit" in told:
            raise Unreadable(m("Row %(row)s: a cell is longer than %(limit)s characters, or a quote is not closed.", row=number + 1, limit=MAX_CELL)) from error
        if "end of data" in told:
            raise Unreadable(m("Row %(row)s: a quote is opened and never closed.", row=number + 1)) from error
        raise Unreadable(m("Row %(row)s: quotes or line ends are broken, the rows cannot be told apart.", row=number + 1)) from error


def _wrong_encoding(codec: str) -> Unreadable:
    return Unreadable(m("The file is not in the encoding %(encoding)s.", encoding=codec.removesuffix("-sig").upper()))
