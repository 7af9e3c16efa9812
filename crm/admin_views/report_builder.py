"""`/reports/`: the screen on which a report is put together with what it shows beside it, and what is done with kept reports."""

from typing import Any

from flask import make_response, redirect, request
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views import any_report_page, report_keeping, report_page
from crm.admin_views.gate import OwnPage
from crm.admin_views.kit import context
from crm.admin_views.kit.conditions import names_known
from crm.admin_views.kit.routing import route
from crm.admin_views.report_asking import Asking, asking
from crm.admin_views.report_page import Control
from crm.admin_views.reports import address_of, answer, charts
from crm.backoffice.guard import UserSession
from crm.backoffice.reports import CommonParams, Report, Table, find
from crm.backoffice.reports.any_entity import FUNCTIONS, MEASURES, addable, functions
from crm.backoffice.reports.measured import COUNT
from crm.errors import BramaError, Forbidden
from crm.messages import m, render

ANY = "records"


class ReportBuilderView(OwnPage):
    """The builder and the shelf of kept reports."""

    at = "reports"

    @route("/")
    def index(self) -> BaseResponse:
        return redirect("/report/")

    @route("/new/")
    def new(self) -> str:
        """What the address asks, as a form, with its answer beside it; `?kept=12` opens a kept report over any entity. Raises as the report does."""
        session, language = context.session(), context.reader().language
        if not any_report_page.entities(session):
            raise Forbidden()
        asked = asking(find(ANY), session, address_of(request.args))
        report, params, table = asked.run(session)
        return str(self.render(
            "admin/report/builder.html", report=report, asked=asked, form=_form(session, report, params, asked), charts=charts(language)[1:],
            measures=_measures(session, report), chosen=[column.key for column in params.shown], most=MEASURES,
            period=params.period, where=asked.words.get("where", ""), names=names_known(session, report.entity, asked.words.get("where", "")),
            keeps={key: asked.words[key] for key in ("search", "time_zone", "currency") if asked.words.get(key)},
            keeping=report_keeping.keeping(session, asked), **_answer(report, params, table, asked),
        ))

    @route("/new/preview")
    def preview(self) -> Response:
        """The answer alone, for the script of the builder; a refusal as a sentence in its place, with its status."""
        session = context.session()
        try:
            asked = asking(find(ANY), session, address_of(request.args))
            report, params, table = asked.run(session)
        except BramaError as refused:
            sentence = render(refused.message, context.reader().language)
            return make_response(self.render("admin/report/refused.html", sentence=sentence), refused.status)
        return make_response(self.render("admin/report/preview.html", title=report.question.text(context.reader().language),
                                         name=report.label.text(context.reader().language), **_answer(report, params, table, asked)))

    @route("/kept", "POST")
    def keep(self) -> BaseResponse:
        return report_keeping.keep()

    @route("/kept/<kept>", "POST")
    def change(self, kept: str) -> BaseResponse:
        return report_keeping.change(kept)

    @route("/kept/<kept>/remove", "POST")
    def remove(self, kept: str) -> BaseResponse:
        return report_keeping.remove(kept)

    @route("/kept/<kept>/share", "GET", "POST")
    def share(self, kept: str) -> BaseResponse:
        found = report_keeping.share(kept)
        return found if isinstance(found, BaseResponse) else make_response(self.render("admin/report/share.html", **found[0]), found[1])


def _answer(report: Report, params: CommonParams, table: Table, asked: Asking) -> dict[str, Any]:
    # Heads sort by the builder's own control: here they would lead away from what is being made.
    return {**answer(report, params, table, asked), "still": True, "orders": _orders(table, context.reader().language)}


def _form(session: UserSession, report: Report, params: CommonParams, asked: Asking) -> dict[str, list[Control]]:
    """The controls by where they stand: `of` which records, how they are `split`, `when` they are dated, and what `narrows` them."""
    every = report_page.controls(report, params, {**asked.shown, **asked.words}, session, any_report_page.IN_BUILDER)
    places = {"entity": "of", "by": "split", "and_by": "split", "period": "when", "date": "when"}
    found: dict[str, list[Control]] = {"of": [], "split": [], "when": [], "narrows": []}
    for control in every:
        found[places.get(control.name, "narrows")].append(control)
    return found


def _measures(session: UserSession, report: Report) -> list[tuple[str, str]]:
    """The measures that may be chosen: the number, and what can be worked out of each field."""
    language = session.reader.language
    found = [(COUNT, render(m("Number of records"), language))]
    for spec in addable(session, session.catalog.entity(report.entity)):
        found += [(f"{name}:{spec.key}", f"{spec.label.text(language)}: {FUNCTIONS[name].text(language)}") for name in functions(spec)]
    return found


def _orders(table: Table, language: str) -> list[tuple[str, str]]:
    """The orders in which rows may stand."""
    found = [("", render(m("the usual order"), language))]
    for column in table.columns:
        label = column.label.text(language)
        if column.measure:
            found.append((f"-{column.key}", render(m("%(column)s, largest first", column=label), language)))
            found.append((column.key, render(m("%(column)s, least first", column=label), language)))
        else:
            found.append((column.key, render(m("%(column)s, in its order", column=label), language)))
            found.append((f"-{column.key}", render(m("%(column)s, the other way round", column=label), language)))
    return found
