"""Texts of a command line or an address as the values of a report's parameters. Each takes the session, what is asked, and the text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from crm.backoffice.conditions.tree import as_stored, parse
from crm.backoffice.guard import DataSession
from crm.backoffice.money import currency_names
from crm.backoffice.outside import read_json, sound
from crm.backoffice.periods import Period, period
from crm.backoffice.reports.sight import require
from crm.backoffice.reports.table import Column
from crm.errors import BadRequest, FieldError, UnknownName
from crm.messages import Label, m

MAX_TEXT = 20_000
HISTORIC, CURRENT = "historic", "current"


@dataclass(frozen=True)
class Asked:
    """The circumstances of one reading: the report, the measures its reader may see, the zone its days are counted in."""

    report: Any
    shown: tuple[Column, ...]
    zone: ZoneInfo
    parameter: Any = None

    def about(self, parameter: Any) -> "Asked":
        return replace(self, parameter=parameter)


def period_of(session: DataSession, asked: Asked, text: str) -> Period:
    """A period, relative ones from today in the zone asked for."""
    today = datetime.now(UTC).astimezone(asked.zone).date()
    try:
        return period(text, today)
    except FieldError as wrong:
        raise BadRequest(wrong.message) from None


def currency_of(_session: DataSession, _asked: Asked, text: str) -> str:
    code = text.upper()
    if code not in currency_names("en"):
        raise BadRequest(m("“%(text)s” is not the code of a currency.", text=text[:20]))
    return code


def rate_of(_session: DataSession, _asked: Asked, text: str) -> str | date:
    """At which rates money is converted: `historic`, `current`, or a day."""
    if text in (HISTORIC, CURRENT):
        return text
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise BadRequest(m("A rate is historic, current, or that of a day as 2026-01-31; not “%(text)s”.", text=text[:20])) from None


def zone_of(_session: DataSession, _asked: Asked | None, text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise BadRequest(m("“%(text)s” is not a time zone.", text=text[:60])) from None


def record_of(session: DataSession, asked: Asked, text: str) -> int:
    """The id of the visible record with this code or, when only one has it, this name; `me` is the reader, `id:12` a number."""
    entity = asked.parameter.entity
    if entity == "user" and text == "me" and session.actor_id is not None:
        return int(session.actor_id)
    if re.fullmatch(r"id:[0-9]{1,10}", text):
        return _visible(session, entity, int(text[3:]))
    sound(text)
    source, titles = session.table(entity), session.catalog.entity(entity).named_by(session.reader.language)
    readable = session.sight.filterable(entity)
    for key in ("code", *titles):
        if key in readable:
            found = session.scalars(select(source.id).where(source.visible, source[key] == text).limit(2)).all()
            if len(found) == 1:
                return int(found[0])
    raise BadRequest(m("No record or several records fit “%(text)s”: give its code.", text=text[:60]))


def _visible(session: DataSession, entity: str, record_id: int) -> int:
    source = session.table(entity)
    if record_id >= 2**31 or session.scalar(select(source.id).where(source.visible, source.id == record_id)) is None:
        raise BadRequest(m("No record or several records fit “%(text)s”: give its code.", text=f"id:{record_id}"))
    return record_id


def branch_of(session: DataSession, asked: Asked, text: str) -> tuple[int, ...]:
    """The id of a record of a tree and of all below it, as far as the reader sees them."""
    return with_all_below(session, asked.parameter.entity, record_of(session, asked, text))


def with_all_below(session: DataSession, entity: str, top: int) -> tuple[int, ...]:
    """The id itself and those of all records of its tree below it that the reader sees."""
    source = session.table(entity)
    children: dict[int | None, list[int]] = {}
    if "parent" in session.sight.filterable(entity):
        for child, parent in session.execute(select(source.id, source["parent"]).where(source.visible)):
            children.setdefault(parent, []).append(child)
    found, left = {top}, [top]
    while left:
        below = [c for c in children.get(left.pop(), []) if c not in found]
        found.update(below)
        left.extend(below)
    return tuple(sorted(found))


def where_of(_session: DataSession, _asked: Asked, text: str) -> Mapping[str, Any]:
    """The JSON of a condition, well formed and bounded; its names are judged where it is compiled."""
    if len(text) > MAX_TEXT:
        raise BadRequest(m("The condition is too large."))
    try:
        value = read_json(text)
    except (ValueError, RecursionError):
        raise BadRequest(m("The condition is not valid JSON.")) from None
    parse(value, as_stored)
    return dict(value)


def text_of(_session: DataSession, _asked: Asked, text: str) -> str:
    """The text itself, where the report judges it when it takes its shape."""
    return str(sound(text))[:200]


def texts_of(_session: DataSession, _asked: Asked, text: str) -> tuple[str, ...]:
    """The same of several with commas between them."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def number_of(_session: DataSession, _asked: Asked, text: str) -> int:
    """A whole number of at most nine digits."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise BadRequest(m("A whole number is expected, not “%(text)s”.", text=text[:20]))
    return int(text)


def choice_of(session: DataSession, asked: Asked, text: str) -> str:
    """The key of a choice, from itself or from what it is called."""
    known: Mapping[str, Label] = asked.parameter.choices(session)
    found = text if text in known else next((key for key, label in known.items() if text in (label.uk, label.en)), None)
    if found is None:
        raise BadRequest(m("“%(text)s” cannot be chosen; %(known)s can.", text=text[:60], known=", ".join(known)))
    return found


def names_of(session: DataSession, asked: Asked, text: str) -> tuple[str, ...]:
    """The dimensions of `by`, each known to the report and visible to the reader."""
    known = {d.key: d for d in asked.report.dimensions}
    wanted = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in wanted:
        if name not in known:
            raise BadRequest(m("The report is not split by “%(name)s”; it knows %(known)s.", name=name[:60], known=", ".join(known)))
        try:
            require(session.sight, asked.report.entity, known[name].path)
        except UnknownName as step:
            raise UnknownName(name, hidden=step.hidden) from None
    return wanted


def order_of(_session: DataSession, asked: Asked, text: str) -> tuple[tuple[str, bool], ...]:
    """Columns to sort by with whether descending; a measure that is left out for the reader counts as hidden."""
    shown = {c.key for c in asked.shown} | {d.key for d in asked.report.dimensions}
    hidden = {c.key for c in asked.report.measures} - shown
    order = []
    for part in (p.strip() for p in text.split(",")):
        key = part.removeprefix("-")
        if key not in shown:
            raise UnknownName(key, hidden=key in hidden)
        order.append((key, part.startswith("-")))
    return tuple(order)


