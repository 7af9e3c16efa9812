"""The scorecard as small charts: a panel a measure, a line a row, the interval around the figure and the median of the team."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.admin_views.report_asking import Asking
from crm.admin_views.report_page import SMALL, Cell, figure_cell, name_cell
from crm.admin_views.report_texts import figure
from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import UserSession
from crm.backoffice.reports import Column, CommonParams, Table
from crm.messages import m, render
from crm.sales.scorecard.report import SCORES, Measure

MOST = 40  # rows of a panel
WORDS = {"high": m("More is better."), "low": m("Less is better."), "": m("Neither more nor less is better by itself.")}


@dataclass(frozen=True)
class Mark:
    """One row of a panel: what it is called by each dimension, the figure with its records, the interval in words; places on the scale in hundredths, None
    where nothing stands."""

    names: tuple[Cell, ...]
    cell: Cell
    interval: str
    at: str | None
    low: str | None
    width: str | None
    number: int
    few: bool


def beside(session: UserSession, asked: Asking, params: CommonParams, table: Table) -> dict[str, Any]:
    """What the template `scorecard_above` shows."""
    reader = session.reader
    columns = {column.key: column for column in table.measures}
    panels = [_panel(one, asked, table, columns, reader) for one in SCORES if one.key in columns]
    return {"above": "admin/report/scorecard_above.html", "below": "", "panels": panels, "left": max(len(table.rows) - MOST, 0)}


def _panel(measure: Measure, asked: Asking, table: Table, columns: Mapping[str, Column], reader: Reader) -> dict[str, Any]:
    key, column = measure.key, columns[measure.key]
    rows = table.rows[:MOST] if table.dimensions else [table.totals]
    most = 1.0 if measure.unit == "rate" and measure.per == 1 else max((row[end] or 0 for row in rows for end in (key, f"{key}_high")), default=0) or 1.0
    team = rows[0][f"{key}_team"] if rows else None
    return {
        "key": key, "label": measure.label.text(reader.language), "help": measure.help.text(reader.language),
        "better": render(WORDS[measure.better], reader.language),
        "team": figure(team, column, table, reader) if team is not None else "", "team_at": _place(team, most) if team is not None else None,
        "marks": [_mark(measure, asked, table, row if table.dimensions else None, row, columns, most, reader) for row in rows],
    }


def _mark(
    measure: Measure, asked: Asking, table: Table, row: Mapping[str, Any] | None, values: Mapping[str, Any], columns: Mapping[str, Column], most: float,
    reader: Reader,
) -> Mark:
    key = measure.key
    low, high, at, number = values[f"{key}_low"], values[f"{key}_high"], values[key], values[f"{key}_of"]
    ends = [figure(end, columns[key], table, reader) for end in (low, high)] if low is not None and high is not None else []
    named = tuple(name_cell(asked.report, table, row, one, reader) for one in table.dimensions) if row is not None else ()
    return Mark(
        named or (Cell(render(m("Total"), reader.language)),),
        figure_cell(table, row, values, columns[key], reader), "–".join(ends), _place(at, most) if at is not None else None,
        _place(low, most) if ends else None, f"{max((high - low) / most * 100, 0.8):.1f}" if ends else None, number, 0 < number < SMALL,
    )


def _place(value: float, most: float) -> str:
    """Hundredths of the scale, so that a mark at its end still lies on it."""
    return f"{min(value / most * 100, 98.6):.1f}"
