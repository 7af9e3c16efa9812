"""What the funnel shows beside its table: velocity with its parts, people, units, periods or pipelines side by side, why deals were lost, what has changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from crm.admin_views.kit.cells import currency_sign
from crm.admin_views.report_asking import Asking
from crm.admin_views.report_texts import figure, option_text
from crm.admin_views.report_page import SMALL, Cell, figure_cell
from crm.admin_views.report_words import period_words
from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import UserSession
from crm.backoffice.periods import Period
from crm.backoffice.reports import Column, CommonParams, Table, described, find, run
from crm.backoffice.reports.sight import sees
from crm.errors import BadRequest, Forbidden
from crm.messages import Label, m, render
from crm.sales.funnel.report import pipelines

SUMMARY, REASONS, CHANGES = "funnel_summary", "funnel_reasons", "funnel_changes"
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
BESIDE = ("deals", "won", "lost", "open", "won_rate", "win_rate", "average_won", "cycle_days", "velocity")
SPLITS = ("owner", "manager", "department", "territory")
OTHERS: Mapping[str, Label] = {
    "previous": Label("попередній період", "the period before"), "year": Label("рік тому", "a year before"), "pipeline": Label("воронки", "pipelines"),
}
MOST = 40  # rows side by side


@dataclass(frozen=True)
class Bar:
    """An interval of a rate as it is drawn, in hundredths: from, how wide, and where the rate itself stands; and in words."""

    low: str
    width: str
    at: str
    text: str


@dataclass(frozen=True)
class Line:
    """One of those that are compared: its name, its place by the rate of the closed (none where few are closed), its figures, and the interval."""

    name: Cell
    rank: int | None
    cells: tuple[Cell, ...]
    bar: Bar | None
    few: int | None


def beside(session: UserSession, asked: Asking, params: CommonParams, _table: Table) -> dict[str, Any]:
    """What the templates `funnel_above` and `funnel_below` show. Raises BadRequest for a comparison that there is not."""
    words = {key: text for key, text in asked.words.items() if key not in ("by", "sort")}
    reader = session.reader
    table = run(find(SUMMARY), session, words)[1]
    columns = {column.key: column for column in table.measures}
    return {
        "above": "admin/report/funnel_above.html", "below": "admin/report/funnel_below.html",
        "mode": MODES[asked.words.get("mode") or "cohort"].text(reader.language),
        "key_figures": [_key_figure(table, columns[key], reader) for key in KEY_FIGURES if key in columns],
        "reasons": _reasons(session, words), "compared": _compared(session, asked, words, params, table),
        "changes": _changes(session, asked, words),
    }


def _key_figure(table: Table, column: Column, reader: Reader) -> dict[str, Any]:
    low, high = {"win_rate": ("win_low", "win_high"), "won_rate": ("won_low", "won_high")}.get(column.key, ("", ""))
    interval = _bar(table, table.totals, low, high, column.key, reader) if low in table.totals else None
    return {
        "label": _head(column, table, reader), "help": column.help.text(reader.language) if column.help else "",
        "cell": figure_cell(table, None, table.totals, column, reader), "interval": interval.text if interval else "", "main": column.key == "velocity",
    }


def _head(column: Column, table: Table, reader: Reader) -> str:
    return column.label.text(reader.language) + (f", {currency_sign(table.currency, reader.language)}" if column.unit == "money" else "")


def _bar(table: Table, values: Mapping[str, Any], low: str, high: str, rate: str, reader: Reader) -> Bar | None:
    """None where the interval says nothing: few records, or none."""
    first, last, at = values[low], values[high], values[rate]
    if first is None or last is None or at is None:
        return None
    column = next(c for c in table.columns if c.key == low)
    ends = (figure(end, column, table, reader) for end in (first, last))
    return Bar(f"{first * 100:.1f}", f"{(last - first) * 100:.1f}", f"{min(at * 100, 98.6):.1f}", "–".join(ends))


def _reasons(session: UserSession, words: Mapping[str, str]) -> dict[str, Any] | None:
    """Stages down, reasons across, the most frequent first; None where nothing was lost or the reader may not see why."""
    try:
        table = run(find(REASONS), session, words)[1]
    except Forbidden:
        return None
    reader, known = session.reader, {c.key: c for c in table.columns}
    totals: dict[Any, int] = {}
    for row in table.rows:
        totals[row["loss_reason"]] = totals.get(row["loss_reason"], 0) + row["lost"]
    reasons = sorted(totals, key=lambda reason: (-totals[reason], reason or ""))
    stages: dict[int, dict[Any, Cell]] = {}
    for row in table.rows:
        stages.setdefault(row["stage_id"], {})[row["loss_reason"]] = figure_cell(table, row, row, known["lost"], reader)
    if not stages:
        return None
    configured = session.catalog.configured["stage"]
    return {
        "heads": [option_text(known["loss_reason"], reason, reader) if reason else render(m("not set"), reader.language) for reason in reasons],
        "rows": [(configured[number].label.text(reader.language), [found.get(reason) for reason in reasons]) for number, found in stages.items()],
    }


def _changes(session: UserSession, asked: Asking, words: Mapping[str, str]) -> dict[str, Any]:
    """What has become of the pipeline since a day, and the choices of that day. Raises BadRequest for another one."""
    since = asked.since or next(iter(SINCE))
    if since not in SINCE:
        raise BadRequest(m("Changes are shown since one of %(known)s.", known=", ".join(SINCE)))
    reader, report = session.reader, find(CHANGES)
    own = {key: text for key, text in words.items() if key in described(report.params)} | {"period": since}
    table = run(report, session, own)[1]
    change, columns = next(c for c in table.columns if c.key == "change"), table.measures
    return {
        "choices": [(asked.address(f"/report/{asked.report.name}", {"since": key}), label.text(reader.language), key == since) for key, label in SINCE.items()],
        "heads": [_head(column, table, reader) for column in columns], "whole": f"/report/{CHANGES}?{urlencode(own)}",
        "rows": [
            (option_text(change, row["change"], reader), [figure_cell(table, row, row, column, reader) for column in columns]) for row in table.rows
        ],
        "notes": [render(note, reader.language) for note in table.notes],
    }


def _compared(session: UserSession, asked: Asking, words: Mapping[str, str], params: CommonParams, whole: Table) -> dict[str, Any]:
    """The choices of what is compared, and the chosen ones side by side."""
    reader = session.reader
    report = find(SUMMARY)
    known = {d.key: d.label.text(reader.language).lower() for d in report.dimensions if d.key in SPLITS and sees(session, report.entity, d.path)}
    several = len(pipelines(session)) > 1
    known |= {key: label.text(reader.language) for key, label in OTHERS.items() if (several if key == "pipeline" else params.period is not None)}
    chosen = asked.compare
    if chosen and chosen not in (*SPLITS, *OTHERS):
        raise BadRequest(m("The funnel is not compared by “%(name)s”.", name=chosen[:60]))
    chosen = chosen if chosen in known else ""
    columns = [column for column in whole.measures if column.key in BESIDE]
    found = _lines(session, words, params, whole, chosen, columns) if chosen else iter(())
    lines = list(_ranked(found)) if chosen in SPLITS else [line for _, line in found]  # periods and pipelines stand in their order
    here = f"/report/{asked.report.name}"
    return {
        "choices": [(asked.address(here, {"compare": key}), label, key == chosen) for key, label in known.items()], "chosen": chosen,
        "ranked": chosen in SPLITS, "heads": [_head(column, whole, reader) for column in columns], "lines": lines[:MOST], "left": max(len(lines) - MOST, 0),
        "few": any(line.few is not None for line in lines), "drop": asked.address(here, {"compare": ""}),
        "interval_after": next((n for n, column in enumerate(columns) if column.key == "win_rate"), -1),
    }


def _lines(
    session: UserSession, words: Mapping[str, str], params: CommonParams, whole: Table, chosen: str, columns: list[Column],
) -> Iterator[tuple[float | None, Line]]:
    reader, report = session.reader, find(SUMMARY)
    if chosen in SPLITS:
        table = run(report, session, {**words, "by": chosen})[1]
        entity = next(d.entity for d in report.dimensions if d.key == chosen)
        for row in table.rows:
            number, name = row[f"{chosen}_id"], row[chosen]
            unset = Cell(render(m("not set"), reader.language), css="b-faint")
            yield _line(table, row, unset if number is None else Cell(name, f"/{entity}/{number}/") if name else Cell("•", unseen=True), columns, reader)
        return
    if chosen == "pipeline":
        tables = [(label.text(reader.language), run(report, session, {**words, "pipeline": code})[1]) for code, label in pipelines(session).items()]
    else:
        assert params.period is not None
        other = earlier(params.period, chosen)
        tables = [(period_words(params.period, reader.language), whole)]
        tables += [(period_words(other, reader.language), run(report, session, {**words, "period": f"{other.first}..{other.last}"})[1])] if other else []
    for name, table in tables:
        yield _line(table, None, Cell(name), columns, reader)


def _line(table: Table, row: Mapping[str, Any] | None, name: Cell, columns: list[Column], reader: Reader) -> tuple[float | None, Line]:
    """A row, or the totals of a table of its own."""
    values = table.totals if row is None else row
    closed = values["won"] + values["lost"] if "won" in values else 0
    cells = tuple(figure_cell(table, row, values, column, reader) for column in columns)
    bar = _bar(table, values, "win_low", "win_high", "win_rate", reader) if "win_low" in values else None
    few = closed if closed < SMALL else None
    return values.get("win_rate") if few is None else None, Line(name, None, cells, bar, few)


def _ranked(lines: Iterator[tuple[float | None, Line]]) -> Iterator[Line]:
    """The best rate of the closed first; those with few have no place, they follow as they come. Equal rates share a place."""
    found = list(lines)
    rates = sorted((rate for rate, _ in found if rate is not None), reverse=True)
    for rate, line in sorted(found, key=lambda one: -1.0 if one[0] is None else one[0], reverse=True):
        yield line if rate is None else replace(line, rank=rates.index(rate) + 1)


def earlier(period: Period, which: str) -> Period | None:
    """As many days just before, whole months before whole months; or the same days a year before. None before the calendar begins."""
    try:
        if which == "year":
            return Period(_year_before(period.first), _year_before(period.last))
        days, before = (period.last - period.first).days, period.first - timedelta(days=1)
        months = (period.last.year - period.first.year) * 12 + period.last.month - period.first.month + 1
        if period.first.day == 1 and (period.last + timedelta(days=1)).day == 1:
            month = period.first.year * 12 + period.first.month - 1 - months
            return Period(date(month // 12, month % 12 + 1, 1), before)
        return Period(before - timedelta(days=days), before)
    except (OverflowError, ValueError):
        return None


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
