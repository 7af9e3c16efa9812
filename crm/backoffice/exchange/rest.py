"""The rows that an import left in the file, as a file of the same columns: it can be imported by the same mapping."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from crm.backoffice.exchange import row_log
from crm.backoffice.exchange.convert import cell_text
from crm.backoffice.exchange.formulas import neutral
from crm.backoffice.exchange.table import Row, Table, parts
from crm.backoffice.guard import DataSession

PART = 800


def pieces(session: DataSession, table: Table, upload: int) -> Iterator[str]:
    """CSV in pieces: the names of the columns, and every row that stays."""
    yield _line(table.columns)
    for part in parts(table.rows(), lambda: PART):
        left = row_log.unwritten(session, upload, part[0].number, part[-1].number)
        yield "".join(_line(tuple(cell_text(cell) for cell in row.cells)) for row in part if row.number in left)


class RestFile:
    """Rows under review, as they are met, in a file at `path`; it exists only when there are any."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.path, self.columns = path, columns

    def add(self, rows: Sequence[Row]) -> None:
        """Write rows."""
        if not rows:
            return
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = not self.path.exists()
        with self.path.open("a", encoding="utf-8", newline="") as file:
            file.write((_line(self.columns) if fresh else "") + "".join(_line(tuple(cell_text(cell) for cell in row.cells)) for row in rows))

    @property
    def name(self) -> str | None:
        """Where it lies, None when no row waits."""
        return str(self.path) if self.path.exists() else None


def _line(cells: tuple[str, ...]) -> str:
    made = StringIO()
    csv.writer(made).writerow([neutral(cell) for cell in cells])
    return made.getvalue()
