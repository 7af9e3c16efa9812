"""The page of one upload: the mapping at the left, at the right what its trial found, or how far the work is."""

from collections.abc import Mapping as Map
from dataclasses import replace
from typing import Any

from babel.numbers import format_decimal
from flask import render_template

from crm.admin_views.imports import origins, trial, work
from crm.admin_views.imports.decided import Tally, tally
from crm.admin_views.imports.desk import desk
from crm.admin_views.imports.words import size_words
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice import jobs
from crm.backoffice.entities import Entity
from crm.backoffice.exchange import row_log
from crm.backoffice.exchange.mapping_text import as_yaml
from crm.backoffice.exchange.profile import Profile
from crm.backoffice.exchange.uploads import Upload
from crm.backoffice.guard import UserSession
from crm.backoffice.jobs import Job
from crm.errors import NotFound
from crm.languages import current_language
from crm.messages import Message, m


def page_of(session: UserSession, kind: Entity, upload: Upload, *, fault: Message | None = None, yaml: str = "") -> str:
    """The page, with `fault` said on top of it. A trial made with other rights than the reader's is not shown."""
    running, writing, tried = running_job(upload), job_of(upload.run_job), job_of(upload.trial_job)
    refused = writing is not None and writing.ended
    result = (writing.result if refused and writing is not None else None) or result_of(upload.trial_job)
    if fault is None:
        fault = next((job.error for job in (writing, tried) if job is not None and job.error is not None), None)
    old = result is not None and is_stale(result)
    seen, now = profile_of(upload), tally_of(session, upload) if not refused else None
    return render_template(
        "admin/import/desk.html", title=kind.plural.text(current_language()), file_name=upload.file_name, size=say(size_words(upload.size)), upload=upload,
        fault=say(fault) if fault is not None else "", was_refused=refused, old_rights=old, yaml=yaml or as_yaml(upload.mapping), yaml_open=bool(yaml),
        panel=trial.shown(result, kind, context.catalog(), context.reader(), seen, now) if result is not None and not old else None,
        origins=origins.offered(session, kind, upload),
        progress=progress_of(running) if running is not None else None, writing=running is not None and running.kind == work.RUN,
        **mapping_part(session, kind, upload),
    )


def mapping_part(session: UserSession, kind: Entity, upload: Upload, added: str = "") -> dict[str, Any]:
    """What the left half needs; `added` is a field that shall get a value for all new records."""
    if added:
        upload = replace(upload, mapping=replace(upload.mapping, defaults={**upload.mapping.defaults, added: ""}))
    result = result_of(upload.run_job) or result_of(upload.trial_job)
    seen = dict(result["values"]) if result is not None else {}
    base, label = f"/{kind.key}/import/{upload.key}/", kind.label.text(current_language())
    return {"desk": desk(session, kind, upload, profile_of(upload), seen), "entity": kind, "base": base, "url": f"{base}state", "singular": label}


def tally_of(session: UserSession, upload: Upload) -> Tally | None:
    """Rows by what becomes of them as it is decided now; None when the trial kept none."""
    counts = row_log.counts(session, upload.id)
    return tally(counts) if counts else None


def profile_of(upload: Upload) -> Profile:
    """What was seen of the file. Raises NotFound when it is kept no longer."""
    if upload.profile is None:
        raise NotFound(m("The file of this import is kept no longer. Bring it again."))
    return upload.profile


def is_stale(result: Map[str, Any]) -> bool:
    """Whether the reader's rights are not those with which the trial was made."""
    return bool(result["rights"] != work.stamp(context.access(), context.catalog()))


def job_of(number: int | None) -> Job | None:
    """One's own job with this number."""
    return jobs.find(context.runtime().engine, number, context.session().actor_id) if number is not None else None


def running_job(upload: Upload) -> Job | None:
    """The job that goes on with the upload now."""
    return next((job for job in map(job_of, (upload.run_job, upload.trial_job)) if job is not None and not job.ended), None)


def result_of(number: int | None) -> Map[str, Any] | None:
    """What a job that is done has found."""
    job = job_of(number)
    return job.result if job is not None else None


def progress_of(job: Job) -> dict[str, Any]:
    """How far a job is, for the bar. Rows are checked first, which is the first half of the way; a trial goes no further."""
    half = job.total / 2
    checking = job.kind == work.TRIAL or job.done <= half
    done = min(job.total, 2 * job.done if checking else round(2 * (job.done - half)))
    whole = 2 * job.done if job.kind == work.TRIAL else job.done
    share = min(100.0, 100 * whole / job.total) if job.total else 0.0
    phase = {work.UNDO: "undoing", work.TRIAL: "trying"}.get(job.kind, "checking" if checking else "writing")
    told = {name: format_decimal(number, locale=current_language()) for name, number in (("done", done), ("all", job.total))}
    return {"phase": "waiting" if job.state == "queued" else phase, "share": round(share, 1), "total": job.total, **told}
