"""An import from beginning to end: read, check every row, then write."""

from dataclasses import replace
from uuid import uuid4

from sqlalchemy import Engine

from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.collecting import rarely_collected
from crm.backoffice.database import look_over
from crm.backoffice.exchange import batches
from crm.backoffice.exchange.binding import bind
from crm.backoffice.exchange.check_file import check_file
from crm.backoffice.exchange.decisions import load, save
from crm.backoffice.exchange.open_file import open_file
from crm.backoffice.exchange.order import Opener, Order, Progress, Run, Watch, fingerprint
from crm.backoffice.exchange.report import ErrorFile, Report
from crm.backoffice.exchange.rest import RestFile
from crm.backoffice.exchange.survey import survey
from crm.backoffice.exchange.take_back import take_back
from crm.backoffice.exchange.write_file import RowRefused, write_file
from crm.backoffice.guard import system_session
from crm.backoffice.lowcode.apply import add_options

MANY = 1_000  # new rows that change how the database should go about its tables


def run_import(
    engine: Engine, open_session: Opener, catalog: Catalog, order: Order, progress: Progress = lambda done, total: None, watch: Watch | None = None,
) -> Report:
    """Import a file, or try it with `dry_run`. Raises Unreadable, MappingFault, UnknownName, Forbidden before anything is written;
    rows that fail are in the report. With `watch` it keeps what is to be shown, and a dry run reports no changes of its own."""
    with rarely_collected():
        return _run(engine, open_session, catalog, order, progress, watch)


def _run(engine: Engine, open_session: Opener, catalog: Catalog, order: Order, progress: Progress, watch: Watch | None) -> Report:
    kind = catalog.entity(order.entity)
    table = open_file(order.path, order.mapping.file, name=order.name, limit=order.limit)
    with open_session(catalog, False) as session:
        half = None if order.dry_run else batches.half_undone(session, fingerprint(order, session.actor_id))
    if half is not None:
        take_back(engine, open_session, catalog, half["key"])
    with open_session(catalog, False) as session:
        layout = bind(table, kind, order.mapping, session.sight, match=order.match)
        known = fingerprint(order, session.actor_id)
        before = None if order.dry_run else batches.unfinished(session, known)
    layout, found = survey(table, layout, order.mapping.dates)
    errors = ErrorFile(order.errors / f"{uuid4().hex}.csv", order.language)
    rest = RestFile(order.errors / f"{known[:32]}-rest.csv", table.columns) if order.review and not order.dry_run else None
    if rest is not None and before is None:
        rest.path.unlink(missing_ok=True)
    run = Run(engine, open_session, order, catalog, progress, table, layout, found, errors, rest, watch)
    kept = order.errors / f"{known[:32]}-decided.json"
    if rest is not None and before is not None and kept.is_file():
        run.proposed, run.settled = load(kept), True
    check_file(run, after=before["position"] if before is not None else 0)
    if order.dry_run:
        return _report(run, None, changes=True)
    if run.failed and not order.partial:
        if before is not None:
            _take_back(run, before["key"])
        return _refused(run)
    if rest is not None and not run.settled:
        save(kept, run.proposed)
    _make_options(run)
    with open_session(run.catalog, True) as session:
        batch = batches.begin(session, entity=order.entity, file_name=order.name or order.path.name, fingerprint=known, upload=order.upload)
        session.commit()
    try:
        write_file(run, batch)
    except RowRefused as refused:
        errors.add(refused.draft.problems)
        run.counts["failed"] += 1
        _take_back(run, batch["key"])
        return _refused(run)
    kept.unlink(missing_ok=True)
    if run.counts["created"] >= MANY:
        look_over(engine, (run.catalog.entity(key).table for key in (order.entity, *run.related)))
    return _report(run, batch["key"])


def _make_options(run: Run) -> None:
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


def _take_back(run: Run, batch: str) -> None:
    """Whole or nothing: what earlier chunks wrote goes the way back that an undo goes."""
    take_back(run.engine, run.open, run.catalog, batch, to="failed")


def _refused(run: Run) -> Report:
    """Nothing was written: rows that were good are counted as skipped."""
    failed = run.counts["failed"]
    return Report(
        run.order.entity, None, run.survey.rows, skipped=run.survey.rows - failed, failed=failed, error_file=run.errors.name,
        problems=tuple(run.errors.first), refused=True,
    )


def _report(run: Run, batch: str | None, *, changes: bool = False) -> Report:
    rest = run.rest.name if run.rest is not None else None
    return Report(
        run.order.entity, batch, run.survey.rows, run.counts["created"], run.counts["updated"], run.counts["unchanged"], run.counts["skipped"],
        run.counts["failed"], run.related, run.errors.name, rest, run.changes if changes else None, tuple(run.errors.first),
        refused=changes and bool(run.failed) and not run.order.partial,
    )
