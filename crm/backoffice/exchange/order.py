"""What an import is asked to do, and what its steps share while they do it."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from crm.backoffice.catalog import Catalog
from crm.backoffice.exchange import batches
from crm.backoffice.exchange.layout import Layout
from crm.backoffice.exchange.mapping import Mapping
from crm.backoffice.exchange.planned import Context, RowPlan
from crm.backoffice.exchange.references import References
from crm.backoffice.exchange.report import ErrorFile
from crm.backoffice.exchange.survey import Survey
from crm.backoffice.exchange.table import COMMAND_LINE_LIMIT, Row, Table
from crm.backoffice.guard import DataSession

# (catalog, write) → a session in the name of whoever imports
Opener = Callable[[Catalog, bool], DataSession]
# rows done, rows in all; the check is the first half of the way, the writing the second
Progress = Callable[[int, int], None]
# what a screen keeps of rows as they are judged: the session that judged them, their plans, and what was looked up
Watch = Callable[[DataSession, Sequence[RowPlan], Context], None]


@dataclass(frozen=True)
class Order:
    """What is to be imported and how. `name` is what its sender calls the file."""

    entity: str
    path: Path
    mapping: Mapping
    errors: Path  # folder of error files
    name: str = ""
    match: tuple[str, ...] | None = None
    dry_run: bool = False
    partial: bool = False
    language: str = "en"
    limit: int = COMMAND_LINE_LIMIT


@dataclass
class Run:
    """What the steps of one import share."""

    engine: Engine
    open: Opener
    order: Order
    catalog: Catalog
    progress: Progress
    table: Table
    layout: Layout
    survey: Survey
    errors: ErrorFile
    watch: Watch | None = None
    failed: set[int] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(batches.COUNTS, 0))
    related: dict[str, int] = field(default_factory=dict)
    options: dict[str, dict[str, str]] = field(default_factory=dict)  # picklist → key → text, to be made
    changes: list[dict[str, Any]] = field(default_factory=list)

    def context(self) -> Context:
        return Context(self.catalog, self.layout, self.survey, References(self.catalog, self.order.entity, self.survey.held))


def fingerprint(order: Order, actor_id: int | None) -> str:
    """Knows the same file with the same mapping, brought by the same person, again."""
    digest = hashlib.sha256()
    with order.path.open("rb") as file:
        while block := file.read(1024 * 1024):
            digest.update(block)
    mapping = order.mapping
    parts = (
        order.entity, order.match, order.partial, actor_id, mapping.match, mapping.dates, mapping.decimal, sorted(mapping.ignore), sorted(mapping.file.empty),
        sorted(mapping.scale.items()), sorted(mapping.defaults.items()),
        sorted((c, [(t.path, t.by, t.missing, sorted(t.values.items())) for t in ts]) for c, ts in (mapping.columns or {}).items()),
    )
    digest.update(repr(parts).encode())
    return digest.hexdigest()


def chunks(rows: Iterator[Row], size: Callable[[], int]) -> Iterator[list[Row]]:
    """The rows in parts; `size` is asked before each."""
    while part := list(islice(rows, size())):
        yield part
