"""Figures and names of a report as texts in the reader's language."""

from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent, get_currency_precision

from crm.admin_views.kit.grouping import period_name
from crm.backoffice.fields.base import Reader
from crm.backoffice.periods import period
from crm.backoffice.reports import Column, Row, Table
from crm.backoffice.reports.output import rounded
from crm.messages import m, render

DAYS = ("month", "quarter", "year")  # units of columns that name rows by their days


def figure(value: Any, column: Column, table: Table, reader: Reader) -> str:
    """A figure as the reader writes it, rounded for reading: counts whole, rates and days to one decimal, money to its currency's digits."""
    locale = reader.language
    if value is None:
        return "—"
    match column.unit:
        case "count":
            return str(format_decimal(value, locale=locale))
        case "minutes":
            return str(format_decimal(Decimal(str(value)), format="#,##0.#", locale=locale))
        case "rate":
            return str(format_percent(value, format="#,##0.0\u00a0%" if locale == "uk" else "#,##0.0%", locale=locale))
        case "score":
            return str(format_decimal(Decimal(str(value)), format="0.000", locale=locale))
        case "decimal":
            return str(format_decimal(value, format="#,##0.####", locale=locale))
        case "days" | "number":
            return str(format_decimal(Decimal(str(value)), format="#,##0.0", locale=locale))
        case "money":
            digits = get_currency_precision(table.currency)
            return str(format_decimal(rounded(value, table.currency), format="#,##0" + ("." + "0" * digits if digits else ""), locale=locale))
    return str(value)


def month_text(value: str, reader: Reader) -> str:
    """A month, a quarter or a year in words."""
    if len(value) == 4 or "Q" in value:
        return period_name(period(value, reader.today), "quarter" if "Q" in value else "year", reader.language)
    year, month = value.split("-")
    text: str = format_skeleton("yMMMM", date(int(year), int(month), 1), locale=reader.language)
    return text


def flag_text(value: bool, reader: Reader) -> str:
    return render(m("yes") if value else m("no"), reader.language)


def band_text(value: str) -> str:
    """A band of fractions as percents: of 0.3..0.4 it is 30–40 %."""
    low, high = (f"{Decimal(edge) * 100:.0f}" for edge in value.split(".."))
    return f"{low}–{high}\u00a0%"


def option_text(column: Column, key: str, reader: Reader) -> str:
    """The label of an option, its key when it is none any more."""
    if column.words:
        return dict(column.words)[key].text(reader.language)
    known = reader.catalog.picklists.get(column.picklist) if reader.catalog else None
    option = known.by_key(key) if known else None
    return option.label.text(reader.language) if option else key


def stage_text(column: Column, row: Row, table: Table, reader: Reader) -> str:
    """What the stage of a row is called, with its pipeline where another row has a stage of the same name."""
    stages = reader.catalog.configured["stage"] if reader.catalog else {}
    known = stages.get(row[f"{column.key}_id"])
    if known is None or reader.catalog is None:
        return str(row[column.key])
    label = known.label.text(reader.language)
    alike = {one.id for one in stages.values() if one.id != known.id and one.label.text(reader.language) == label}
    if not alike or not any(other[f"{column.key}_id"] in alike for other in table.rows):
        return label
    pipeline = reader.catalog.configured["pipeline"].get(known.parent_id or 0)
    return f"{label} · {pipeline.label.text(reader.language)}" if pipeline else label


def dimension_text(column: Column, value: Any, reader: Reader) -> str:
    """What a row is called by one of its dimensions, a dash where it is empty."""
    if column.unit == "flag" and value is not None:
        return flag_text(value, reader)
    if not value:
        return "—"
    if column.unit == "band":
        return band_text(value)
    return month_text(value, reader) if column.unit in DAYS else option_text(column, value, reader) if column.unit == "option" else str(value)
