"""Kept reports and dashboards by mail: asked for when their time has come, composed when they are sent, as their receiver may see them then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import current_app
from flask_mail import Message
from sqlalchemy import Engine, select

from crm.admin_views import report_page
from crm.admin_views.report_page import Cell
from crm.admin_views.report_words import about, asked_words
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import UserSession, system_session, user_session
from crm.backoffice.kept_reports import asks, schedules
from crm.backoffice.kept_reports.models import KeptReportRow
from crm.backoffice.kept_reports.schedules import FAILED, GONE, NO_RIGHT, SENT, TOPIC
from crm.backoffice.reports import find, run, shaped
from crm.backoffice.reports.output import as_xlsx
from crm.errors import BramaError, NotFound
from crm.extensions import mail
from crm.letters import dashboards
from crm.letters.sending import Receiver, letter, receiver
from crm.messages import Label, m, render
from crm.organization.calendar import works
from crm.permissions import access_for
from crm.runtime import Runtime

ROWS = 40  # in the letter; the workbook has all
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REPORT = KeptReportRow.__table__

__all__ = ["TOPIC", "ask", "compose", "send"]


@dataclass(frozen=True)
class Told:
    """What a letter tells."""

    name: str
    question: str
    asked: list[tuple[str, str]]
    heads: list[tuple[str, bool]]  # label, whether of a figure
    rows: list[list[Cell]]
    left: int
    notes: list[str]
    workbook: bytes
    page: str


def ask(engine: Engine, catalog: Catalog, now: datetime | None = None) -> int:
    """Ask for the letters whose time has come; how many."""
    moment = now or datetime.now(UTC)
    with engine.connect() as connection:
        due = schedules.TABLE.c
        if connection.execute(select(due.id).where(due.due_at <= moment, due.paused.is_(False)).limit(1)).first() is None:
            return 0
    with system_session(engine, "reports whose time has come", catalog, write=True, source="job") as session:
        posted = schedules.post_due(session, moment, works(catalog))
        session.commit()
    return posted


def send(payload: Mapping[str, Any]) -> None:
    """Sends a letter that was asked for. Nothing goes to whoever has left, has stopped it or may not see the report, nor in the name of an owner who has left;
    what became of it stands with the schedule. One that was begun and not finished is not sent again."""
    runtime: Runtime = current_app.extensions["brama"]
    catalog = runtime.refresh()
    number, person, slot = int(payload["schedule"]), int(payload["user"]), str(payload["slot"])
    with system_session(runtime.engine, "a report by mail", catalog, write=True, source="job") as session:
        row = schedules.begin(session, number, person, slot)
        kept = session.execute(select(REPORT).where(REPORT.c.id == row.report_id)).first() if row is not None else None
        session.commit()
    if row is None or (kept is None and row.dashboard is None):
        return
    outcome = FAILED
    try:
        outcome = _send(runtime, catalog, number, person, row.owner_id, kept if row.dashboard is None else str(row.dashboard))
    finally:
        if slot != "now":
            with system_session(runtime.engine, "what became of a report by mail", catalog, write=True, source="job") as session:
                schedules.note(session, number, person, outcome)
                session.commit()


def _send(runtime: Runtime, catalog: Catalog, number: int, person: int, owner: int, kept: Any) -> str:
    """`kept`: the row of a kept report, or which dashboard."""
    to = receiver(runtime, catalog, person)
    try:
        sender = access_for(runtime.engine, owner, catalog)
    except NotFound:
        return GONE  # nobody sends it any more
    if to is None:
        return GONE
    stop = f"{runtime.settings.address}/reports/schedules/{number}/stop/"
    if isinstance(kept, str):
        return dashboards.send(runtime, catalog, to, sender, kept, stop)
    shared = catalog.reports.get(kept.key) if kept.key else None
    if kept.key and (shared is None or not shared.is_for(to.access)):
        return NO_RIGHT
    try:
        with user_session(runtime.engine, to.access, catalog, source="job", reader=catalog.reader(to.language)) as own:
            told = _told(own, to, kept, runtime.settings.address)
    except BramaError:
        return NO_RIGHT
    mail.send(compose(to, told, catalog.company.name or "Brama", stop))
    return SENT


def _told(session: UserSession, to: Receiver, kept: Any, address: str) -> Told:
    """The report as its receiver sees it. Raises as running it does."""
    words, _ = asks.for_reader(session.sight, kept.report, kept.asks)
    report = shaped(find(kept.report), session, words)
    params, table = run(report, session, words)
    reader, language = session.reader, to.language
    heads = [(one.label, bool(one.css)) for one in report_page.heads(table, params, reader, lambda change: "")]
    rows = report_page.rows(report, table, reader)[:ROWS]
    foot = [report_page.totals(table, reader)] if len(table.rows) > 1 else []
    said = about(session, report, params, table, to.name)
    name = Label(kept.label_uk, kept.label_en).text(language)
    notes = [render(one, language) for one in table.notes]
    # What is the sender's own another opens by what it asks.
    here = {"kept": kept.key or kept.id} if kept.key or kept.owner_id == session.actor_id else words
    return Told(
        name, report.question.text(language), asked_words(session, report, params), heads, [*rows, *foot], len(table.rows) - len(rows), notes,
        as_xlsx(report, table, language, about=said), f"{address}/report/{kept.report}?{urlencode(here)}",
    )


def compose(to: Receiver, told: Told, company: str, stop: str) -> Message:
    """The letter in its reader's language: the table as text and HTML, the whole as a workbook, and the way to get no more of them."""
    made = letter("report", to.language, to.email, m("Report “%(report)s”", report=told.name), {
        "name": to.name, "company": company, "told": told, "stop": stop, "link": told.page,
    })
    made.attach("report.xlsx", XLSX, told.workbook)
    return made


