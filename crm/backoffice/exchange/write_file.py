"""The writing half of an import: small transactions that can be taken up again.

A long import must not keep others from saving: SQLite has one writer at a time, so chunks are small and a pause follows each. The
log of the batch moves on in the transaction of the rows, so an import that was killed goes on behind the last row it wrote.
"""

from collections.abc import Mapping as Map, Sequence
from typing import Any

from crm.backoffice import journal, pace, records
from crm.backoffice.exchange import batches
from crm.backoffice.exchange.convert import Wanted
from crm.backoffice.exchange.decisions import decide
from crm.backoffice.exchange.order import Run, decisions
from crm.backoffice.exchange.plan import plan, wanted
from crm.backoffice.exchange.planned import Context, RowPlan
from crm.backoffice.exchange.rows import RowDraft, draft
from crm.backoffice.exchange.table import parts
from crm.backoffice.exchange.write import Written, make_missing, write
from crm.backoffice.fields.many_to_many import SetChange
from crm.backoffice.guard import DataSession
from crm.errors import BramaError


class RowRefused(Exception):
    """A row that was good when it was checked is not any more."""

    def __init__(self, draft: RowDraft) -> None:
        super().__init__(draft.number)
        self.draft = draft


def write_file(run: Run, batch: Map[str, Any]) -> None:
    """Write what `batch` has not written yet, count it, and close the batch. Raises RowRefused unless the order is partial, with what
    earlier chunks wrote still there, and TakenOver when another process goes on with the batch."""
    done: Map[str, Any] = batch["counts"]
    context = run.context()
    speed, seen = pace.Pace(), 0
    for part in parts(run.table.rows(), lambda: speed.size):
        seen += len(part)
        drafts = [draft(row, run.layout) for row in part if row.number > batch["position"]]
        if not drafts:
            continue
        with speed.part(run.engine):
            done = _chunk(run, batch, drafts, context, done)
        run.progress(run.survey.rows // 2 + seen // 2, run.survey.rows)
    _write_later(run, batch)
    run.counts, run.related = {name: done[name] for name in batches.COUNTS}, dict(done["related"])
    with run.open(run.catalog, True) as session:
        journal.event(session, "import", run.order.entity, None, {"file": run.order.name or run.order.path.name, "batch": batch["key"], **run.counts})
        batches.close(session, batch, "done", error_file=run.errors.name)
        session.commit()
    run.progress(run.survey.rows, run.survey.rows)


def _chunk(run: Run, batch: Map[str, Any], drafts: Sequence[RowDraft], context: Context, done: Map[str, Any]) -> dict[str, Any]:
    """Write one chunk, the batch's place and its counts in one transaction; `done` are the counts before it, returned are those after it."""
    made: list[Wanted] = []
    written = Written()
    with run.open(run.catalog, True) as session:
        session.batch = str(batch["key"])
        try:
            decide(drafts, decisions(run, session, drafts))
            live = [d for d in drafts if d.number not in run.failed]
            named = list(dict.fromkeys(wanted(live)))
            context.references.load(session, named)
            made = make_missing(session, named, context, written)
            plans = plan(session, live, context)
            bad = [p for p in plans if p.draft.problems]
            if bad and not run.order.partial:
                raise RowRefused(bad[0].draft)
            _write_plans(session, run, batch, [p for p in plans if p.good], context, written)
            if run.order.made is not None:
                run.order.made(session, {p.number: p.record_id for p in plans if p.good and p.record_id is not None})
            failed = [p for p in plans if p.draft.problems]
            for one in failed:
                run.errors.add(one.draft.problems)
            related = done["related"]
            counts = {
                "created": done["created"] + written.created, "updated": done["updated"] + written.updated,
                "unchanged": done["unchanged"] + written.unchanged,
                "skipped": done["skipped"] + sum(1 for p in plans if (p.draft.blank or p.draft.left) and not p.draft.problems),
                "failed": done["failed"] + len(drafts) - len(live) + len(failed),
                "related": {key: related.get(key, 0) + written.related.get(key, 0) for key in {*related, *written.related}},
            }
            batches.advance(session, batch, position=drafts[-1].number, counts=counts)
            session.commit()
        except BaseException:
            context.references.forget(made)
            raise
    return counts


def _write_plans(
    session: DataSession, run: Run, batch: Map[str, Any], plans: Sequence[RowPlan], context: Context, written: Written,
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
                raise RowRefused(plans[0].draft) from error
            return
        for one in plans:
            _write_plans(session, run, batch, [one], context, written)
        return
    written.created, written.updated, written.unchanged = written.created + trial.created, written.updated + trial.updated, written.unchanged + trial.unchanged
    written.related = trial.related
    for one in plans:
        if one.later and one.record_id is not None:
            batches.postpone(session, batch, one.record_id, one.later)
            run.waiting[one.record_id] = one.number


def _reset(one: RowPlan) -> None:
    """Forget numbers given to records that were rolled back."""
    if one.fresh:
        one.record_id = None
    for child in one.children:
        if child.id is None:
            child.behind_id = None


def _write_later(run: Run, batch: Map[str, Any]) -> None:
    """References to rows of the file, now that every row is written. Raises RowRefused: a record that is there already cannot be left out."""
    kind = run.order.entity
    while True:
        with run.open(run.catalog, True) as session:
            session.batch = str(batch["key"])
            rows = batches.postponed(session, batch, pace.CHUNK)
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
            _lead(session, run, changes)
            batches.settle(session, rows)
            session.commit()
        pace.give_way(run.engine)


def _lead(session: DataSession, run: Run, changes: Map[int, Map[str, Any]]) -> None:
    """All references at once; when the door refuses, record by record, so that the row is known that is to blame."""
    try:
        with session.begin_nested():
            records.change_many(session, run.order.entity, changes)
    except BramaError as error:
        if len(changes) > 1:
            for record_id, given in changes.items():
                _lead(session, run, {record_id: given})
            return
        columns = {slot.name: slot.column for slot in run.layout.slots}
        for record_id, given in changes.items():
            blamed, key = RowDraft(run.waiting.get(record_id, 0)), next(iter(given))
            blamed.refuse(columns.get(key, key), error.message)
            raise RowRefused(blamed) from error
