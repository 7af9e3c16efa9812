"""What a report was asked, in words: for paper and for the second sheet of a workbook."""

import json
from datetime import UTC, date, datetime
from typing import Any

from babel.dates import format_date, format_datetime

from crm.admin_views.kit.conditions import words as condition_words
from crm.backoffice.guard import DataSession, UserSession
from crm.backoffice.periods import Period
from crm.backoffice.reports import CommonParams, Report, Table, described
from crm.backoffice.reports.parameters import CURRENT, HISTORIC
from crm.backoffice.reports.sight import names
from crm.messages import m, render

Words = list[tuple[str, str]]
TOLD = ("period", "date", "by", "record", "branch", "where", "search", "choice")  # kinds of parameters that are told


def asked_words(session: UserSession, report: Report, params: CommonParams) -> Words:
    """Parameter → what it was, as its reader may know it; currency and rate only where the report has money."""
    language, found = session.reader.language, []
    for name, parameter in described(type(params)).items():
        value = getattr(params, name)
        if parameter.kind in TOLD and value not in (None, "", ()):
            text = _text(session, report, parameter, params, value)
            if text:
                found.append((parameter.label.text(language), text))
        elif parameter.kind == "currency" and any(column.unit == "money" for column in params.shown):
            found.append((parameter.label.text(language), params.currency))
        elif parameter.kind == "rate" and value != HISTORIC and any(column.unit == "money" for column in params.shown):
            found.append((parameter.label.text(language), render(m("the last"), language) if value == CURRENT else _day(value, language)))
    return found


def about(session: UserSession, report: Report, params: CommonParams, table: Table, who: str) -> Words:
    """All that a file of the report says beside its rows: the question, what was asked, who asked, when, and the notes."""
    language = session.reader.language
    now = format_datetime(datetime.now(UTC).astimezone(session.reader.zone), "d MMMM y, HH:mm", locale=language)
    return [
        (render(m("Question"), language), report.question.text(language)), *asked_words(session, report, params),
        (render(m("Counted for"), language), who), (render(m("Counted on"), language), str(now)),
        *((render(m("Note"), language), render(note, language)) for note in table.notes),
    ]


def _text(session: UserSession, report: Report, parameter: Any, params: CommonParams, value: Any) -> str:
    language = session.reader.language
    match parameter.kind:
        case "period":
            return period_words(value, language)
        case "by":
            return ", ".join(one.label.text(language) for one in params.dimensions)
        case "date":
            kind = session.catalog.entity(report.entity)
            return kind.fields[value].label.text(language) if value in kind.fields else ""
        case "record":
            return names(session, parameter.entity, {value}).get(value, "")
        case "branch":
            return _top(session, parameter.entity, value)
        case "where":
            return condition_words(session, report.entity, json.dumps(value)) or ""
        case "choice":
            return parameter.choices(session)[value].text(language)  # type: ignore[no-any-return]
    return str(value)


def _top(session: DataSession, entity: str, ids: tuple[int, ...]) -> str:
    """The names of a branch, a few of them."""
    called = names(session, entity, ids[:20])
    return ", ".join(called[one] for one in ids[:20] if one in called)


def period_words(value: Period, language: str) -> str:
    """A period as its first and last day."""
    return _day(value.first, language) if value.first == value.last else f"{_day(value.first, language)} – {_day(value.last, language)}"


def _day(value: date, language: str) -> str:
    return str(format_date(value, "d MMMM y", locale=language))
