"""What the screens of forecasts show beside their table: from which month to which expected deals have moved, as a matrix, and what people judge of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from crm.admin_views import judgements_page
from crm.admin_views.kit.cells import currency_sign
from crm.admin_views.report_asking import Asking
from crm.admin_views.report_page import Cell, figure_cell
from crm.admin_views.report_texts import figure, option_text
from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import UserSession
from crm.backoffice.money import exact_sum
from crm.backoffice.reports import Column, CommonParams, Row, Table, described, find, run
from crm.errors import BadRequest, Forbidden
from crm.messages import Label, m, render
from crm.sales.forecast.moved_report import NOW, WAS

SLIPS = "forecast_slips"
SINCE: Mapping[str, Label] = {
    "last_7_days": Label("за 7 днів", "in 7 days"), "last_30_days": Label("за 30 днів", "in 30 days"), "last_90_days": Label("за 90 днів", "in 90 days"),
}


@dataclass(frozen=True)
class Amount:
    """What deals of a cell were worth and are worth: as texts with the way to their records; only one where both are the same, or one was nothing."""

    before: Cell | None
    after: Cell | None


@dataclass(frozen=True)
class Place:
    """A cell of the matrix: how many deals, their amounts, and whether they stayed where they were."""

    deals: Cell
    amount: Amount | None
    stayed: bool


@dataclass(frozen=True)
class Matrix:
    """Rows are where deals were, columns where they are; at the ends what stood there in all on the first and on the last night."""

    heads: list[str]
    rows: list[tuple[str, list[Place | None], tuple[str, str]]]
    foot: list[tuple[str, str]]
    currency: str


def beside_slips(session: UserSession, _asked: Asking, params: CommonParams, table: Table) -> dict[str, Any]:
    """What stands above the table of `forecast_slips`: the matrix, where deals are not split further."""
    return {"above": "admin/report/slips_above.html", "below": "", "matrix": None if params.by else matrix(table, session.reader)}


def beside_months(session: UserSession, asked: Asking, params: CommonParams, table: Table) -> dict[str, Any]:
    """What stands below the months side by side: what people judge of them and what has moved between them. Raises BadRequest for a since that there is
    not."""
    months = [row["month"] for row in table.rows] if params.period is None else []
    period = f"{months[0]}..{months[-1]}" if months else ""
    return {
        "above": "", "below": "admin/report/forecast_below.html", "judgements": judgements_page.beside(session, asked, period), "slips": _slips(session, asked),
    }


def beside_forecast(session: UserSession, asked: Asking, _params: CommonParams, _table: Table) -> dict[str, Any]:
    """What stands below the forecast of one period: what people judge of its months."""
    return {"above": "", "below": "admin/report/forecast_below.html", "judgements": judgements_page.beside(session, asked, ""), "slips": None}


def _slips(session: UserSession, asked: Asking) -> dict[str, Any] | None:
    """The matrix since a night and the choices of it; None for whoever may see nothing of past nights."""
    since = asked.since or "last_30_days"
    if since not in SINCE:
        raise BadRequest(m("Changes are shown since one of %(known)s.", known=", ".join(SINCE)))
    report, reader = find(SLIPS), session.reader
    words = {key: text for key, text in asked.words.items() if key in described(report.params) and key not in ("by", "sort") and text} | {"changed": since}
    try:
        table = run(report, session, words)[1]
    except Forbidden:
        return None
    return {
        "choices": [(asked.address(f"/report/{asked.report.name}", {"since": key}), label.text(reader.language), key == since) for key, label in SINCE.items()],
        "whole": f"/report/{SLIPS}?{urlencode(words)}", "matrix": matrix(table, reader), "notes": [render(note, reader.language) for note in table.notes],
    }


def matrix(table: Table, reader: Reader) -> Matrix | None:
    """The rows of `forecast_slips` as a matrix; None without any."""
    if not table.rows:
        return None
    was, now = table.columns[:2]
    columns = {column.key: column for column in table.measures}
    found = {(row[WAS], row[NOW]): row for row in table.rows}
    from_, to = ([key for key, _ in column.words if any(pair[end] == key for pair in found)] for end, column in enumerate((was, now)))
    rows = []
    for one in from_:
        here = [row for pair, row in found.items() if pair[0] == one]
        cells = [_place(table, found[one, other], columns, reader) if (one, other) in found else None for other in to]
        rows.append((option_text(was, one, reader), cells, _sums(table, here, "before", columns, reader)))
    return Matrix(
        [option_text(now, other, reader) for other in to], rows,
        [_sums(table, [row for pair, row in found.items() if pair[1] == other], "after", columns, reader) for other in to],
        currency_sign(table.currency, reader.language) if "before" in columns else "",
    )


def _place(table: Table, row: Row, columns: Mapping[str, Column], reader: Reader) -> Place:
    amount = None
    if "before" in columns:
        before, after = (figure_cell(table, row, row, columns[key], reader) for key in ("before", "after"))
        changed = row["before"] != row["after"]
        amount = Amount(before if row["before"] or not changed else None, after if changed else None)
    return Place(figure_cell(table, row, row, columns["deals"], reader), amount, row[WAS] == row[NOW])


def _sums(table: Table, rows: Sequence[Row], key: str, columns: Mapping[str, Column], reader: Reader) -> tuple[str, str]:
    """How many deals stand in these cells together, and their amount."""
    known = [row[key] for row in rows if row.get(key) is not None]
    total = exact_sum(known) if len(known) == len(rows) else None
    number = sum(row["deals"] for row in rows)
    return figure(number, columns["deals"], table, reader), figure(total, columns[key], table, reader) if key in columns else ""
