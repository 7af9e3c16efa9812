"""The funnel of people, units, periods or pipelines side by side, and the summaries on which this and its key figures rest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from crm.admin_views.kit.cells import currency_sign
from crm.admin_views.report_asking import Asking
from crm.admin_views.report_page import SMALL, Cell, figure_cell
from crm.admin_views.report_parts import Part
from crm.admin_views.report_texts import figure
from crm.admin_views.report_words import period_words
from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import UserSession
from crm.backoffice.periods import Period
from crm.backoffice.reports import Column, CommonParams, Row, Table, find, run
from crm.backoffice.reports.sight import sees
from crm.errors import BadRequest
from crm.messages import Label, m, render
from crm.sales.funnel.report import pipelines

SUMMARY = "funnel_summary"
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


class Summaries:
    """Summaries of the funnel that one page shows, each counted once."""

    def __init__(self, session: UserSession, words: Mapping[str, str]) -> None:
        self.session, self.words = session, words
        self._counted: dict[tuple[tuple[str, str], ...], Table] = {}

    def of(self, **change: str) -> Table:
        """The summary of what the page asks, some of it changed."""
        words = {**self.words, **change}
        key = tuple(sorted(words.items()))
        if key not in self._counted:
            self._counted[key] = run(find(SUMMARY), self.session, words)[1]
        return self._counted[key]


def compared(session: UserSession, asked: Asking, params: CommonParams, summaries: Summaries, at: str) -> Part:
    """What may be set side by side, and the chosen of it. Raises BadRequest for what is none of the choices; one that says nothing here is none chosen."""
    language, report = session.reader.language, find(SUMMARY)
    known = {d.key: d.label.text(language).lower() for d in report.dimensions if d.key in SPLITS and sees(session, report.entity, d.path)}
    several = len(pipelines(session)) > 1
    known |= {key: label.text(language) for key, label in OTHERS.items() if (several if key == "pipeline" else params.period is not None)}
    if asked.compare and asked.compare not in (*SPLITS, *OTHERS):
        raise BadRequest(m("The funnel is not compared by “%(name)s”.", name=asked.compare[:60]))
    chosen = asked.compare if asked.compare in known else ""
    return Part(
        "compared", render(m("Side by side"), language), SUMMARY, summaries.words, "admin/report/funnel_compared.html",
        (lambda: _side_by_side(summaries, params, chosen)) if chosen else None, rows=2 if chosen in ("previous", "year") else 6,
        choosing=render(m("Compare"), language), choices=[(asked.address(at, {"compare": key}), label, key == chosen) for key, label in known.items()],
        drop=asked.address(at, {"compare": ""}) if chosen else "",
    )


def _side_by_side(summaries: Summaries, params: CommonParams, chosen: str) -> dict[str, Any]:
    """The chosen ones, a line each; people and units in the order of their rates, periods and pipelines in their own."""
    session = summaries.session
    named = list[tuple[Table, Row | None, Cell]]()
    if chosen in SPLITS:
        table = summaries.of(by=chosen)
        named += [(table, row, _name(session, row, chosen)) for row in table.rows]
    elif chosen == "pipeline":
        named += [(summaries.of(pipeline=code), None, Cell(label.text(session.reader.language))) for code, label in pipelines(session).items()]
    else:
        assert params.period is not None
        other = earlier(params.period, chosen)
        named += [(summaries.of(), None, Cell(period_words(params.period, session.reader.language)))]
        named += [(summaries.of(period=f"{other.first}..{other.last}"), None, Cell(period_words(other, session.reader.language)))] if other else []
    columns = [column for column in named[0][0].measures if column.key in BESIDE] if named else []
    found = [_line(table, row, name, columns, session.reader) for table, row, name in named]
    lines = list(_ranked(found)) if chosen in SPLITS else [line for _, line in found]
    return {
        "ranked": chosen in SPLITS, "heads": [head(column, named[0][0], session.reader) for column in columns] if named else [], "lines": lines[:MOST],
        "left": max(len(lines) - MOST, 0), "few": any(line.few is not None for line in lines),
        "interval_after": next((n for n, column in enumerate(columns) if column.key == "win_rate"), -1),
    }


def _name(session: UserSession, row: Mapping[str, Any], split: str) -> Cell:
    number, name = row[f"{split}_id"], row[split]
    if number is None:
        return Cell(render(m("not set"), session.reader.language), css="b-faint")
    entity = next(d.entity for d in find(SUMMARY).dimensions if d.key == split)
    return Cell(name, f"/{entity}/{number}/") if name else Cell("•", unseen=True)


def _line(table: Table, row: Mapping[str, Any] | None, name: Cell, columns: list[Column], reader: Reader) -> tuple[float | None, Line]:
    """A row, or the totals of a table of its own."""
    values = table.totals if row is None else row
    closed = values["won"] + values["lost"] if "won" in values else 0
    cells = tuple(figure_cell(table, row, values, column, reader) for column in columns)
    bar = interval(table, values, "win_low", "win_high", "win_rate", reader) if "win_low" in values else None
    few = closed if closed < SMALL else None
    return values.get("win_rate") if few is None else None, Line(name, None, cells, bar, few)


def _ranked(found: list[tuple[float | None, Line]]) -> Iterator[Line]:
    """The best rate of the closed first; those with few have no place, they follow as they come. Equal rates share a place."""
    rates = sorted((rate for rate, _ in found if rate is not None), reverse=True)
    for rate, line in sorted(found, key=lambda one: -1.0 if one[0] is None else one[0], reverse=True):
        yield line if rate is None else replace(line, rank=rates.index(rate) + 1)


def head(column: Column, table: Table, reader: Reader) -> str:
    return column.label.text(reader.language) + (f", {currency_sign(table.currency, reader.language)}" if column.unit == "money" else "")


def interval(table: Table, values: Mapping[str, Any], low: str, high: str, rate: str, reader: Reader) -> Bar | None:
    """None where the interval says nothing: few records, or none."""
    first, last, at = values[low], values[high], values[rate]
    if first is None or last is None or at is None:
        return None
    column = next(c for c in table.columns if c.key == low)
    ends = (figure(end, column, table, reader) for end in (first, last))
    return Bar(f"{first * 100:.1f}", f"{(last - first) * 100:.1f}", f"{min(at * 100, 98.6):.1f}", "–".join(ends))


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
