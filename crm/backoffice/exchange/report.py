"""What an import did, in the form that `flask data import` prints; and the file that says which rows failed."""

import csv
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm.backoffice.exchange.formulas import neutral
from crm.backoffice.exchange.rows import Problem
from crm.messages import render

ERROR_COLUMNS = ("row", "column", "value", "problem")
SHOWN_PROBLEMS = 50


@dataclass(frozen=True)
class Report:
    """Counts of rows by outcome; `related` counts by entity what was made besides. `problems` are the first of them, for a screen."""

    entity: str
    batch: str | None
    rows: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    related: Map[str, int] = field(default_factory=dict)
    error_file: str | None = None
    rest_file: str | None = None  # rows that wait for somebody to look at them
    changes: list[dict[str, Any]] | None = None
    problems: tuple[Problem, ...] = ()
    refused: bool = False  # rows failed and nothing was written

    @property
    def exit_code(self) -> int:
        """0 done, 1 nothing written because of failed rows, 3 done but for the failed rows."""
        return 1 if self.refused else 3 if self.failed else 0

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        shown: dict[str, Any] = {
            "entity": self.entity, "batch": self.batch, "rows": self.rows, "created": self.created, "updated": self.updated, "unchanged": self.unchanged,
            "skipped": self.skipped, "failed": self.failed, "related": dict(self.related), "error_file": self.error_file,
        }
        if self.rest_file is not None:
            shown["rest_file"] = self.rest_file
        return shown if self.changes is None else {**shown, "changes": self.changes}


class ErrorFile:
    """A CSV of row number, column, value and sentence; it exists only when something failed."""

    def __init__(self, path: Path, language: str) -> None:
        self.path, self.language = path, language
        self.first: list[Problem] = []

    def add(self, problems: list[Problem]) -> None:
        """Write problems of one row."""
        self.first += problems[: max(SHOWN_PROBLEMS - len(self.first), 0)]
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = not self.path.exists()
        with self.path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(ERROR_COLUMNS)
            for one in problems:
                writer.writerow((one.row, neutral(one.column), neutral(one.value), neutral(render(one.message, self.language))))

    @property
    def name(self) -> str | None:
        """Where it lies, None when nothing failed."""
        return str(self.path) if self.first else None
