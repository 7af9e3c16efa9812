"""`/quality/`: how good the data are, a department a row, each figure with its records; and how it went day by day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import request

import crm.reports  # noqa: F401 - completes the registry
from crm.admin_views import report_page
from crm.admin_views.gate import OwnPage
from crm.admin_views.kit import context
from crm.admin_views.kit.form_fields import number_of
from crm.admin_views.kit.routing import route
from crm.backoffice.guard import UserSession
from crm.backoffice.quality.report import subjects
from crm.backoffice.quality.snapshots import trend
from crm.backoffice.quality.subject import Subject
from crm.backoffice.reports import Column, find, run
from crm.backoffice.reports.sight import sees, visible_columns
from crm.errors import Forbidden
from crm.messages import render


class QualityView(OwnPage):
    """The page."""

    at = "quality"

    @route("/")
    def index(self) -> str:
        """`?entity=` chooses the kind of records, `?measure=` and `?department=` what the trend is of: unless one is named, what is wrong most, of all."""
        session, reader = context.session(), context.reader()
        known = [subject for subject in subjects.values() if _reads(session, subject)]
        subject = next((s for s in known if s.entity == request.args.get("entity")), known[0] if known else None)
        tabs = [(session.catalog.entity(s.entity).plural.text(reader.language), f"/quality/?entity={s.entity}", s is subject) for s in known]
        if subject is None:
            return str(self.render("admin/quality.html", tabs=tabs, subject=None))
        report = find(subject.name)
        by = "department" if sees(session, subject.entity, "department") else ""
        _, table = run(report, session, {"by": by})
        counts = [column for column in table.measures if column.unit == "count" and column.key != "records"]
        usual = max(counts, key=lambda column: table.totals[column.key] or 0, default=None)
        chosen = next((c for c in counts if c.key == request.args.get("measure")), usual)
        departments = [(row["department_id"], row["department"]) for row in table.rows if row.get("department_id") and row.get("department")]
        department = number_of(request.args.get("department", ""))
        department = department if department in {number for number, _ in departments} else None
        days = trend(session, subject, chosen.key, department) if chosen is not None else []
        return str(self.render(
            "admin/quality.html", tabs=tabs, subject=subject,
            heads=[(c.label.text(reader.language), c.help.text(reader.language) if c.help else "", c.measure) for c in table.columns],
            rows=report_page.rows(report, table, reader), foot=report_page.totals(table, reader), number=len(table.rows),
            notes=[render(note, reader.language) for note in table.notes], whole=f"/report/{report.name}?by={by}",
            chart=_chart(chosen, days, reader.language) if chosen is not None and days else None,
            measures=[(c.key, c.label.text(reader.language), c is chosen) for c in counts], departments=departments, department=department,
        ))


def _reads(session: UserSession, subject: Subject) -> bool:
    try:
        visible_columns(session, subject.entity, find(subject.name).measures)
    except Forbidden:
        return False
    return True


def _chart(column: Column, days: Sequence[tuple[date, int]], language: str) -> dict[str, Any]:
    name = column.label.text(language)
    return {
        "title": name, "upright": True, "names": [str(format_date(day, "medium", locale=language)) for day, _ in days],
        "marks": [f"{day:%d.%m}" for day, _ in days], "note": None,
        "series": [{"name": name, "tone": "open", "values": [n for _, n in days], "texts": [str(format_decimal(n, locale=language)) for _, n in days]}],
    }
