"""The jobs of the import screen. Each runs with the rights that its person has at every transaction, not those he had when he asked."""

import hashlib
import time
from collections.abc import Mapping as Map, Sequence
from functools import partial
from pathlib import PurePath
from typing import Any

from crm.backoffice import files, journal
from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.exchange import batches, row_log, uploads
from crm.backoffice.exchange.batches import TakenOver
from crm.backoffice.exchange.binding import bind
from crm.backoffice.exchange.compare import Comparison, compare, together
from crm.backoffice.exchange.decisions import Decision, Proposal
from crm.backoffice.exchange.open_file import open_file
from crm.backoffice.exchange.planned import Context, RowPlan
from crm.backoffice.exchange.preview import Preview
from crm.backoffice.exchange.order import Order, Progress, fingerprint
from crm.backoffice.exchange.run import run_import
from crm.backoffice.exchange.survey import survey
from crm.backoffice.exchange.table import BROWSER_LIMIT
from crm.backoffice.exchange.take_back import take_back
from crm.backoffice.exchange.uploads import Upload
from crm.backoffice.guard import DataSession, SystemSession, UserSession, system_session, user_session
from crm.backoffice.jobs import Work, job
from crm.errors import BramaError, Forbidden, NotFound
from crm.messages import freeze, m
from crm.permissions import access_now

TRIAL, RUN, UNDO, FIGURES = "import_trial", "import_run", "import_undo", "import_figures"
GROUPED = ("stage", "owner")  # by which figures are compared beside the sums
TOLD_EVERY = 0.4  # seconds between two words of progress
KEPT_REASONS = 200  # records that stay after an undo, told one by one


@job(TRIAL)
def try_out(work: Work) -> dict[str, Any]:
    """A dry run of an upload with the mapping it has: counts, first rows, reasons of refusal."""
    return _run(work, trial=True)


@job(RUN)
def write(work: Work) -> dict[str, Any]:
    """The import itself. Whole or nothing: what a lost right leaves half done is taken back by the system."""
    return _run(work, trial=False)


@job(UNDO)
def undo_import(work: Work) -> dict[str, Any]:
    """One's own import taken back."""
    done = take_back(work.engine, _Sessions(work).open, work.catalog, str(work.args["batch"]), progress=_told(work))
    kept = [{"entity": k.entity, "code": k.code, "why": freeze(k.why)} for k in done.kept[:KEPT_REASONS]]
    return {"undone": done.undone, "kept": kept, "stayed": len(done.kept)}


@job(FIGURES)
def figures(work: Work) -> dict[str, Any]:
    """The file of an import, or with `whole` every file of its source, against the records they became, as whoever asks sees them."""
    with _system(work) as asking:
        upload = uploads.find(asking, str(work.args["upload"]))
        several = uploads.of_source(asking, upload) if work.args.get("whole") else [upload]
    sessions = _Sessions(work)
    rights = stamp(access_now(work.engine, sessions.person, work.catalog), work.catalog)
    each: list[Comparison] = []
    with sessions.open(work.catalog, False) as session:
        told: set[int] = set()
        for one in several:  # the latest file first: what it says of a record counts
            each.append(_compared(work, session, one, told))
            told |= each[-1].records
    sessions.journal()
    seen = together(each)
    return {
        "rights": rights, "rows": seen.rows, "found": seen.found, "absent_count": seen.absent_count, "differing_count": seen.differing_count,
        "files": [
            {"batch": one.batch, "name": one.file_name, "rows": told.rows, "found": told.found, "absent": told.absent,
             "absent_count": told.absent_count, "differing": told.differing, "differing_count": told.differing_count}
            for one, told in zip(several, each, strict=True)
        ],
        "sums": [[key, currency, str(there), str(here)] for (key, currency), (there, here) in seen.sums.items()],
        "groups": {
            key: [[value, there.rows, str(there.amount), here.rows, str(here.amount)] for value, (there, here) in several.items()]
            for key, several in seen.groups.items()
        },
    }


def _compared(work: Work, session: UserSession, upload: Upload, told: set[int]) -> Comparison:
    table = open_file(files.path_of(work.settings.files, upload.file_key), upload.mapping.file, name=upload.file_name, limit=BROWSER_LIMIT)
    layout, found = survey(table, bind(table, work.catalog.entity(upload.entity), upload.mapping, session.sight), upload.mapping.dates)
    return compare(session, table, layout, found, partial(_became, upload.id), GROUPED, told=told)


def _became(upload: int, session: DataSession, first: int, last: int) -> dict[int, int]:
    return row_log.became(session, upload, first, last)


def stamp(access: Access, catalog: Catalog) -> str:
    """Tells one state of a person's rights from another: what a trial showed is not shown to other rights."""
    parts = (access.user_id, access.roles, access.unlimited, access.department_id, sorted(access.departments), sorted(access.territories), catalog.version)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def order_of(work: Work, upload: Upload, *, trial: bool, decided_by: str = "") -> Order:
    """What the engine is asked to do with the upload."""
    return Order(
        upload.entity, files.path_of(work.settings.files, upload.file_key), upload.mapping, work.settings.instance / "imports", name=upload.file_name,
        dry_run=trial, partial=bool(work.args.get("partial")), language=str(work.args.get("language", "uk")), limit=BROWSER_LIMIT,
        upload=upload.key, made=partial(_made, upload.id), decided=partial(_decided, upload.id, trial), decided_by=decided_by, review=trial,
    )


def _decided(upload: int, trial: bool, session: DataSession, first: int, last: int) -> dict[int, Decision]:
    """A trial goes by what a person said and proposes the rest; the import does what stands in the log, row by row."""
    return row_log.decided(session, upload, first, last, firm=trial)


def _made(upload: int, session: DataSession, records: Map[int, int]) -> None:
    row_log.keep_made(session, upload, records)


class _Kept:
    """What a trial keeps: the first rows for the eye, and what becomes of every row."""

    def __init__(self, work: Work, upload: Upload, preview: Preview) -> None:
        self.work, self.upload, self.preview, self.last = work, upload, preview, 0

    def __call__(self, session: DataSession, plans: Sequence[RowPlan], context: Context, proposed: Map[int, Proposal]) -> None:
        self.preview(session, plans, context, proposed)
        if not plans:
            return
        self.last = plans[-1].number
        with _system(self.work, write=True) as keeping:
            row_log.keep(keeping, self.upload.id, plans, context, proposed)
            keeping.commit()

    def end(self) -> None:
        """Forget what was kept of rows that the file does not have."""
        with _system(self.work, write=True) as keeping:
            row_log.trim(keeping, self.upload.id, self.last)
            keeping.commit()


class _Sessions:
    """Sessions in the name of whoever asked, each with the rights of its moment; and the sensitive fields that they read."""

    def __init__(self, work: Work) -> None:
        if work.made_by is None:
            raise NotFound()
        self.work, self.person = work, work.made_by
        self.last: UserSession | None = None
        self.sensitive: set[tuple[str, str]] = set()

    def open(self, catalog: Catalog, write: bool) -> UserSession:
        """An Opener. Raises Forbidden when the account has been closed."""
        try:
            access = access_now(self.work.engine, self.person, catalog)
        except NotFound as gone:
            raise Forbidden(m("The work was stopped: the account of whoever asked for it is closed.")) from gone
        self.gather()
        self.last = user_session(self.work.engine, access, catalog, write=write, source="import")
        return self.last

    def gather(self) -> None:
        if self.last is not None:
            self.sensitive |= self.last.sight.sensitive

    def journal(self) -> None:
        """Write down which sensitive fields were read: one row a job."""
        self.gather()
        fields: dict[str, list[str]] = {}
        for entity, key in sorted(self.sensitive):
            fields.setdefault(entity, []).append(key)
        if fields:
            with _system(self.work, write=True) as session:
                journal.event(session, "read", changes={"address": [None, "import"], "fields": [None, fields]})
                session.commit()


def _run(work: Work, *, trial: bool) -> dict[str, Any]:
    began = time.monotonic()
    with _system(work) as asking:
        upload = uploads.find(asking, str(work.args["upload"]))
        decided_by = "" if trial else row_log.digest(asking, upload.id)
    order, sessions = order_of(work, upload, trial=trial, decided_by=decided_by), _Sessions(work)
    preview = Preview(order.language)
    kept = _Kept(work, upload, preview)
    rights = stamp(access_now(work.engine, sessions.person, work.catalog), work.catalog)
    try:
        report = run_import(work.engine, sessions.open, work.catalog, order, _told(work), kept if trial else preview)
    except TakenOver:
        raise
    except BramaError:
        if not trial and not order.partial:
            _restore(work, order)
        raise
    finally:
        sessions.journal()
    if trial:
        kept.end()
    if report.batch is not None:
        with _system(work, write=True) as session:
            uploads.change(session, uploads.find(session, upload.key), batch=report.batch)
            session.commit()
    counts = {name: value for name, value in report.as_dict().items() if name not in ("error_file", "changes")}
    error_file = PurePath(report.error_file).name if report.error_file else None
    return {"counts": counts, "refused": report.refused, "error_file": error_file, "seconds": time.monotonic() - began, "rights": rights, **preview.as_dict()}


def _told(work: Work) -> Progress:
    last = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > TOLD_EVERY or done >= total:
            work.progress(done, total)
            last = now

    return progress


def _system(work: Work, *, write: bool = False) -> SystemSession:
    return system_session(work.engine, "import", work.catalog, write=write, source="import", actor_id=work.made_by)


def _restore(work: Work, order: Order) -> None:
    """Whoever lost the right to write has lost the right to take back; nothing of a refused import may stay all the same."""
    with _system(work, write=True) as session:
        known = fingerprint(order, work.made_by)
        batch = batches.unfinished(session, known) or batches.half_undone(session, known)
    if batch is not None:
        take_back(work.engine, lambda catalog, write: _system(work, write=write), work.catalog, str(batch["key"]), to="failed")
