"""The probes, one module a part of the product. Importing this package completes the register."""

from tests.leaks.probes import (
    boards, commands, configuration, files, imports, kept_reports, lists, pages, people, quotes, records, reports, rights, segments, statements, teams,
    views, writing,
)

__all__ = [
    "boards", "commands", "configuration", "files", "imports", "kept_reports", "lists", "pages", "people", "quotes", "records", "reports", "rights", "segments",
    "statements", "teams", "views", "writing",
]
