"""A report as a page: its figures as text in the reader's language, each with the way to its records; its parameters as a form."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from crm.admin_views.kit.cells import currency_sign
from crm.admin_views.kit.form_fields import number_of
from crm.admin_views.report_texts import DAYS, band_text, figure, flag_text, month_text, option_text, stage_text
from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import UserSession
from crm.backoffice.reports import Column, CommonParams, Drill, Report, Row, Table, described
from crm.backoffice.reports.parameters import CURRENT
from crm.backoffice.reports.sight import names, sees
from crm.messages import Label, render, m

ROWS = 500  # what a page shows; a file has all
SMALL = 20  # below it a rate says little
PERIODS: tuple[tuple[str, Label], ...] = (
    ("", Label("увесь час", "all time")), ("this_month", Label("цей місяць", "this month")), ("this_quarter", Label("цей квартал", "this quarter")),
    ("this_year", Label("цей рік", "this year")), ("last_30_days", Label("останні 30 днів", "last 30 days")),
    ("last_90_days", Label("останні 90 днів", "last 90 days")),
    ("last_365_days", Label("останні 365 днів", "last 365 days")),
    ("own", Label("свої дати…", "own dates…")),
)
RATES: tuple[tuple[str, Label], ...] = (
    ("", Label("на день запису", "of the record’s day")), (CURRENT, Label("останній", "the last")),
)
OWN = re.compile(r"\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d")
PLACES = ("entity", "by", "measure")  # of the controls that come first in a report over any entity
KEPT = ("where", "sort", "time_zone", "search")  # parameters that the form carries along without a control


@dataclass(frozen=True)
class Cell:
    """One figure or name: its text, where it leads, what it means; `small` is the size of a sample that says little."""

    text: str
    url: str = ""
    css: str = ""
    small: str = ""
    unseen: bool = False


@dataclass(frozen=True)
class Head:
    key: str
    label: str
    help: str
    css: str
    url: str
    sorted: str


@dataclass(frozen=True)
class Control:
    """A parameter in the form: a select, or a picker that asks `lookup` as one types."""

    name: str
    label: str
    choices: list[tuple[str, str]]
    value: str
    lookup: str = ""


def rows(report: Report, table: Table, reader: Reader) -> list[list[Cell]]:
    """The cells of the rows that a page shows."""
    return [[_cell(report, table, row, column, reader) for column in table.columns] for row in table.rows[:ROWS]]


def totals(table: Table, reader: Reader) -> list[Cell]:
    """The cells of the last line: under the first dimension the word, under the others nothing."""
    found = [Cell(render(m("Total"), reader.language) if n == 0 else "") for n, _ in enumerate(table.dimensions)]
    return found + [figure_cell(table, None, table.totals, column, reader) for column in table.measures]


def _cell(report: Report, table: Table, row: Row, column: Column, reader: Reader) -> Cell:
    return figure_cell(table, row, row, column, reader) if column.measure else name_cell(report, table, row, column, reader)


def name_cell(report: Report, table: Table, row: Row, column: Column, reader: Reader) -> Cell:
    """What names a row by one dimension."""
    value = row[column.key]
    if column.unit == "flag" and value is not None:
        return Cell(flag_text(value, reader))
    if column.unit in (*DAYS, "flag"):
        return Cell(month_text(value, reader)) if value else Cell(render(m("not set"), reader.language), css="b-faint")
    if column.unit == "band":
        return Cell(band_text(value))
    if column.unit == "option":
        return Cell(option_text(column, value, reader)) if value else Cell(render(m("not set"), reader.language), css="b-faint")
    number = row[f"{column.key}_id"]
    if number is None:
        return Cell(render(m("not set"), reader.language), css="b-faint")
    if value is None:
        return Cell("•", unseen=True)
    if column.unit == "stage":
        return Cell(stage_text(column, row, table, reader))
    entity = next(d.entity for d in report.dimensions if d.key == column.key)
    return Cell(value, f"/{entity}/{number}/")


def figure_cell(table: Table, row: Row | None, values: Row, column: Column, reader: Reader) -> Cell:
    """A figure of a row, or of the totals, with the way to its records."""
    drill = table.drill(row, column.key) if values[column.key] is not None else None
    url = _address(drill) if drill else ""
    number = sum(values.get(key) or 0 for key in column.sample) if column.sample and all(key in values for key in column.sample) else None
    small = str(number) if number is not None and 0 < number < SMALL else ""
    return Cell(figure(values[column.key], column, table, reader), url, "b-num", small)


def _address(drill: Drill) -> str:
    where = json.dumps(drill.where, ensure_ascii=False, separators=(",", ":")) if drill.where != {"all": []} else ""
    asked = {"where": where, "group": drill.group, "columns": ",".join(drill.columns), "search": drill.search}
    return f"/{drill.entity}/?{urlencode({key: value for key, value in asked.items() if value})}"


def heads(table: Table, params: CommonParams, reader: Reader, address: Callable[[Mapping[str, str]], str]) -> list[Head]:
    """The heads of the columns; a click sorts by it, figures from the largest."""
    found: list[Head] = []
    now = dict(params.sort)
    for column in table.columns:
        down = not now[column.key] if column.key in now else column.measure
        label = column.label.text(reader.language) + (f", {currency_sign(table.currency, reader.language)}" if column.unit == "money" else "")
        state = ("descending" if now[column.key] else "ascending") if column.key in now else ""
        # What a report is always split by, its months, stays in its own order.
        url = address({"sort": ("-" if down else "") + column.key}) if column.measure or column.key in {d.key for d in params.dimensions} else ""
        found.append(Head(column.key, label, column.help.text(reader.language) if column.help else "", "b-num" if column.measure else "", url, state))
    return found


Own = Callable[[UserSession, Report, CommonParams, Mapping[str, str]], list[Control]]  # the controls of one kind of parameter


def controls(report: Report, params: CommonParams, args: Mapping[str, str], session: UserSession, own: Mapping[str, Own] | None = None) -> list[Control]:
    """The form: one control a parameter that this reader can use; `own` makes those of some kinds."""
    language = session.reader.language
    found: list[Control] = []
    own = own or {}
    known_kinds = PLACES if own else ()
    order = sorted(described(report.params).items(), key=lambda one: known_kinds.index(one[1].kind) if one[1].kind in known_kinds else len(PLACES))
    for name, parameter in order:
        label = parameter.label.text(language)
        if parameter.kind == "period":
            value = "own" if OWN.fullmatch(args.get(name, "")) else args.get(name, "")
            known_periods = [(key, (parameter.without or text if not key else text).text(language)) for key, text in PERIODS]
            found.append(Control(name, label, _with(known_periods, value), value))
        elif parameter.kind == "rate":
            if any(column.unit == "money" for column in params.shown):
                value = args.get(name, "")
                found.append(Control(name, label, _with([(key, text.text(language)) for key, text in RATES], value), value))
        elif parameter.kind in own:
            found += own[parameter.kind](session, report, params, args)
        elif parameter.kind == "choice" and parameter.choices is not None:
            choices = [(key, text.text(language)) for key, text in parameter.choices(session).items()]
            found.append(Control(name, label, choices, getattr(params, name)))
        elif parameter.kind == "by":
            known = [(d.key, d.label.text(language)) for d in report.dimensions if sees(session, report.entity, d.path)]
            value, named = ",".join(params.by), " · ".join(d.label.text(language) for d in params.dimensions)
            choices = [("", render(m("no split"), language)), *known]
            found.append(Control(name, label, choices if len(params.by) < 2 else [*choices, (value, named)], value))
        elif parameter.kind in ("record", "branch") and session.sight.may(parameter.entity, "read") and sees(session, report.entity, name):
            value = (args.get(f"{name}_id") or args.get(name, "")).removeprefix("id:")
            number = number_of(value)
            called = names(session, parameter.entity, {number}).get(number) if number is not None else _myself(parameter.entity, value, language)
            choices = [(value, called or value)] if value else []
            found.append(Control(f"{name}_id", label, choices, value, f"/{parameter.entity}/lookup"))
    return found


def _myself(entity: str, value: str, language: str) -> str | None:
    """How the reader is called who stands for himself, whoever that is."""
    return render(m("me"), language) if (entity, value) == ("user", "me") else None


def _with(choices: list[tuple[str, str]], value: str) -> list[tuple[str, str]]:
    return choices if any(key == value for key, _ in choices) else [*choices, (value, value)]
