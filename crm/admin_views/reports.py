"""Reports on the screen: the question as the title, parameters, a chart, the table with the same figures, and files of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import make_response, request
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict

import crm.reports  # noqa: F401 - completes the registry
from crm.admin_views import any_report_page, forecast_page, funnel_page, report_page, scorecard_page
from crm.admin_views.gate import OwnPage
from crm.admin_views.kit import context
from crm.admin_views.kit.conditions import words as condition_words
from crm.admin_views.kit.routing import route
from crm.admin_views.report_asking import Asking, asking
from crm.admin_views.report_chart import KINDS, chart, chart_words
from crm.admin_views.report_keeping import keeping, lines
from crm.admin_views.report_parts import WHOLE, Parts, allowed, of_page
from crm.admin_views.report_words import about, asked_words
from crm.backoffice.filling import header
from crm.backoffice.guard import UserSession
from crm.backoffice.kept_reports.shelf import kept_reports
from crm.backoffice.reports import CommonParams, Report, Table, all_reports, find, understood
from crm.backoffice.reports.output import as_csv, as_xlsx
from crm.errors import BadRequest, NotFound
from crm.messages import Label, m, render

GROUPS = {"any": Label("Усі записи", "All records"), "sales": Label("Продажі", "Sales"), "contacts": Label("Контакти", "Contacts")}
BESIDE = {  # what the screens of some reports show above and below their answer
    "forecast_slips": forecast_page.beside_slips, "funnel": funnel_page.beside, "manager_scorecard": scorecard_page.beside,
}
PARTS: Mapping[str, Parts] = {  # what is counted for itself and stands around the answer of some
    "forecast": forecast_page.parts_of_forecast, "forecast_months": forecast_page.parts_of_months, "funnel": funnel_page.parts,
}
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


class ReportsView(OwnPage):
    """`/report/` and `/report/<name>`."""

    at = "report"

    @route("/")
    def index(self) -> str:
        session, language = context.session(), context.reader().language
        groups: dict[str, list[dict[str, str]]] = {}
        for report in all_reports():
            if _allowed(session, report):
                line = {"url": f"/report/{report.name}", "label": report.label.text(language), "question": report.question.text(language), "icon": report.icon}
                groups.setdefault(GROUPS[report.group].text(language), []).append(line)
        kept = lines(session, kept_reports(session))
        return str(self.render("admin/report/index.html", groups=groups, kept=kept))

    @route("/<key>")
    def show(self, key: str) -> Response:
        session, reader = context.session(), context.reader()
        asked = _asked(find(key), session)
        report, params, table = asked.run(session)
        form = request.args.get("format", "")
        if form:
            file = _file(report, as_csv(table, reader.language, "label") if form == "csv" else as_xlsx(
                report, table, reader.language, about=about(session, report, params, table, current_user.name)), form)
            file.headers.update(header(table.unfinished))
            return file
        parts = of_page(PARTS[report.name], session, asked, params, request.args.get("parts", "")) if report.name in PARTS else []
        here = f"/report/{report.name}"
        own = any_report_page.CONTROLS if asked.report.shape is not None else None
        name = report.label.text(reader.language)
        title = asked.kept.label.text(reader.language) if asked.kept is not None else report.question.text(reader.language)
        return make_response(self.render(
            "admin/report/show.html", report=report, title=title, name=name, question=report.question.text(reader.language),
            controls=report_page.controls(report, params, {**asked.shown, **asked.words}, session, own), period=params.period, asked=asked,
            keeps={k: asked.words[k] for k in (*report_page.KEPT, "currency") if asked.words.get(k)}, unfiltered=asked.address(here, {"where": ""}),
            condition=condition_words(session, report.entity, asked.words["where"]) if asked.words.get("where") else "",
            files=[(f, asked.address(here, {"format": f})) for f in ("xlsx", "csv")], charts=charts(reader.language),
            keeping=keeping(session, asked), told=asked_words(session, report, params), parts=parts,
            whole=asked.address(here, {"parts": WHOLE}),
            beside=BESIDE[report.name](session, asked, params, table) if report.name in BESIDE else None, **answer(report, params, table, asked),
        ))

    @route("/<key>/<part>")
    def part(self, key: str, part: str) -> Response:
        """A part of a report's screen that is counted for itself: as it stands there for the page's script, for everybody else as a page of its own."""
        session, report = context.session(), find(key)
        if report.name not in PARTS:
            raise NotFound(m("The report has no such part."))
        asked = _asked(report, session)
        params = asked.understood(session)
        found = next((one for one in PARTS[report.name](session, asked, params, f"/report/{report.name}/{part}") if one.key == part), None)
        if found is None:
            raise NotFound(m("The report has no such part."))
        shown = found.counted()
        if request.headers.get("HX-Request") == "true":
            return make_response(self.render("admin/report/part.html", part=shown))
        own, name = find(shown.report), report.label.text(context.reader().language)
        told = asked_words(session, own, understood(own, session, shown.words))
        return make_response(self.render(
            "admin/report/part_page.html", part=shown, name=name, told=told, whole=asked.address(f"/report/{report.name}", {}),
        ))


def _asked(report: Report, session: UserSession) -> Asking:
    """What the address of the request asks of a report."""
    return replace(asking(report, session, address_of(request.args)), compare=request.args.get("compare", ""), since=request.args.get("since", ""))


def address_of(args: "MultiDict[str, str]") -> dict[str, str]:
    """The words of an address; several measures, as a form sends them, as one word."""
    return {key: ",".join(dict.fromkeys(filter(None, values))) if key == "measure" else values[0] for key, values in args.to_dict(flat=False).items()}


def charts(language: str) -> list[tuple[str, str]]:
    """What may be chosen of how a report is drawn."""
    return [("", render(m("as the report says"), language)), *((key, label.text(language)) for key, label in KINDS.items())]


def answer(report: Report, params: CommonParams, table: Table, asked: Asking) -> Mapping[str, Any]:
    """What the table and the chart of a report show (`report/answer.html`)."""
    reader = context.reader()
    drawn, shown = chart(table, reader, asked.chart), report_page.rows(report, table, reader)
    return {
        "heads": report_page.heads(table, params, reader, lambda change: asked.address(f"/report/{report.name}", change)), "rows": shown,
        "foot": report_page.totals(table, reader), "left": max(len(table.rows) - report_page.ROWS, 0), "number": len(table.rows),
        "notes": [render(note, reader.language) for note in table.notes], "chart": drawn, "chart_words": chart_words(drawn, table, reader) if drawn else "",
        "small": any(cell.small for row in shown for cell in row), "left_out": asked.left_out,
    }


def _allowed(session: UserSession, report: Report) -> bool:
    if report.shape is not None:
        return bool(any_report_page.entities(session))
    return allowed(session, report)


def _file(report: Report, content: str | bytes, form: str) -> Response:
    if form not in TYPES:
        raise BadRequest(m("A report comes as CSV or XLSX, not as “%(form)s”.", form=form[:20]))
    # A byte order mark tells spreadsheets that the file is UTF-8.
    sent = make_response(("\ufeff" + content).encode() if isinstance(content, str) else content)
    sent.headers["Content-Type"] = TYPES[form]
    sent.headers["Content-Disposition"] = f'attachment; filename="{report.name}.{form}"'
    return sent
