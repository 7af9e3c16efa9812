"""What a kept report asks: the words of a report's address, its condition as JSON. It holds no right: who opens it is asked anew, and what he may not
see is left out or refused."""

import json
from collections.abc import Mapping
from typing import Any

from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.outside import read_json, sound
from crm.backoffice.pricing import currency_path
from crm.backoffice.reports.any_entity import dimensions, measure_of
from crm.backoffice.reports.measured import COUNT
from crm.backoffice.reports.parameters import Dimension, described, read
from crm.backoffice.reports.registry import Report, find, shaped
from crm.backoffice.reports.sight import seen, visible_columns
from crm.backoffice.sight import Sight
from crm.errors import BadRequest, BramaError, Forbidden, NotFound
from crm.messages import m

Asks = Mapping[str, Any]
CHARTS = ("", "bar", "stacked", "line", "share", "none")  # how it is drawn; "": as the report itself says
LONGEST = 40_000  # characters of what is asked
LONGEST_WORD = 500
OWN = ("owner", "department", "territory")  # parameters that look at the field of their name


def of_words(session: DataSession, report: Report, words: Mapping[str, str]) -> dict[str, Any]:
    """What the report with these parameters asks, as it is kept. Raises what running it would: BadRequest, UnknownName, Forbidden."""
    here = shaped(report, session, words)
    read(here, session, words, visible_columns(session, here.entity, here.measures))
    found: dict[str, Any] = {name: text.strip() for name, text in words.items() if text.strip()}
    if "where" in found:
        where = read_json(found.pop("where"))
        session.table(here.entity).asked(where)
        if where not in ({}, {"all": []}):
            found["where"] = where
    if len(json.dumps(found)) > LONGEST or any(len(text) > LONGEST_WORD for name, text in found.items() if name != "where"):
        raise BadRequest(m("What the report asks is too large to be kept."))
    for name, text in found.items():
        if name != "where":
            sound(text)
    return found


def as_words(asks: Asks) -> dict[str, str]:
    """The parameters of the report that asks this, as texts."""
    found = {name: str(text) for name, text in asks.items() if name != "where"}
    if asks.get("where"):
        found["where"] = json.dumps(asks["where"], ensure_ascii=False, separators=(",", ":"))
    return found


def entity_of(report: str, asks: Asks) -> str:
    """Whose records a kept report counts, "" for a report that is none any more."""
    try:
        found = find(report)
    except NotFound:
        return ""
    return str(asks.get("entity", "")) if found.shape is not None else found.entity


def parts(text: Any) -> list[str]:
    """What stands in a parameter with commas."""
    return [part.strip() for part in str(text or "").split(",") if part.strip()]


def problem(sight: Sight, report: str, asks: Asks) -> BramaError | None:
    """Why this reader could not run it at all, None where he may: what is gone and what is hidden from him are refused alike. One measure that he may
    see is enough."""
    try:
        found = find(report)
        entity = entity_of(report, asks)
        kind = sight.catalog.entity(entity)
        if not sight.may(entity, "read"):
            raise Forbidden()
        unknown = next((name for name in asks if name not in described(found.params)), None)
        if unknown is not None:
            raise BadRequest(m("The report has no parameter “%(name)s”.", name=unknown[:60]))
        if not _measures(sight, found, kind, asks):
            raise Forbidden(m("Every figure of this report rests on something you may not see."))
        _judge(sight, found, kind, asks)
    except BramaError as why:
        return why
    return None


def _judge(sight: Sight, report: Report, kind: Entity, asks: Asks) -> None:
    """Raises BadRequest, UnknownName for a dimension, a date, an order or a condition that this reader may not name."""
    usable = sight.filterable(kind.key)
    known = {one.key: one for one in _dimensions(sight, report, kind)}
    for key in parts(asks.get("by")):
        if key not in known or not seen(sight, kind.key, known[key].path):
            raise BadRequest(m("The report is not split by “%(name)s”.", name=key[:60]))
    for name, text in ((name, asks[name]) for name in (*OWN, "date") if asks.get(name)):
        field = text if name == "date" else name
        if field not in usable or (name == "date" and kind.fields[field].type not in ("date", "moment")):
            raise BadRequest(m("“%(name)s” cannot be asked for.", name=str(field)[:60]))
    sortable = {*parts(asks.get("by")), *asked_measures(report, asks)}
    for part in parts(asks.get("sort")):
        if part.removeprefix("-") not in sortable:
            raise BadRequest(m("The rows are not split by “%(name)s”, so they cannot be sorted by it.", name=part.removeprefix("-")[:60]))
    if asks.get("where"):
        sight.table(kind.key).asked(asks["where"])


def _dimensions(sight: Sight, report: Report, kind: Entity) -> tuple[Dimension, ...]:
    return dimensions(sight, kind) if report.shape is not None else report.dimensions


def asked_measures(report: Report, asks: Asks) -> list[str]:
    """The keys of the measures that it has, whoever reads it."""
    return (parts(asks.get("measure")) or [COUNT]) if report.shape is not None else [column.key for column in report.measures]


def _measures(sight: Sight, report: Report, kind: Entity, asks: Asks) -> list[str]:
    """Of the measures asked for those that this reader may see."""
    if report.shape is None:
        return [one.key for one in report.measures if all(seen(sight, kind.key, path) for path in one.needs)]
    usable, path = sight.filterable(kind.key), currency_path(kind, sight.catalog)
    found = []
    for key in asked_measures(report, asks):
        try:
            column = measure_of(kind, usable, path, key)
        except BramaError:
            continue
        if all(seen(sight, kind.key, one) for one in column.needs):
            found.append(key)
    return found


def for_reader(sight: Sight, report: str, asks: Asks) -> tuple[dict[str, str], int]:
    """The parameters with which this reader runs it, and how many measures are left out for him: hidden ones and those of fields that are gone alike, an
    order by one of them too. Raises Forbidden where no measure is left, BadRequest where anything else names what he may not, NotFound."""
    why = problem(sight, report, asks)
    if isinstance(why, Forbidden):
        raise why
    if why is not None:
        raise gone()
    found = find(report)
    shown = _measures(sight, found, sight.catalog.entity(entity_of(report, asks)), asks)
    hidden = [key for key in asked_measures(found, asks) if key not in shown]
    words = as_words(asks)
    if found.shape is not None and hidden:
        words["measure"] = ",".join(shown)
    if hidden and "sort" in words:
        words["sort"] = ",".join(part for part in parts(words["sort"]) if part.removeprefix("-") not in hidden)
    return {name: text for name, text in words.items() if text}, len(hidden)


def gone() -> BadRequest:
    """The refusal of a kept report that names what its reader may not, without saying what."""
    return BadRequest(m("This report asks for something that is gone or hidden from you, so it cannot be shown."))

