"""The probes, one module a part of the product. Importing this package completes the register."""

from tests.leaks.probes import commands, configuration, files, imports, lists, pages, people, records, reports, rights, segments, statements, views, writing

__all__ = [
    "commands", "configuration", "files", "imports", "lists", "pages", "people", "records", "reports", "rights", "segments", "statements",
    "views", "writing",
]
