"""A record as it was at a moment, beside what has become of it: `?as_of=2026-05-04` is the end of that day, `?as_of=2026-05-04T10:30` of that minute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

from flask import make_response, request
from flask.wrappers import Response

from crm.admin_views.kit import conditions, context, journal_view, lookup
from crm.admin_views.kit.leads import EVERY, Lead, leads_from
from crm.backoffice.as_of import Past, as_of
from crm.backoffice.fields.condition import ConditionField
from crm.backoffice.fields.date import date_formatter
from crm.backoffice.history import Changed, Happening
from crm.backoffice.periods import day_end
from crm.backoffice.guard import UserSession
from crm.errors import BadRequest
from crm.messages import m

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView


@dataclass(frozen=True)
class Was:
    """A field then; `now` where something else stands there today."""

    label: str
    then: str
    now: str
    changed: bool
    erased: bool


@dataclass(frozen=True)
class Part:
    """A titled group of fields, or a row that belonged to the record."""

    label: str
    fields: list[Was]


def show(view: "EntityView", record_id: int) -> Response:
    """The page. Raises NotFound, and BadRequest for what is no moment."""
    session, entity, reader = context.session(), view.entity, context.reader()
    text = request.args.get("as_of", "")
    until = _moment(text)
    own, rows = as_of(session, entity, record_id, until)
    last = (until - timedelta(microseconds=1)).astimezone(reader.zone)
    names = journal_view.names(session, journal_view.wanted_by(session, [_as_happening(past) for past in (own, *rows)]))
    title = lookup.titles(session, entity, [record_id]).get(record_id, "") or f"№ {record_id}"
    children: dict[str, list[Part]] = {}
    for number, past in enumerate(rows, 1):
        part = Part(f"{past.entity.label.text(reader.language)} {number}", _fields(past, names))
        children.setdefault(past.entity.plural.text(reader.language), []).append(part)
    html = view.render(
        "admin/model/as_of.html", entity=entity, title=title, back=f"/{entity.key}/{record_id}/", past=own, parts=_parts(own, names), children=children,
        words=f"{date_formatter(reader.language)(last.date())}, {last:%H:%M}", value=f"{last:%Y-%m-%dT%H:%M}",
    )
    return make_response(html)


def _moment(text: str) -> datetime:
    """The first instant after what was asked for."""
    zone = context.reader().zone
    try:
        if not 1000 < int(text[:4]) < 9000:
            raise ValueError(text)
        if len(text) == 10:
            return day_end(date.fromisoformat(text), zone)
        asked = datetime.fromisoformat(text)
        whole = timedelta(seconds=1) if len(text) > 16 else timedelta(minutes=1)
        return ((asked if asked.tzinfo else asked.replace(tzinfo=zone)) + whole).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest(m("“%(key)s” is a day, as 2026-05-04.", key="as_of")) from None


def _as_happening(past: Past) -> Happening:
    """For the names that its values speak of."""
    changes = tuple(Changed(past.entity.fields[key], past.values.get(key), past.now.get(key)) for key in past.now)
    return Happening(0, datetime.now(UTC), None, "", "update", past.entity, past.id, changes)


def _parts(past: Past, names: journal_view.Names) -> list[Part]:
    language, placed = context.reader().language, set[str]()
    found: list[Part] = []
    for section in context.session().sight.layout(past.entity.key).sections:
        placed |= set(section.fields)
        found.append(Part(section.label.text(language), _fields(past, names, section.fields)))
    found.append(Part("", _fields(past, names, [key for key in past.now if key not in placed])))
    return [part for part in found if part.fields]


def _fields(past: Past, names: journal_view.Names, keys: Sequence[str] | None = None) -> list[Was]:
    """Those that held something, or hold something now."""
    found: list[Was] = []
    for key in keys if keys is not None else tuple(past.now):
        if key not in past.now or (keys is None and key == past.entity.parent):
            continue
        changed, erased = key in past.changed, key in past.erased
        spec, then, now = past.entity.fields[key], past.values.get(key), past.now.get(key)
        line = journal_view.line_of(Changed(spec, then, now), names)
        if isinstance(spec, ConditionField):
            line = replace(line, old=_sentence(spec, past.values, line.old), new=_sentence(spec, past.now, line.new))
        if changed or then not in (None, "", ()):
            found.append(Was(line.label, line.old, line.new if changed else "", changed, erased))
    return found


def _sentence(spec: ConditionField, values: Mapping[str, Any], otherwise: str) -> str:
    """A condition in words, as HTML, where it is known of which records it is."""
    of, text = values.get(spec.over), values.get(spec.key)
    told = conditions.words(context.session(), of, text) if isinstance(of, str) and isinstance(text, str) else None
    return escape(told) if told is not None else otherwise


@leads_from(EVERY)
def as_it_was(session: UserSession, entity: str, record_id: int) -> list[Lead]:
    """From the menu of every record, beginning with today."""
    return [Lead(m("As it was"), f"/{entity}/{record_id}/?as_of={context.reader().today.isoformat()}", "calendar-event")]
