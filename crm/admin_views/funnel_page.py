"""What the funnel shows beside its table: velocity with its parts, people, units, periods or pipelines side by side, why deals were lost, what has changed."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from crm.admin_views.funnel_compared import SUMMARY, Summaries, compared, head, interval
from crm.admin_views.report_asking import Asking
from crm.admin_views.report_page import Cell, figure_cell
from crm.admin_views.report_parts import Part
from crm.admin_views.report_texts import option_text
from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import UserSession
from crm.backoffice.reports import Column, CommonParams, Table, described, find, run
from crm.errors import BadRequest
from crm.messages import Label, m, render
from crm.sales.funnel.changes import KINDS

REASONS, CHANGES = "funnel_reasons", "funnel_changes"
SINCE: Mapping[str, Label] = {
    "this_week": Label("з понеділка", "since Monday"), "last_7_days": Label("за 7 днів", "in 7 days"), "last_30_days": Label("за 30 днів", "in 30 days"),
    "this_quarter": Label("за цей квартал", "in this quarter"),
}
MODES: Mapping[str, Label] = {
    "cohort": Label("Когорта: угоди, що потрапили у воронку за період, і все, що з ними сталося дотепер.",
                    "Cohort: the deals that entered the pipeline in the period, and all that has become of them since."),
    "snapshot": Label("Знімок: де стояли угоди наприкінці періоду; коли вони ввійшли, не важить.",
                      "Snapshot: where deals stood when the period ended, whenever they had entered."),
    "flow": Label("Потік: лише переходи, що сталися за період, хай коли почалась угода.",
                  "Flow: the moves that happened in the period alone, whenever the deal began."),
}
KEY_FIGURES = ("velocity", "open", "win_rate", "average_won", "cycle_days", "won_rate", "skipped", "returned", "reopened")


def beside(session: UserSession, asked: Asking, _params: CommonParams, _table: Table) -> dict[str, Any]:
    """What the template `funnel_above` shows."""
    return {"above": "admin/report/funnel_above.html", "below": "", "mode": MODES[asked.words.get("mode") or "cohort"].text(session.reader.language)}


def parts(session: UserSession, asked: Asking, params: CommonParams, at: str) -> list[Part]:
    """What stands around the table and asks statements of its own."""
    words = {key: text for key, text in asked.words.items() if key not in ("by", "sort")}
    summaries, language = Summaries(session, words), session.reader.language
    figures = Part(
        "figures", render(m("Key figures"), language), SUMMARY, words, "admin/report/funnel_figures.html", lambda: _key_figures(summaries), above=True,
        rows=len(KEY_FIGURES),
    )
    reasons = Part(
        "reasons", render(m("Why deals were lost, by stage"), language), REASONS, words, "admin/report/funnel_reasons.html", lambda: _reasons(session, words),
        rows=5,
    )
    return [figures, compared(session, asked, params, summaries, at), reasons, _changes(session, asked, words, at)]


def _key_figures(summaries: Summaries) -> dict[str, Any]:
    table, reader = summaries.of(), summaries.session.reader
    columns = {column.key: column for column in table.measures}
    return {"key_figures": [_key_figure(table, columns[key], reader) for key in KEY_FIGURES if key in columns]}


def _key_figure(table: Table, column: Column, reader: Reader) -> dict[str, Any]:
    low, high = {"win_rate": ("win_low", "win_high"), "won_rate": ("won_low", "won_high")}.get(column.key, ("", ""))
    between = interval(table, table.totals, low, high, column.key, reader) if low in table.totals else None
    return {
        "label": head(column, table, reader), "help": column.help.text(reader.language) if column.help else "",
        "cell": figure_cell(table, None, table.totals, column, reader), "interval": between.text if between else "", "main": column.key == "velocity",
    }


def _reasons(session: UserSession, words: Mapping[str, str]) -> dict[str, Any]:
    """Stages down, reasons across, the most frequent first."""
    table = run(find(REASONS), session, words)[1]
    reader, known = session.reader, {c.key: c for c in table.columns}
    totals: dict[Any, int] = {}
    for row in table.rows:
        totals[row["loss_reason"]] = totals.get(row["loss_reason"], 0) + row["lost"]
    reasons = sorted(totals, key=lambda reason: (-totals[reason], reason or ""))
    stages: dict[int, dict[Any, Cell]] = {}
    for row in table.rows:
        stages.setdefault(row["stage_id"], {})[row["loss_reason"]] = figure_cell(table, row, row, known["lost"], reader)
    configured = session.catalog.configured["stage"]
    return {
        "heads": [option_text(known["loss_reason"], reason, reader) if reason else render(m("not set"), reader.language) for reason in reasons],
        "rows": [(configured[number].label.text(reader.language), [found.get(reason) for reason in reasons]) for number, found in stages.items()],
    }


def _changes(session: UserSession, asked: Asking, words: Mapping[str, str], at: str) -> Part:
    """What has become of the pipeline since a day. Raises BadRequest for one that is none of the choices."""
    since = asked.since or next(iter(SINCE))
    if since not in SINCE:
        raise BadRequest(m("Changes are shown since one of %(known)s.", known=", ".join(SINCE)))
    report, language = find(CHANGES), session.reader.language
    own = {key: text for key, text in words.items() if key in described(report.params)} | {"period": since}
    choices = [(asked.address(at, {"since": key}), label.text(language), key == since) for key, label in SINCE.items()]
    return Part(
        "changes", render(m("What has changed"), language), CHANGES, own, "admin/report/funnel_changes.html", lambda: _changed(session, own), rows=len(KINDS),
        choosing=render(m("Since when"), language), choices=choices,
        further=[(f"/report/{CHANGES}?{urlencode(own)}", render(m("own dates and cuts…"), language))],
    )


def _changed(session: UserSession, words: Mapping[str, str]) -> dict[str, Any]:
    table, reader = run(find(CHANGES), session, words)[1], session.reader
    change, columns = next(c for c in table.columns if c.key == "change"), table.measures
    return {
        "heads": [head(column, table, reader) for column in columns],
        "rows": [
            (option_text(change, row["change"], reader), [figure_cell(table, row, row, column, reader) for column in columns]) for row in table.rows
        ],
        "notes": [render(note, reader.language) for note in table.notes],
    }
