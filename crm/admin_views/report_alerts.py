"""`/reports/alerts/`: what a person wants to hear of when a figure of a kept report crosses a value."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views import report_page
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.report_keeping import address
from crm.admin_views.report_texts import figure
from crm.backoffice.guard import UserSession
from crm.backoffice.kept_reports import alerts, shelf
from crm.backoffice.kept_reports.alerts import Alert
from crm.backoffice.reports import Table, find, shaped
from crm.backoffice.kept_reports.asks import for_reader
from crm.errors import BramaError, Invalid
from crm.messages import m, render

pages = Blueprint("report_alerts", __name__, url_prefix="/reports/alerts")
ROWS = 200  # that may be chosen


@dataclass(frozen=True)
class Line:
    """An alert in words; `now` the figure as its person sees it, "" where he may not see it any more."""

    id: int
    report: str
    url: str
    what: str
    now: str
    armed: bool


@pages.route("/")
def index() -> str:
    session = context.session()
    return render_template("admin/report/alerts.html", lines=[_line(session, one) for one in alerts.alerts(session)])


@pages.route("/new/", methods=["GET", "POST"])
def new() -> BaseResponse:
    """GET `?kept=`: the form. POST `kept`, `measure`, `place` (of a row, "" of the totals), `above` (1 or 0), `value`: a new alert. Raises NotFound."""
    session, form = context.session(), request.form
    kept = shelf.named(session, request.values.get("kept", ""))
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            place = form.get("place", "")
            at = int(place) if place.isascii() and place.isdecimal() and len(place) < 5 else None if not place else -1
            alerts.make(session, kept, form.get("measure", ""), at, form.get("above") == "1", alerts.number_of(form.get("value", "")))
            session.commit()
            flash(say(m("You are told when it happens; the figures are looked at every hour.")), "success")
            return redirect("/reports/alerts/", 303)
        except Invalid as wrong:
            errors = {key: render(why, session.reader.language) for key, why in wrong.fields.items()}
    table = alerts.answered(session, kept)
    language = session.reader.language
    page = render_template(
        "admin/report/alert_new.html", kept=kept, name=kept.label.text(language), errors=errors, form=form, back=address(kept),
        measures=[(column.key, column.label.text(language)) for column in table.measures], rows=_rows(session, kept, table),
    )
    return make_response(page, 422 if errors else 200)


@pages.route("/<int(min=1, max=2147483647):number>/remove", methods=["POST"])
def remove(number: int) -> BaseResponse:
    session = context.session()
    alerts.remove(session, number)
    session.commit()
    flash(say(m("The alert is removed.")), "success")
    return redirect("/reports/alerts/", 303)


def _rows(session: UserSession, kept: shelf.KeptReport, table: Table) -> list[tuple[int, str]]:
    """The rows that may be chosen, by what they are called."""
    if not table.dimensions:
        return []
    words, _ = for_reader(session.sight, kept.report, kept.asks)
    drawn = report_page.rows(shaped(find(kept.report), session, words), table, session.reader)[:ROWS]
    return [(place, " · ".join(cell.text for cell in row[: len(table.dimensions)])) for place, row in enumerate(drawn)]


def _line(session: UserSession, one: Alert) -> Line:
    language = session.reader.language
    kept = shelf.by_id(session, one.report_id)
    table: Table | None = None
    if kept is not None:
        try:
            table = alerts.answered(session, kept)
        except BramaError:
            table = None
    column = next((c for c in table.measures if c.key == one.measure), None) if table is not None else None
    if kept is None or table is None or column is None:
        return Line(one.id, say(m("a report that is not open to you")), "", "", "", one.armed)
    words: dict[str, Any] = {"measure": column.label, "value": figure(one.value, column, table, session.reader) if column.unit == "money" else f"{one.value:f}"}
    sentence = m("%(measure)s above %(value)s", **words) if one.above else m("%(measure)s below %(value)s", **words)
    at = next((place for place, row in enumerate(table.rows) if alerts.row_key(table, row) == dict(one.row)), None) if one.row else None
    named = dict(_rows(session, kept, table)).get(at, "") if at is not None else say(m("a row that is not there now") if one.row else m("in all"))
    now = figure(alerts.figure_of(table, one.measure, one.row), column, table, session.reader)
    return Line(one.id, kept.label.text(language), address(kept), f"{render(sentence, language)}, {named}", now, one.armed)
