"""Kept files that nothing refers to: sent with a form that was refused or never saved, or left by a process that died. Swept every day.

A file is in use while a record holds it, the journal tells of it (an undo may bring it back) or an import is to be read from it. A form may still
save what it sent within a day (`kit/uploading.py`), so younger files are left alone.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Text, cast, select

from crm.backoffice import files
from crm.backoffice.daily import daily
from crm.backoffice.custom.everything import every_table
from crm.backoffice.exchange.uploads import TABLE as UPLOADS
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.jobs import Work, job
from crm.backoffice.journal import JournalRow
from crm.backoffice.types import FileRef, KeptFile

JOB = "lost_files"
AGE = 25 * 3600  # seconds: an hour more than a form may still refer to what it sent
JOURNAL = JournalRow.__table__
NAMED = re.compile(rf'"({files.KEY.pattern})"')


@job(JOB)
def run(work: Work) -> Mapping[str, Any]:
    with system_session(work.engine, "files that nothing refers to", work.catalog, source="job") as session:
        return {"removed": sweep(session, work.settings.files)}


daily(JOB)


def sweep(session: DataSession, folder: Path) -> int:
    """Remove the files of `folder` that nothing has referred to for a day, and drafts of files that were never whole; how many."""
    old = {path for path in folder.glob("??/*") if path.is_file() and _is_ours(path) and path.stat().st_mtime < time.time() - AGE}
    left = {path.name: path for path in old if path.suffix == ""}
    for key in _in_use(session) if left else ():
        left.pop(key, None)
    for path in [*left.values(), *(path for path in old if path.suffix)]:
        path.unlink(missing_ok=True)
    return len(left) + sum(1 for path in old if path.suffix)


def _is_ours(path: Path) -> bool:
    return path.suffix in ("", ".part") and bool(files.KEY.fullmatch(path.stem)) and path.parent.name == path.stem[:2]


def _in_use(session: DataSession) -> Iterator[str]:
    """The keys of all files that something refers to: records, those of the recycle bin and fields that were retired too, the past, and imports."""
    yield from session.kernel(select(UPLOADS.c.file_key).where(UPLOADS.c.file_key != "")).scalars()
    for table in every_table(session.connection()):
        columns = [column for column in table.columns if isinstance(column.type, KeptFile)]
        for row in session.kernel(select(*columns).execution_options(yield_per=2000)) if columns else ():
            yield from (key for ref in row if isinstance(ref, FileRef) for key in (ref.key, ref.small) if key)
    past = select(JOURNAL.c.changes).where(cast(JOURNAL.c.changes, Text).contains('"sha256"', autoescape=True)).execution_options(yield_per=2000)
    for changes in session.kernel(past).scalars():
        yield from NAMED.findall(json.dumps(changes))
