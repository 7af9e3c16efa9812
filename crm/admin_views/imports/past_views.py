"""`/imports/…`: what came in before, whose, what came of it, and the way back."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from crm.admin_views.imports import past, work
from crm.admin_views.imports.access import Busy, find_batch, overseen
from crm.admin_views.imports.answers import AT_ONCE, Answer, ended, send_error_file
from crm.admin_views.imports.page import job_of, progress_of, running_job, tally_of
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice.exchange import batches, uploads
from crm.backoffice.job_queue import execute
from crm.backoffice.jobs import Job, enqueue
from crm.errors import NotFound
from crm.languages import current_language
from crm.messages import m, thaw

pages = Blueprint("past_imports", __name__, url_prefix="/imports")
PAGE = 50


@pages.get("/")
def index() -> Answer:
    session, access = context.session(), context.access()
    before = request.args.get("before", "")
    others = overseen(access, session.catalog)
    edge = int(before) if before.isascii() and before.isdecimal() and len(before) < 10 else None
    rows = batches.page(session, whose=None if others else session.actor_id, entities=others, before=edge, size=PAGE + 1)
    started = [] if edge is not None else past.started(session, uploads.unfinished(session))
    older = rows[PAGE - 1]["id"] if len(rows) > PAGE else None
    return render_template("admin/import/index.html", rows=past.past(session, rows[:PAGE]), started=started, older=older, all=bool(others))


@pages.get("/<batch>/")
def one(batch: str) -> Answer:
    session = context.session()
    row = find_batch(session, batch, context.access())
    shown = past.past(session, [row])[0]
    upload = uploads.of_batch(session, batch)
    undo = job_of(shown.undo_job) if shown.mine else None
    kind = session.catalog.entities.get(str(row["entity"]))
    going = running_job(upload) if upload is not None and shown.state == "running" else None
    now = tally_of(session, upload) if upload is not None and upload.profile is not None else None
    return render_template(
        "admin/import/result.html", batch=shown, entity=kind, upload=upload, records_url=past.records_url(session, row),
        undoing=progress_of(undo) if undo is not None and not undo.ended else None, undone=_undone(undo), url=f"/imports/{batch}/state",
        unwritten=now.unwritten if now is not None and shown.state != "interrupted" else 0, going=progress_of(going) if going is not None else None,
        done=past.done(row), rows=upload.profile.rows if upload is not None and upload.profile is not None and upload.profile.whole else None,
        resumable=upload is not None and upload.profile is not None and upload.run_job is not None,
    )


@pages.get("/<batch>/state")
def undo_state(batch: str) -> Answer:
    session = context.session()
    row = find_batch(session, batch, context.access())
    job = job_of(past.past(session, [row])[0].undo_job)
    if job is None or job.ended:
        return ended()
    return render_template("admin/import/progress.html", **progress_of(job), url=f"/imports/{batch}/state")


@pages.post("/<batch>/undo")
def take_back(batch: str) -> Answer:
    """Take one's own import back; a small one at once. Raises NotFound for another's, Busy for one that is going on or taken back."""
    session, here = context.session(), context.runtime()
    row = find_batch(session, batch, context.access())
    shown = past.past(session, [row])[0]
    if not shown.mine:
        raise NotFound(m("There is no such import."))
    going = job_of(shown.undo_job)
    if shown.state not in ("done", "interrupted") and not (shown.state == "undoing" and (going is None or going.ended)):
        raise Busy()
    job = enqueue(session, work.UNDO, {"batch": batch})
    batches.asked_to_undo(session, row, job)
    session.commit()
    if shown.created + shown.updated <= AT_ONCE:
        execute(here.engine, here.settings, context.catalog(), job)
    return redirect(f"/imports/{batch}/", 303)


@pages.post("/<batch>/resume")
def resume(batch: str) -> Answer:
    """Go on with one's own import that was interrupted, behind the last row it wrote. Raises NotFound for another's, Busy for one that goes on or
    has ended."""
    session = context.session()
    row = find_batch(session, batch, context.access())
    shown = past.past(session, [row])[0]
    upload = uploads.of_batch(session, batch) if shown.mine else None
    if upload is None or upload.profile is None:
        raise NotFound(m("There is no such import."))
    if shown.state != "interrupted" or upload.run_job is None:
        raise Busy()
    asked = job_of(upload.run_job)
    job = enqueue(session, work.RUN, dict(asked.args) if asked is not None else {"upload": upload.key, "language": current_language()})
    uploads.change(session, upload, run_job=job)
    session.commit()
    return redirect(f"/{upload.entity}/import/{upload.key}/", 303)


@pages.get("/<batch>/errors.csv")
def errors(batch: str) -> Answer:
    session = context.session()
    row = find_batch(session, batch, context.access())
    name = row["error_file"]
    return send_error_file(str(name) if name and past.past(session, [row])[0].error_file else None)


def _undone(job: Job | None) -> dict[str, Any] | None:
    if job is None or not job.ended:
        return None
    if job.result is None:
        return {"fault": say(job.error) if job.error is not None else "", "kept": [], "undone": 0, "stayed": 0}
    labels = context.catalog().entities
    kept = [{"entity": labels[k["entity"]].label.text(current_language()), "code": k["code"], "why": say(thaw(k["why"]))} for k in job.result["kept"]]
    return {"fault": "", "kept": kept, "undone": job.result["undone"], "stayed": job.result["stayed"]}
