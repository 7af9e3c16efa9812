"""Imports of the past as the list and the page of one show them."""

import json
from collections.abc import Mapping as Map, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from crm.admin_views.imports.trial import Slice, bar, related, spoken
from crm.admin_views.imports.work import RUN
from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import say
from crm.backoffice import jobs
from crm.backoffice.exchange import uploads
from crm.backoffice.exchange.batches import COUNTS
from crm.backoffice.exchange.uploads import Upload
from crm.backoffice.guard import UserSession
from crm.messages import Message, m

SILENT = timedelta(seconds=60)  # after so long without a step an import of the command line has been interrupted
STATES: dict[str, tuple[Message, str]] = {
    "done": (m("done"), "won"), "undone": (m("taken back"), "grey"), "failed": (m("nothing written"), "lost"), "running": (m("running"), "acc"),
    "interrupted": (m("interrupted"), "warn"), "undoing": (m("being taken back"), "acc"),
}


@dataclass(frozen=True)
class PastImport:
    """One import: what, whose, when, what came of it."""

    key: str
    url: str
    file_name: str
    entity: str
    who: str
    when: str
    state: str
    state_words: str
    tone: str
    created: int
    updated: int
    unchanged: int
    failed: int
    mine: bool
    bar: list[Slice]
    spoken: str
    related: list[tuple[str, int]]
    error_file: bool
    undo_job: int | None


@dataclass(frozen=True)
class Started:
    """An upload that became no import yet."""

    url: str
    file_name: str
    entity: str
    when: str
    words: str
    tone: str


def past(session: UserSession, rows: Sequence[Map[str, Any]]) -> list[PastImport]:
    """Rows of the log in the reader's words. Names of people only as far as he may know them."""
    people = {row["actor_id"] for row in rows if row["actor_id"] is not None}
    names = lookup.titles(session, session.catalog.entity("user"), people)
    silent = {row["upload_key"] for row in rows if row["state"] == "running" and row["upload_key"] is not None}
    going = uploads.at_work(session, silent) if silent else set()
    return [_past(session, row, names, going) for row in rows]


def _past(session: UserSession, row: Map[str, Any], names: Map[int, str], going: Set[str]) -> PastImport:
    reader = context.reader()
    state = row["state"]
    if state == "running" and row["upload_key"] not in going and (row["upload_key"] is not None or datetime.now(UTC) - row["moved_at"] > SILENT):
        state = "interrupted"
    words, tone = STATES[state]
    counts = {key: int(row["counts"].get(key, 0)) for key in ("created", "updated", "unchanged", "failed")}
    kind = session.catalog.entities.get(row["entity"])
    mine = row["actor_id"] == session.actor_id
    moment = session.catalog.entity("user").fields["created_at"].formatter(reader)
    who = names.get(row["actor_id"], "") if row["actor_id"] is not None else say(m("command line"))
    return PastImport(
        row["key"], f"/imports/{row['key']}/", row["file_name"], kind.plural.text(reader.language) if kind is not None else row["entity"], who,
        moment(row["started_at"]), state, say(words), tone, **counts, mine=mine, bar=bar(*counts.values()), spoken=spoken(*counts.values()),
        related=related(row["counts"].get("related", {}), session.catalog, reader),
        error_file=bool(row["error_file"]) and (mine or bool(session.access and session.access.unlimited)), undo_job=row["undo_job_id"],
    )


def done(row: Map[str, Any]) -> int:
    """Rows of the file that an import has gone through."""
    return sum(int(row["counts"].get(key, 0)) for key in COUNTS)


def started(session: UserSession, several: Sequence[Upload]) -> list[Started]:
    """One's own uploads that wait for something."""
    moment = session.catalog.entity("user").fields["created_at"].formatter(context.reader())
    found = []
    for upload in several:
        kind = session.catalog.entities.get(upload.entity)
        if kind is not None:
            words, tone = _waits_for(upload)
            title = kind.plural.text(context.reader().language)
            found.append(Started(f"/{upload.entity}/import/{upload.key}/", upload.file_name, title, moment(upload.moved_at), say(words), tone))
    return found


def _waits_for(upload: Upload) -> tuple[Message, str]:
    if upload.run_job is None:
        return m("not written yet"), "grey"
    job = jobs.find(context.runtime().engine, upload.run_job, upload.made_by)
    if job.ended:
        return m("refused"), "lost"
    return (m("running"), "acc") if job.kind == RUN else (m("being tried"), "acc")


def records_url(session: UserSession, row: Map[str, Any]) -> str | None:
    """The list of what this import wrote and nobody has changed since: one's own changes in the time it took."""
    usable = session.sight.filterable(row["entity"])
    kind = session.catalog.entity(row["entity"])
    if not {"updated_at", "updated_by"} <= set(usable) or row["actor_id"] != session.actor_id or not kind.is_record:
        return None
    edges = (row["started_at"], row["moved_at"] + timedelta(seconds=1))
    span = [edge.astimezone(UTC).isoformat(timespec="seconds") for edge in edges]
    where = {"all": [{"field": "updated_by", "op": "eq", "value": "@me"}, {"field": "updated_at", "op": "between", "value": span}]}
    return f"/{row['entity']}/?{urlencode({'where': json.dumps(where, separators=(',', ':'))})}"
