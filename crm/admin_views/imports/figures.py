"""`/imports/<batch>/figures`: the figures of the file, or of all files of its source, beside those of the records they became, with what differs."""

from collections.abc import Mapping as Map, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request

from crm.admin_views.imports import past, work
from crm.admin_views.imports.access import find_batch
from crm.admin_views.imports.answers import AT_ONCE, Answer, ended
from crm.admin_views.imports.page import is_stale, job_of, progress_of
from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.cells import text_formatter
from crm.backoffice.entities import Entity
from crm.backoffice.exchange import uploads
from crm.backoffice.exchange.uploads import Upload
from crm.backoffice.guard import UserSession
from crm.backoffice.job_queue import execute
from crm.backoffice.jobs import enqueue
from crm.errors import NotFound
from crm.messages import m

pages = Blueprint("import_figures", __name__, url_prefix="/imports")


@dataclass(frozen=True)
class Line:
    """One figure: what it is of, there and here, and by how much they differ ("" when they do not)."""

    label: str
    there: str
    here: str
    differs: str


@dataclass(frozen=True)
class Differing:
    """A row whose record is not as the file says: the record, and in which fields."""

    row: int
    title: str
    url: str
    fields: str


@dataclass(frozen=True)
class FileLine:
    """One of several files: its import, how many of its rows count, how many of their records are here and how many have changed."""

    name: str
    url: str
    rows: int
    found: int
    absent: int
    changed: int
    missing: str
    differing: list[Differing]


@pages.get("/<batch>/figures")
def show(batch: str) -> Answer:
    session = context.session()
    kind, upload = _own(session, batch)
    job = job_of(upload.figures_job)
    result = job.result if job is not None and job.ended else None
    fresh = result is not None and not is_stale(result)
    return render_template(
        "admin/import/figures.html", entity=kind, file_name=upload.file_name, base=f"/imports/{batch}/", url=f"/imports/{batch}/figures/state",
        progress=progress_of(job) if job is not None and not job.ended else None,
        several=len(uploads.of_source(session, upload)), fault=say(job.error) if job is not None and job.error is not None else "",
        result=result if fresh else None, **(_parts(session, kind, result) if fresh and result is not None else {}),
    )


@pages.post("/<batch>/figures")
def count(batch: str) -> Answer:
    """Compare the file, or with `whole` all of its source, with the records anew; short ones at once."""
    session, here = context.session(), context.runtime()
    _, upload = _own(session, batch)
    several = uploads.of_source(session, upload) if request.form.get("whole") else [upload]
    job = enqueue(session, work.FIGURES, {"upload": upload.key, "whole": bool(request.form.get("whole"))})
    uploads.change(session, upload, figures_job=job)
    session.commit()
    seen = [one.profile for one in several if one.profile is not None]
    if all(one.whole for one in seen) and sum(one.rows for one in seen) <= AT_ONCE:
        execute(here.engine, here.settings, context.catalog(), job)
    return redirect(f"/imports/{batch}/figures", 303)


@pages.get("/<batch>/figures/state")
def state(batch: str) -> Answer:
    _, upload = _own(context.session(), batch)
    job = job_of(upload.figures_job)
    if job is None or job.ended:
        return ended()
    return render_template("admin/import/progress.html", **progress_of(job), url=f"/imports/{batch}/figures/state")


def _own(session: UserSession, batch: str) -> tuple[Entity, Upload]:
    """One's own import whose file is still there. Raises NotFound, alike for another's and for none."""
    row = find_batch(session, batch, context.access())
    upload = uploads.of_batch(session, batch)
    kind = session.catalog.entities.get(str(row["entity"]))
    if upload is None or upload.profile is None or kind is None or past.past(session, [row])[0].state != "done":
        raise NotFound(m("There is no such import."))
    return kind, upload


def _parts(session: UserSession, kind: Entity, result: Map[str, Any]) -> dict[str, Any]:
    reader = context.reader()
    seen = set(session.sight.readable(kind.key))
    sums = [_sum(session, kind, *row) for row in result["sums"] if row[0] in seen]
    groups = [(kind.fields[key].label.text(reader.language), _group(session, kind, key, rows)) for key, rows in result["groups"].items() if key in seen]
    titles = lookup.titles(session, kind, {one["record"] for told in result["files"] for one in told["differing"]})

    def differing(told: Map[str, Any]) -> list[Differing]:
        return [
            Differing(one["row"], titles[one["record"]], f"/{kind.key}/{one['record']}/",
                      ", ".join(kind.fields[key].label.text(reader.language) for key in one["fields"] if key in seen))
            for one in told["differing"] if one["record"] in titles
        ]

    lines = [
        FileLine(told["name"], f"/imports/{told['batch']}/", told["rows"], told["found"], told["absent_count"], told["differing_count"],
                 ", ".join(map(str, told["absent"])), differing(told))
        for told in result["files"]
    ]
    return {"sums": sums, "groups": groups, "files": lines, "agrees": not result["absent_count"] and not result["differing_count"]}


def _sum(session: UserSession, kind: Entity, key: str, currency: Any, there: str, here: str) -> Line:
    reader = context.reader()
    sign = text_formatter(kind.fields["currency"], reader)(currency) if currency is not None and "currency" in kind.fields else ""
    show = text_formatter(kind.fields[key], reader)
    label = f"{kind.fields[key].label.text(reader.language)}, {sign}" if sign else kind.fields[key].label.text(reader.language)
    return _line(label, Decimal(there), Decimal(here), show)


def _group(session: UserSession, kind: Entity, key: str, rows: Sequence[Sequence[Any]]) -> list[tuple[Line, Line]]:
    """By value: the number of rows, and the sum of their first amount."""
    reader, spec = context.reader(), kind.fields[key]
    configured = session.catalog.configured.get(spec.target or "")
    ids = {row[0] for row in rows if isinstance(row[0], int)}
    if configured is not None:
        names = {number: configured[number].label.text(reader.language) for number in ids if number in configured}
    else:
        names = lookup.titles(session, session.catalog.entity(str(spec.target)), ids)
    found = []
    for value, there, sum_there, here, sum_here in rows:
        name = names.get(value, "•") if value is not None else say(m("empty"))
        found.append((_line(name, Decimal(there), Decimal(here), str), _line(name, Decimal(sum_there), Decimal(sum_here), _plain)))
    return found


def _line(label: str, there: Decimal, here: Decimal, show: Any) -> Line:
    difference = here - there
    return Line(label, show(there), show(here), f"{'+' if difference > 0 else '−'}{show(abs(difference))}" if difference else "")


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():,f}".replace(",", "\u00a0") if amount else ""
