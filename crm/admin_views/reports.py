"""Reports on the screen: the question as the title, parameters, a chart, the table with the same figures, and files of it."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import make_response, request
from flask.wrappers import Response

import crm.reports  # noqa: F401 - completes the registry
from crm.admin_views import any_report_page, report_page
from crm.admin_views.gate import OwnPage
from crm.admin_views.kit import context
from crm.admin_views.kit.routing import route
from crm.backoffice.filling import header
from crm.backoffice.guard import UserSession
from crm.backoffice.reports import Report, all_reports, described, find, run, shaped
from crm.backoffice.reports.output import as_csv, as_xlsx
from crm.backoffice.reports.sight import sees, visible_columns
from crm.errors import BadRequest, Forbidden
from crm.messages import Label, m, render

GROUPS = {"any": Label("Усі записи", "All records"), "sales": Label("Продажі", "Sales"), "contacts": Label("Контакти", "Contacts")}
BESIDE = ("lang", "format", "from", "to")  # what an address may hold beside the report's own parameters
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
        return str(self.render("admin/report/index.html", groups=groups))

    @route("/<key>")
    def show(self, key: str) -> Response:
        report = find(key)
        session, reader = context.session(), context.reader()
        args = {k: v for k, v in request.args.to_dict().items() if k not in BESIDE}
        if report.shape is not None:
            args = any_report_page.completed(session, args)
        asked = _asked(report, session, args)
        own = any_report_page.CONTROLS if report.shape is not None else None
        report = shaped(report, session, asked)
        params, table = run(report, session, asked)
        form = request.args.get("format", "")
        if form:
            file = _file(report, as_csv(table, reader.language, "label") if form == "csv" else as_xlsx(report, table, reader.language), form)
            file.headers.update(header(table.unfinished))
            return file

        def address(change: Mapping[str, str]) -> str:
            kept = {k: v for k, v in {**args, "period": asked.get("period", ""), "by": ",".join(params.by), **change}.items() if v or k == "by"}
            return f"/report/{report.name}?{urlencode(kept)}"

        drawn, lines = report_page.chart(table, reader), report_page.rows(report, table, reader)
        return make_response(self.render(
            "admin/report/show.html", report=report, title=report.question.text(reader.language), name=report.label.text(reader.language),
            heads=report_page.heads(table, params, reader, address), rows=lines, foot=report_page.totals(table, reader),
            left=max(len(table.rows) - report_page.ROWS, 0), number=len(table.rows), notes=[render(note, reader.language) for note in table.notes],
            controls=report_page.controls(report, params, {**args, **asked}, session, own), period=params.period,
            kept={k: asked[k] for k in (*report_page.KEPT, "currency") if asked.get(k)}, unfiltered=address({"where": ""}), chart=drawn,
            chart_words=report_page.chart_words(drawn, table, reader) if drawn else "", files=[(f, address({"format": f})) for f in ("xlsx", "csv")],
            small=any(cell.small for row in lines for cell in row),
        ))


def _allowed(session: UserSession, report: Report) -> bool:
    if report.shape is not None:
        return bool(any_report_page.entities(session))
    try:
        visible_columns(session, report.entity, report.measures)
    except Forbidden:
        return False
    return True


def _asked(report: Report, session: UserSession, args: Mapping[str, str]) -> dict[str, str]:
    """The parameters of the address; without any those the report opens with, as far as this reader may use them."""
    known = described(report.params)
    asked: dict[str, str] = {}
    for key, value in args.items():
        bare = key.removesuffix("_id")
        picked = bare != key and bare in known and known[bare].kind in ("record", "branch")
        asked[bare if picked else key] = f"id:{value}" if picked and value.isdecimal() else value
    first, last = (request.args.get(k, "") for k in ("from", "to"))
    if asked.get("period") == "own":
        asked["period"] = f"{first}..{last}" if first and last else ""
    if not args:
        asked |= _opening(report, session)
    for name, parameter in known.items():
        if parameter.choices is not None and not asked.get(name):  # a control stands at its first choice
            asked[name] = next(iter(parameter.choices(session)), "")
    return asked


def _opening(report: Report, session: UserSession) -> Mapping[str, str]:
    by = report.opening.get("by", "")
    paths = [d.path for d in report.dimensions if d.key in by.split(",")]
    if all(sees(session, report.entity, path) for path in paths):
        return report.opening
    return {k: v for k, v in report.opening.items() if k != "by"}


def _file(report: Report, content: str | bytes, form: str) -> Response:
    if form not in TYPES:
        raise BadRequest(m("A report comes as CSV or XLSX, not as “%(form)s”.", form=form[:20]))
    # A byte order mark tells spreadsheets that the file is UTF-8.
    answer = make_response(("\ufeff" + content).encode() if isinstance(content, str) else content)
    answer.headers["Content-Type"] = TYPES[form]
    answer.headers["Content-Disposition"] = f'attachment; filename="{report.name}.{form}"'
    return answer


