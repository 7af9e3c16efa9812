"""What people judge of a forecast, beside what follows from the deals: level by level below the forecast, with the way to state one's own figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from crm.admin_views.kit.cells import currency_sign
from crm.admin_views.kit.days import day_words
from crm.admin_views.report_asking import Asking
from crm.admin_views.report_page import Cell, figure_cell, name_cell
from crm.admin_views.report_parts import Part
from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import UserSession
from crm.backoffice.reports import Report, Row, Table, find, run
from crm.messages import m, render
from crm.sales.judgements.models import JUDGEMENT

REPORT = "forecast_judgements"
ALIKE = ("currency", "rate", "time_zone", "period")  # what the forecast and its judgements are asked alike
LEVELS = ("month", "measure", "seller", "unit", "owner")
KEYS = ("month", "measure", "seller_id", "unit_id", "owner_id")
MOST = 60


@dataclass(frozen=True)
class Line:
    """One judgement: month and what is judged, of whom, what follows from deals, what is judged, the difference; who, when and why, as far as it shows."""

    month: str
    measure: str
    whom: Cell
    figures: tuple[Cell, ...]
    judge: Cell
    when: str
    why: str
    url: str


def part(session: UserSession, asked: Asking, period: str) -> Part:
    """The judgements of the months of a forecast, below it; `period` where it has none of its own."""
    report, language = find(REPORT), session.reader.language
    words = {key: asked.words[key] for key in ALIKE if asked.words.get(key)} | ({"period": period} if period else {})
    words["by"] = ",".join(key for key in LEVELS if _may(session, report, key))
    return Part(
        "judgements", render(m("What people expect"), language), REPORT, words, "admin/report/forecast_judgements.html", lambda: _judged(session, words),
        choosing=render(m("Judgements of the forecast"), language), new=_new(session),
        further=[(f"/report/{REPORT}?{urlencode(words)}", render(m("as a report"), language)), (f"/{JUDGEMENT}/", render(m("all versions"), language))],
    )


def _new(session: UserSession) -> str:
    return f"/{JUDGEMENT}/new/?{urlencode({'month': str(session.reader.today)})}" if session.sight.may(JUDGEMENT, "create") else ""


def _judged(session: UserSession, words: Mapping[str, str]) -> dict[str, Any]:
    report, reader = find(REPORT), session.reader
    table = run(report, session, words)[1]
    columns = {column.key: column for column in table.measures if column.key in ("computed", "judged", "difference")}
    stated = _stated(session, [row["month"] for row in table.rows[:MOST] if row.get("month")])
    return {
        "heads": [f"{column.label.text(reader.language)}, {currency_sign(table.currency, reader.language)}" for column in columns.values()],
        "lines": [_line(session, report, table, row, list(columns), stated, reader) for row in table.rows[:MOST]],
        "left": max(len(table.rows) - MOST, 0), "notes": [render(note, reader.language) for note in table.notes],
    }


def _may(session: UserSession, report: Report, key: str) -> bool:
    return next(d.path for d in report.dimensions if d.key == key) in session.sight.filterable(JUDGEMENT)


def _line(
    session: UserSession, report: Report, table: Table, row: Row, figures: list[str], stated: Mapping[tuple[Any, ...], tuple[int, Any, Any]], reader: Reader,
) -> Line:
    named = {column.key: name_cell(report, table, row, column, reader) for column in table.dimensions}
    columns = {column.key: column for column in table.measures}
    number, when, why = stated.get(tuple(row.get(key) for key in KEYS), (0, None, None))
    whom = next((named[key] for key in ("unit", "seller") if row.get(f"{key}_id") is not None), named.get("seller", Cell("")))
    return Line(
        named["month"].text if "month" in named else "", named["measure"].text if "measure" in named else "", whom,
        tuple(figure_cell(table, row, row, columns[key], reader) for key in figures), named.get("owner", Cell("")),
        day_words(reader)(when) if when is not None else "", why or "", f"/{JUDGEMENT}/{number}/" if number else "",
    )


def _stated(session: UserSession, months: list[str]) -> dict[tuple[Any, ...], tuple[int, Any, Any]]:
    """The judgement of each row: its number, when and why, as far as the reader sees all that names it."""
    usable = session.sight.filterable(JUDGEMENT)
    if not {*LEVELS, "replaced_on"} <= set(usable):
        return {}
    source = session.table(JUDGEMENT)
    beside = [source[key] if key in usable else source.id for key in ("stated_on", "reason")]
    rows = session.execute(select(
        source["month"], source["measure"], source["seller"], source["unit"], source["owner"], source.id, *beside,
    ).where(source.visible, source["replaced_on"].is_(None), source["month"].in_([date.fromisoformat(f"{name}-01") for name in dict.fromkeys(months)])))
    found: dict[tuple[Any, ...], tuple[int, Any, Any]] = {}
    for day, measure, seller, unit, owner, number, when, why in rows:
        found[f"{day:%Y-%m}", measure, seller, unit, owner] = (number, when if "stated_on" in usable else None, why if "reason" in usable else None)
    return found
