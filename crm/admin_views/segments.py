"""Segments on cards and in lists: who is in one and why, counting, snapshots, and records put in or taken out together."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from babel.dates import format_date
from flask import Blueprint, make_response, render_template
from sqlalchemy import select
from werkzeug.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import done
from crm.admin_views.kit.beforehand import Asked, begins_with
from crm.admin_views.kit.cells import show_value
from crm.admin_views.kit.conditions import words
from crm.admin_views.kit.form_fields import number_of
from crm.admin_views.kit.panels import panel_at
from crm.admin_views.kit.sentence import told as in_words
from crm.admin_views.kit.standing import standing
from crm.admin_views.kit.timeline import Teller, Words, told
from crm.backoffice.fields.base import Ref
from crm.backoffice.fields.condition import node_of
from crm.backoffice.guard import UserSession
from crm.contacts.segments import counting
from crm.contacts.segments.models import CONDITION, DYNAMIC, FROZEN, SNAPSHOT, STATIC
from crm.contacts.segments.why import Part, parts, sizes
from crm.errors import BadRequest, Forbidden, NotFound, UnknownName
from crm.messages import m, render

pages = Blueprint("segments", __name__)
NUMBER = "<int(min=1, max=2147483647):record_id>"
HEIGHT, WIDTH = 48, 240  # of the drawing of sizes

panel_at("segment", "state")
panel_at("segment_member", "why")


@dataclass(frozen=True)
class Trend:
    """Sizes as a line: `points` of a drawing, the days and sizes at its ends, the largest size."""

    points: str
    first: str
    last: str
    begun: int
    now: int
    most: int


@dataclass(frozen=True)
class Fact:
    """A part of a condition in words, with what the record holds ("" where that is not one value) and whether it fits now."""

    words: str
    value: str
    fits: bool


def _one(session: UserSession, entity: str, record_id: int, keys: tuple[str, ...]) -> Mapping[str, Any]:
    """Fields of a record that this reader sees; those hidden from him are None. Raises NotFound."""
    source, usable = session.table(entity), set(session.sight.filterable(entity))
    shown = [key for key in keys if key in usable]
    row = session.execute(select(source.id, *(source[key] for key in shown)).where(source.visible, source.id == record_id)).first()
    if row is None:
        raise NotFound()
    return {**dict.fromkeys(keys), **dict(zip(shown, row[1:], strict=True))}


# --- a segment -------------------------------------------------------------------------------------------------------


@pages.get(f"/segment/{NUMBER}/state")
def state(record_id: int) -> Response:
    """How many are in it and how that went, by what condition, when it was counted; what can be done with it."""
    session = context.session()
    _reads(session, "segment")
    one = _one(session, "segment", record_id, ("of", "kind", "condition", "counted_at", "frozen_from"))
    of = one["of"] if one["of"] in session.catalog.entities else None
    condition = words(session, of, one["condition"]) if of and one["condition"] else None
    grid = f"/{of}/?where={quote(json.dumps({'field': 'segments.current', 'op': 'eq', 'value': record_id}, separators=(',', ':')))}" if of else ""
    here = standing(session, session.catalog.entity("segment"), record_id)
    html = render_template(
        "admin/segments/state.html", id=record_id, kind=one["kind"], condition=condition, gone=bool(one["condition"]) and condition is None,
        trend=_trend(session, record_id), grid=grid if of and _filters(session, of) else "",
        label=session.catalog.entity(of).plural.text(context.reader().language) if of else "",
        counted=one["counted_at"] is not None, counts=one["kind"] == DYNAMIC and "update" in here.actions,
        freezes=one["kind"] != FROZEN and session.sight.may("segment", "create"),
        freeze=f"/segment/new/?{urlencode({'kind': FROZEN, 'frozen_from': record_id})}",
        adds=one["kind"] == STATIC and bool(session.sight.creatable("segment_member")) and bool(of), of=of,
    )
    return make_response(html)


def _reads(session: UserSession, entity: str) -> None:
    if not session.sight.may(entity, "read"):
        raise Forbidden()


def _filters(session: UserSession, of: str) -> bool:
    return session.sight.may(of, "read") and session.sight.may("segment_member", "read") and {of, "current"} <= set(session.sight.filterable("segment_member"))


def _trend(session: UserSession, record_id: int) -> Trend | None:
    if not session.sight.may("segment_member", "read") or not {"segment", "since", "until"} <= set(session.sight.filterable("segment_member")):
        return None
    found = sizes(session, record_id)
    if not found:
        return None
    zone, language = context.reader().zone, context.reader().language
    most = max(1, *(n for _, n in found))
    step = WIDTH / max(len(found) - 1, 1)
    points = " ".join(f"{step * n:.1f},{HEIGHT - 2 - (HEIGHT - 4) * size / most:.1f}" for n, (_, size) in enumerate(found))
    days = [str(format_date(at.astimezone(zone).date(), "medium", locale=language)) for at, _ in (found[0], found[-1])]
    return Trend(points, days[0], days[1], found[0][1], found[-1][1], most)


@pages.post(f"/segment/{NUMBER}/count")
def count_now(record_id: int) -> Response:
    """Asks for the segment to be counted at once. Raises NotFound, Forbidden, BadRequest for one that is not dynamic."""
    session = context.session()
    _reads(session, "segment")
    one = _one(session, "segment", record_id, ("kind",))
    if "update" not in standing(session, session.catalog.entity("segment"), record_id).actions:
        raise Forbidden()
    if one["kind"] != DYNAMIC:
        raise BadRequest(m("Only a dynamic segment is counted."))
    counting.ask(session, record_id)
    session.commit()
    return done(m("The segment is being counted. It takes a few seconds."))


@begins_with("segment")
def a_snapshot(session: UserSession, asked: Asked) -> Mapping[str, Any]:
    """What is begun on a segment is a snapshot of it, called as the segment with the day."""
    number = number_of(asked.get("frozen_from", ""))
    if number is None:
        return {}
    name = lookup.titles(session, session.catalog.entity("segment"), [number]).get(number)
    reader = context.reader()
    day = format_date(reader.today, "medium", locale=reader.language)
    return {"kind": FROZEN, **({"name": f"{name}, {day}"} if name else {})}


# --- a member --------------------------------------------------------------------------------------------------------


@pages.get(f"/segment_member/{NUMBER}/why")
def why(record_id: int) -> Response:
    """Why this one is in the segment: who put it there, or the condition in its parts with what the record holds now."""
    session, language = context.session(), context.reader().language
    _reads(session, "segment_member")
    member = _one(session, "segment_member", record_id, ("segment", "account", "contact", "how", "since", "until", "why_left", "created_by"))
    facts: list[Fact] = []
    note = ""
    if member["how"] in (CONDITION, SNAPSHOT) and member["segment"] is not None:
        one = _one(session, "segment", member["segment"], ("of", "condition"))
        number = member.get(one["of"] or "")
        if one["condition"] and number is not None:
            facts = _facts(session, one["of"], one["condition"], number)
            note = "" if facts else render(m("The condition names something that is gone, so it cannot be told part by part."), language)
    people = lookup.titles(session, session.catalog.entity("user"), [member["created_by"]]) if member["created_by"] else {}
    kind = session.catalog.entity("segment_member")
    shown = {key: show_value(kind.fields[key], context.reader(), member[key]) for key in ("how", "since", "until", "why_left")}
    html = render_template("admin/segments/why.html", **shown, who=people.get(member["created_by"], ""), facts=facts, note=note, is_now=member["until"] is None)
    return make_response(html)


def _facts(session: UserSession, of: str, text: str, number: int) -> list[Fact]:
    kind = session.catalog.entity(of)
    try:
        node = node_of(text, session.sight.saved)
        return [Fact(in_words(session, kind, part.node), _told(session, part), part.fits) for part in parts(session, of, node, number)]
    except (BadRequest, UnknownName, NotFound):
        return []


def _told(session: UserSession, part: Part) -> str:
    if not part.told:
        return ""
    reader, spec, value = context.reader(), part.field, part.value
    if value is None:
        return render(m("empty"), reader.language)
    if spec is None:
        return str(value)
    if spec.target and spec.target not in session.catalog.configured:
        value = Ref(value, lookup.titles(session, session.catalog.entity(spec.target), [value]).get(value))
    return show_value(spec, reader, value)


@told("segment_in", "segment_out")
def on_a_timeline(teller: Teller) -> Words:
    """The segment, and how the record came in or why it left."""
    language, out = teller.reader.language, teller.item.kind.key == "segment_out"
    title = render(m("Left a segment") if out else m("Came into a segment"), language)
    marks = [teller.html(key) for key in ("segment", "account", "contact")]
    marks.append(teller.html("why_left" if out else "how"))
    return Words(title, f"/segment_member/{teller.item.id}/", "", tuple(mark for mark in marks if mark), who=None if out else teller.value("created_by"))
