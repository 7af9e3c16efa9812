"""Asking for a trial, and the upload that may still be changed."""

from crm.admin_views.imports import work
from crm.admin_views.imports.access import Busy
from crm.admin_views.imports.answers import AT_ONCE, drop_error_file
from crm.admin_views.imports.page import profile_of, result_of, running_job
from crm.admin_views.kit import context
from crm.backoffice.entities import Entity
from crm.backoffice.exchange import uploads
from crm.backoffice.exchange.uploads import Upload
from crm.backoffice.guard import UserSession
from crm.backoffice.job_queue import execute
from crm.backoffice.jobs import enqueue
from crm.languages import current_language


def open_upload(session: UserSession, kind: Entity, key: str) -> Upload:
    """One's own upload that may still be changed. Raises NotFound; Conflict while it is being written or after."""
    upload = uploads.find(session, key, kind.key)
    if upload.batch is not None or (upload.run_job is not None and running_job(upload) is not None):
        raise Busy()
    profile_of(upload)
    return upload


def ask(session: UserSession, upload: Upload) -> Upload:
    """A trial of the mapping as it stands; of a short file it is done at once. Commits."""
    here = context.runtime()
    drop_error_file(result_of(upload.trial_job))
    job = enqueue(session, work.TRIAL, {"upload": upload.key, "language": current_language()})
    asked = uploads.change(session, upload, trial_job=job, trial_of=uploads.digest(upload.mapping), run_job=None)
    session.commit()
    if _is_short(upload):
        execute(here.engine, here.settings, context.catalog(), job)
    return asked


def ask_again(session: UserSession, upload: Upload) -> Upload:
    """After decisions: a trial anew of a short file, so that it shows what they change. Of a long one the numbers are counted. Commits."""
    if _is_short(upload):
        return ask(session, upload)
    session.commit()
    return upload


def _is_short(upload: Upload) -> bool:
    seen = upload.profile
    return seen is not None and seen.whole and seen.rows <= AT_ONCE
