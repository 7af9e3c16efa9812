"""What the screens of forecasts show beside their table: from which month to which expected deals have moved, as a matrix, and what people judge of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from crm.admin_views import judgements_page
from crm.admin_views.kit.cells import currency_sign
from crm.admin_views.report_asking import Asking
from crm.admin_views.report_page import Cell, figure_cell
from crm.admin_views.report_parts import Part
from crm.admin_views.report_texts import figure, option_text
from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import UserSession
from crm.backoffice.money import exact_sum
from crm.backoffice.reports import Column, CommonParams, Row, Table, described, find, run
from crm.backoffice.worth import today_in
from crm.errors import BadRequest
from crm.messages import Label, m, render
from crm.sales.forecast.months import steps
from crm.sales.forecast.months_report import MonthsParams
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


def parts_of_months(session: UserSession, asked: Asking, params: CommonParams, at: str) -> list[Part]:
    """What stands below the months side by side: what people judge of them and what has moved between them. Raises BadRequest for a since that there is
    not."""
    assert isinstance(params, MonthsParams)
    today = today_in(params.time_zone)
    months = list(steps(None, params.step, today, today)) if params.period is None else []
    return [judgements_page.part(session, asked, f"{months[0]}..{months[-1]}" if months else ""), _slips(session, asked, at)]


def parts_of_forecast(session: UserSession, asked: Asking, _params: CommonParams, _at: str) -> list[Part]:
    """What stands below the forecast of one period: what people judge of its months."""
    return [judgements_page.part(session, asked, "")]


def _slips(session: UserSession, asked: Asking, at: str) -> Part:
    """The matrix since a night and the choices of it."""
    since, language = asked.since or "last_30_days", session.reader.language
    if since not in SINCE:
        raise BadRequest(m("Changes are shown since one of %(known)s.", known=", ".join(SINCE)))
    known, here = described(find(SLIPS).params), [(asked.address(at, {"since": key}), label.text(language), key == since) for key, label in SINCE.items()]
    words = {key: text for key, text in asked.words.items() if key in known and key not in ("by", "sort") and text} | {"changed": since}
    return Part(
        "slips", render(m("What has moved between months"), language), SLIPS, words, "admin/report/forecast_slips.html", lambda: _moved(session, words),
        choosing=render(m("Since when"), language), choices=here,
        further=[(f"/report/{SLIPS}?{urlencode(words)}", render(m("own dates and cuts…"), language))],
    )


def _moved(session: UserSession, words: Mapping[str, str]) -> dict[str, Any]:
    table, reader = run(find(SLIPS), session, words)[1], session.reader
    return {"matrix": matrix(table, reader), "notes": [render(note, reader.language) for note in table.notes]}


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
