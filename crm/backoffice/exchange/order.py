"""What an import is asked to do, and what its steps share while they do it."""

import hashlib
from collections.abc import Callable, Mapping as Map, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from crm.backoffice.catalog import Catalog
from crm.backoffice.exchange import batches
from crm.backoffice.exchange.decisions import Decided, Decision, Proposal
from crm.backoffice.exchange.layout import Layout
from crm.backoffice.exchange.mapping import Mapping
from crm.backoffice.exchange.planned import Context, RowPlan
from crm.backoffice.exchange.references import References
from crm.backoffice.exchange.report import ErrorFile
from crm.backoffice.exchange.rest import RestFile
from crm.backoffice.exchange.rows import RowDraft
from crm.backoffice.exchange.survey import Survey
from crm.backoffice.exchange.table import COMMAND_LINE_LIMIT, Table
from crm.backoffice.guard import DataSession

# (catalog, write) → a session in the name of whoever imports
Opener = Callable[[Catalog, bool], DataSession]
# rows done, rows in all; the check is the first half of the way, the writing the second
Progress = Callable[[int, int], None]
# the session that wrote a part, and the record that each row became, by number
Made = Callable[[DataSession, Map[int, int]], None]
# what a screen keeps of rows as they are judged: the session that judged them, their plans, what was looked up, and what is proposed by number
Watch = Callable[[DataSession, Sequence[RowPlan], Context, Map[int, Proposal]], None]


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
    upload: str | None = None  # key of the upload that it is, on the screen
    made: Made | None = None
    decided: Decided | None = None
    decided_by: str = ""  # knows the same decisions again
    review: bool = False  # propose what is not decided, and leave for review what only sounds like a record


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
    rest: RestFile | None = None  # of a run that decides by itself: where rows wait that only resemble a record
    watch: Watch | None = None
    failed: set[int] = field(default_factory=set)
    proposed: dict[int, Decision] = field(default_factory=dict)  # of a run that decides by itself: rows that are not plainly new
    settled: bool = False  # it has decided before it was interrupted
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(batches.COUNTS, 0))
    related: dict[str, int] = field(default_factory=dict)
    options: dict[str, dict[str, str]] = field(default_factory=dict)  # picklist → key → text, to be made
    changes: list[dict[str, Any]] = field(default_factory=list)
    waiting: dict[int, int] = field(default_factory=dict)  # record that refers to a row of the file → its own row

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
    digest.update(repr((*parts, order.decided_by) if order.decided_by else parts).encode())
    return digest.hexdigest()


def decisions(run: Run, session: DataSession, drafts: Sequence[RowDraft]) -> Map[int, Decision]:
    """What is decided of these rows."""
    if not drafts:
        return {}
    given = run.order.decided(session, drafts[0].number, drafts[-1].number) if run.order.decided is not None else {}
    return {**{d.number: run.proposed[d.number] for d in drafts if d.number in run.proposed}, **given} if run.proposed else given
