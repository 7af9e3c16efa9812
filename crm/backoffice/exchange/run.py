"""An import from beginning to end: read, check every row, then write in small transactions that can be taken up again.

A long import must not keep others from saving: SQLite has one writer at a time, so chunks are small and a pause follows each. The
log of the batch moves on in the transaction of the rows, so an import that was killed goes on behind the last row it wrote.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping as Map, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from crm.backoffice import journal, records, undo
from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.exchange import batches, shown
from crm.backoffice.exchange.batches import TakenOver
from crm.backoffice.exchange.binding import bind
from crm.backoffice.exchange.check import check, check_makable
from crm.backoffice.exchange.convert import Wanted, each
from crm.backoffice.exchange.layout import Layout
from crm.backoffice.exchange.mapping import Mapping
from crm.backoffice.exchange.open_file import open_file
from crm.backoffice.exchange.plan import Context, RowPlan, plan, wanted, wanted_options
from crm.backoffice.exchange.references import References, ToMake
from crm.backoffice.exchange.report import ErrorFile, Report
from crm.backoffice.exchange.rows import RowDraft, draft
from crm.backoffice.exchange.survey import Survey, survey
from crm.backoffice.exchange.table import COMMAND_LINE_LIMIT, Row, Table
from crm.backoffice.exchange.write import Written, make_missing, write
from crm.backoffice.fields.base import FieldError
from crm.backoffice.fields.many_to_many import SetChange
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.lowcode.apply import add_options
from crm.errors import BramaError, Forbidden
from crm.messages import m

CHUNK = 400
LEAST, MOST = 50, 800
LONG, SHORT = 0.3, 0.15  # seconds a transaction may take before chunks shrink, and under which they grow
PAUSE = 0.03  # seconds in which SQLite's other writers, who ask every few milliseconds, get their turn

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
class _Run:
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


def run_import(
    engine: Engine, open_session: Opener, catalog: Catalog, order: Order, progress: Progress = lambda done, total: None, watch: Watch | None = None,
) -> Report:
    """Import a file, or try it with `dry_run`. Raises Unreadable, MappingFault, UnknownName, Forbidden before anything is written;
    rows that fail are in the report. With `watch` it keeps what is to be shown, and a dry run reports no changes of its own."""
    kind = catalog.entity(order.entity)
    table = open_file(order.path, order.mapping.file, name=order.name, limit=order.limit)
    with open_session(catalog, False) as session:
        layout = bind(table, kind, order.mapping, session.sight, match=order.match)
        known = fingerprint(order, session.actor_id)
        before = None if order.dry_run else batches.unfinished(session, known)
    layout, found = survey(table, layout, order.mapping.dates)
    errors = ErrorFile(order.errors / f"{uuid4().hex}.csv", order.language)
    run = _Run(engine, open_session, order, catalog, progress, table, layout, found, errors, watch)
    _check(run, after=before["position"] if before is not None else 0)
    if order.dry_run:
        return _report(run, None, changes=True)
    if run.failed and not order.partial:
        if before is not None:
            _take_back(run, before["key"])
        return _refused(run)
    _make_options(run)
    return _write(run, known)


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


def _chunks(rows: Iterator[Row], size: Callable[[], int]) -> Iterator[list[Row]]:
    while part := list(islice(rows, size())):
        yield part


# --- checking ------------------------------------------------------------------------------------------------------


def _check(run: _Run, after: int) -> None:
    """Judge every row that is still to be written, without writing."""
    context = run.context()
    makable: dict[Wanted, None] = {}
    seen = 0
    for part in _chunks(run.table.rows(), lambda: MOST):
        seen += len(part)
        drafts = [draft(row, run.layout) for row in part if row.number > after]
        with run.open(run.catalog, False) as session:
            plans = _judged(session, drafts, context, makable, run)
            if run.watch is not None:
                run.watch(session, plans, context)
            elif run.order.dry_run:
                run.changes += shown.changes(session, plans, context)
        for one in plans:
            _count(run, one)
        run.progress(seen // 2, run.survey.rows)
    for made in makable:
        run.related[made.entity] = run.related.get(made.entity, 0) + 1


def _judged(session: DataSession, drafts: Sequence[RowDraft], context: Context, makable: dict[Wanted, None], run: _Run) -> list[RowPlan]:
    named = list(dict.fromkeys(wanted(drafts)))
    context.references.load(session, named)
    fresh = [w for w in named if w.missing == "create" and w not in makable and _is_to_make(context, w)]
    check_makable(session, fresh, context)
    _check_options(session, drafts, run)
    plans = plan(session, drafts, context)
    check(session, plans, context)
    used = {w for p in plans if p.good for w in wanted_after(p)}
    makable.update({w: None for w in fresh if w in used})
    return plans


def wanted_after(one: RowPlan) -> Iterator[Wanted]:
    """What a planned row still waits for to be made."""
    parts = [one.draft.own, *(part for group in one.draft.groups.values() for part in group.values())]
    yield from (v.wanted for part in parts for value in part.values() for v in each(value) if isinstance(v, ToMake))


def _is_to_make(context: Context, one: Wanted) -> bool:
    try:
        return isinstance(context.references.resolve(one), ToMake)
    except FieldError:
        return False


def _check_options(session: DataSession, drafts: Sequence[RowDraft], run: _Run) -> None:
    """Options are configuration: whoever may not change it adds none by a file."""
    allowed = session.access is None or session.access.unlimited or session.sight.may("pipeline", "update")
    for one in drafts:
        for option in wanted_options([one]):
            if not allowed:
                one.refuse("", m("You may not add values to lists: “%(value)s” is new.", value=option.text[:60]), option.text)
            elif not one.problems:
                run.options.setdefault(option.picklist, {}).setdefault(option.key, option.text)


def _count(run: _Run, one: RowPlan) -> None:
    if one.draft.problems:
        run.failed.add(one.number)
        run.counts["failed"] += 1
        run.errors.add(one.draft.problems)
    elif one.draft.blank:
        run.counts["skipped"] += 1
    elif one.is_new:
        run.counts["created"] += 1
    else:
        run.counts["unchanged" if one.idle else "updated"] += 1
    if one.good:
        for child in one.children:
            for kind in [child.child, *([child.behind] if child.behind is not None and child.behind_id is None else [])] if child.id is None else []:
                run.related[kind.key] = run.related.get(kind.key, 0) + 1


# --- writing -------------------------------------------------------------------------------------------------------


def _make_options(run: _Run) -> None:
    """Add what lists lack; from here on the import goes by the catalog that knows it."""
    if not run.options:
        return
    for picklist, options in run.options.items():
        with run.open(run.catalog, False) as asking:
            actor = asking.actor_id
        with system_session(run.engine, "import", run.catalog, write=True, source="import", actor_id=actor) as session:
            add_options(session, picklist, options)
            session.commit()
        run.catalog = load_catalog(run.engine)
    with run.open(run.catalog, False) as session:
        bound = bind(run.table, run.catalog.entity(run.order.entity), run.order.mapping, session.sight, match=run.order.match)
    run.layout = replace(bound, forms=run.layout.forms)


def _write(run: _Run, known: str) -> Report:
    with run.open(run.catalog, True) as session:
        batch = batches.begin(session, entity=run.order.entity, file_name=run.order.name or run.order.path.name, fingerprint=known)
        session.commit()
    counts = {name: batch["counts"][name] for name in batches.COUNTS}
    related: dict[str, int] = dict(batch["counts"]["related"])
    context = run.context()
    pace, seen = _Pace(), 0
    for part in _chunks(run.table.rows(), lambda: pace.size):
        seen += len(part)
        drafts = [draft(row, run.layout) for row in part if row.number > batch["position"]]
        if not drafts:
            continue
        began = time.monotonic()
        try:
            written, failed, skipped = _chunk(run, batch, drafts, context, counts, related)
        except TakenOver:
            raise
        except _Stopped as stopped:
            run.errors.add(stopped.draft.problems)
            run.counts["failed"] += 1
            _take_back(run, batch["key"])
            return _refused(run)
        spent = time.monotonic() - began
        outcome = {"created": written.created, "updated": written.updated, "unchanged": written.unchanged, "failed": failed, "skipped": skipped}
        for name, number in outcome.items():
            counts[name] += number
        for entity, number in written.related.items():
            related[entity] = related.get(entity, 0) + number
        run.progress(run.survey.rows // 2 + seen // 2, run.survey.rows)
        pace.took(spent)
        _give_way(run)
    _write_later(run, batch)
    with run.open(run.catalog, True) as session:
        journal.event(session, "import", run.order.entity, None, {"file": run.order.name or run.order.path.name, "batch": batch["key"], **counts})
        batches.close(session, batch, "done", error_file=run.errors.name)
        session.commit()
    run.counts, run.related = counts, related
    run.progress(run.survey.rows, run.survey.rows)
    return _report(run, batch["key"])


@dataclass
class _Pace:
    """How many rows a transaction takes: as many as leave others waiting a third of a second at most."""

    size: int = field(default_factory=lambda: CHUNK)

    def took(self, seconds: float) -> None:
        if seconds > LONG:
            self.size = max(LEAST, self.size // 2)
        elif seconds < SHORT:
            self.size = min(MOST, self.size + self.size // 4)


class _Stopped(Exception):
    """A row that was good when it was checked is not any more."""

    def __init__(self, draft: RowDraft) -> None:
        super().__init__(draft.number)
        self.draft = draft


def _chunk(
    run: _Run, batch: Map[str, Any], drafts: Sequence[RowDraft], context: Context, counts: dict[str, int], related: dict[str, int],
) -> tuple[Written, int, int]:
    """Write one chunk and the batch's place in one transaction: what it did, how many rows failed, how many are blank."""
    made: list[Wanted] = []
    written = Written()
    with run.open(run.catalog, True) as session:
        session.batch = str(batch["key"])
        try:
            live = [d for d in drafts if d.number not in run.failed]
            named = list(dict.fromkeys(wanted(live)))
            context.references.load(session, named)
            made = make_missing(session, named, context, written)
            plans = plan(session, live, context)
            bad = [p for p in plans if p.draft.problems]
            if bad and not run.order.partial:
                raise _Stopped(bad[0].draft)
            _write_plans(session, run, batch, [p for p in plans if p.good], context, written)
            failed = len(drafts) - len(live) + sum(1 for p in plans if p.draft.problems)
            for one in bad + [p for p in plans if p.draft.problems and p not in bad]:
                run.errors.add(one.draft.problems)
            skipped = sum(1 for p in plans if p.draft.blank and not p.draft.problems)
            totals = {
                "created": counts["created"] + written.created, "updated": counts["updated"] + written.updated,
                "unchanged": counts["unchanged"] + written.unchanged, "skipped": counts["skipped"] + skipped, "failed": counts["failed"] + failed,
                "related": {key: related.get(key, 0) + written.related.get(key, 0) for key in {*related, *written.related}},
            }
            batches.advance(session, batch, position=drafts[-1].number, counts=totals)
            session.commit()
        except BaseException:
            context.references.forget(made)
            raise
    return written, failed, skipped


def _write_plans(
    session: DataSession, run: _Run, batch: Map[str, Any], plans: Sequence[RowPlan], context: Context, written: Written,
) -> None:
    """All plans at once; when the door refuses, one by one, so that the row is known that is to blame."""
    try:
        with session.begin_nested():
            trial = Written(related=dict(written.related))
            write(session, plans, context, trial)
    except BramaError as error:
        for one in plans:
            _reset(one)
        if len(plans) == 1:
            plans[0].draft.refuse("", error.message)
            if not run.order.partial:
                raise _Stopped(plans[0].draft) from error
            return
        for one in plans:
            _write_plans(session, run, batch, [one], context, written)
        return
    written.created, written.updated, written.unchanged = written.created + trial.created, written.updated + trial.updated, written.unchanged + trial.unchanged
    written.related = trial.related
    for one in plans:
        if one.later and one.record_id is not None:
            batches.postpone(session, batch, one.record_id, one.later)


def _reset(one: RowPlan) -> None:
    """Forget numbers given to records that were rolled back."""
    if one.fresh:
        one.record_id = None
    for child in one.children:
        if child.id is None:
            child.behind_id = None


def _write_later(run: _Run, batch: Map[str, Any]) -> None:
    """References to rows of the file, now that every row is written."""
    kind = run.order.entity
    while True:
        with run.open(run.catalog, True) as session:
            session.batch = str(batch["key"])
            rows = batches.postponed(session, batch, CHUNK)
            if not rows:
                return
            context = run.context()
            named = {row["id"]: Wanted(kind, row["by"], row["text"], "fail") for row in rows}
            context.references.load(session, named.values())
            changes: dict[int, dict[str, Any]] = {}
            for row in rows:
                found = context.references.resolve(named[row["id"]])
                if isinstance(found, int):
                    given = changes.setdefault(row["record_id"], {})
                    if run.catalog.entity(kind).fields[row["field"]].several:
                        before = given.get(row["field"], SetChange())
                        given[row["field"]] = before._replace(added=before.added | {found})
                    else:
                        given[row["field"]] = found
            records.change_many(session, kind, changes)
            batches.settle(session, rows)
            session.commit()
        _give_way(run)


def _give_way(run: _Run) -> None:
    if run.engine.dialect.name == "sqlite":
        time.sleep(PAUSE)


def _take_back(run: _Run, batch: str) -> None:
    """Whole or nothing: what earlier chunks wrote goes the way back that an undo goes."""
    with run.open(run.catalog, True) as session:
        row = batches.find(session, batch)
        try:
            undo.undo(session, batch)
        except BramaError as nothing:
            if isinstance(nothing, Forbidden):
                raise
        if row is not None:
            batches.close(session, row, "failed")
        session.commit()


def _refused(run: _Run) -> Report:
    """Nothing was written: rows that were good are counted as skipped."""
    failed = run.counts["failed"]
    return Report(
        run.order.entity, None, run.survey.rows, skipped=run.survey.rows - failed, failed=failed, error_file=run.errors.name,
        problems=tuple(run.errors.first), refused=True,
    )


def _report(run: _Run, batch: str | None, *, changes: bool = False) -> Report:
    return Report(
        run.order.entity, batch, run.survey.rows, run.counts["created"], run.counts["updated"], run.counts["unchanged"], run.counts["skipped"],
        run.counts["failed"], run.related, run.errors.name, run.changes if changes else None, tuple(run.errors.first),
        refused=changes and bool(run.failed) and not run.order.partial,
    )
