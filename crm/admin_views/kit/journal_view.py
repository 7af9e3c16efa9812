"""The journal of a record for people: who changed what and when, in words, grouped by day."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import make_response, request
from flask.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.cells import show_value
from crm.backoffice.entities import Entity
from crm.backoffice.fields.date import date_formatter
from crm.backoffice.guard import UserSession
from crm.backoffice.history import Changed, Happening, history
from crm.backoffice.fields.base import Ref
from crm.backoffice.fields.many_to_many import by_name
from crm.backoffice.resuming import Place, place
from crm.errors import BadRequest
from crm.messages import Message, m, render

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

SHORT = 12
PAGE = 50
ICONS = {"create": "plus", "update": "pencil", "remove": "trash", "restore": "restore", "erase": "shield-lock"}
Names = Mapping[str, Mapping[int, str]]  # entity → number → name
DOORS: dict[str, Message] = {"import": m("import"), "cli": m("command line"), "demo": m("demo company"), "undo": m("undo"), "link": m("link of the customer")}


@dataclass(frozen=True)
class Line:
    """A field's change: its name, what stood there and what stands there now."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Entry:
    """One change in words; `who` is None for a person this reader may not know, "" for no person at all."""

    icon: str
    title: str
    who: str | None
    door: str
    time: str
    moment: str
    lines: list[Line]
    url: str = ""  # where the title, or the name beside it, leads
    name: str = ""  # of the record, where several are told of
    marks: tuple[str, ...] = ()  # short remarks, as HTML
    text: str = ""
    fresh: bool = False  # since the reader saw the record last


Days = list[tuple[str, list[Entry]]]


@dataclass(frozen=True)
class Timeline:
    """What happened by day, newest first, and the key of the older; what lies ahead, soonest first."""

    days: Days
    older: Place | str | None
    ahead: tuple[Entry, ...] = ()


def show(view: "EntityView", record_id: int) -> Response:
    """The whole journal of a record, by pages: `?before=<key>`. Raises NotFound."""
    session, entity = context.session(), view.entity
    before = asked_place()
    made = timeline(session, entity, record_id, PAGE, before)
    if request.args.get("part"):
        return make_response(view.render("admin/model/timeline.html", timeline=made, url=f"/{entity.key}/{record_id}/journal?"))
    name = lookup.titles(session, entity, [record_id]).get(record_id, "")
    html = view.render("admin/model/journal.html", timeline=made, name=name, entity=entity, back=f"/{entity.key}/{record_id}/", first=before is None)
    return make_response(html)


def asked_place() -> Place | None:
    """From where on the address asks for a journal. Raises BadRequest."""
    text = request.args.get("before", "")
    before = place(text)
    if text and before is None:
        raise BadRequest(m("“before” is not a place in the journal."))
    return before


def timeline(
    session: UserSession, entity: Entity, record_id: int, size: int, before: Place | None = None, shown: Container[str] | None = None
) -> Timeline:
    """The changes as this reader may know them; `shown` as `history` takes it. Raises NotFound."""
    happenings, older = history(session, entity, record_id, before=before, size=size, shown=shown)
    return Timeline(days(session, happenings, entity), older)


def days(session: UserSession, happenings: Sequence[Happening], own: Entity | None = None) -> Days:
    """Changes in words, by day: those of one record `own`, or of many, each with the way to its record."""
    named = names(session, wanted_by(session, happenings, titles=own is None))
    return by_day((h.at, entry(h, named, own)) for h in happenings)


def by_day(told: Iterable[tuple[datetime, Entry]]) -> Days:
    """Entries under the days of this reader's calendar."""
    reader = context.reader()
    day = date_formatter(reader.language)
    found: Days = []
    for at, one in told:
        local = at.astimezone(reader.zone)
        heading = render(m("Today"), reader.language) if local.date() == reader.today else day(local)
        if not found or found[-1][0] != heading:
            found.append((heading, []))
        found[-1][1].append(one)
    return found


def entry(h: Happening, named: Names, own: Entity | None) -> Entry:
    """A change in words, on a card of `own` or among those of many records."""
    reader = context.reader()
    local = h.at.astimezone(reader.zone)
    door = render(DOORS[h.source], reader.language) if h.source in DOORS else ""
    lines = [line_of(c, named) for c in h.changes] if h.action == "update" else []
    title, who = _title(h, own is not None and h.entity.key == own.key), person(h.actor_id, named)
    there = named.get(h.entity.key, {}).get(h.record_id)  # a record that is not, for this reader, has no page
    name = (there or f"№ {h.record_id}") if own is None else ""
    url = f"/{h.entity.key}/{h.record_id}/" if name and there is not None else ""
    return Entry(ICONS[h.action], title, who, door, f"{local:%H:%M}", local.isoformat(timespec="seconds"), lines, url, name)


def person(number: int | None, named: Names) -> str | None:
    """The name of a person; "" for nobody, None for one whom this reader may not know."""
    return "" if number is None else named.get("user", {}).get(number)


def _title(h: Happening, own: bool) -> str:
    language = context.reader().language
    kind = h.entity.label
    if own:
        sentences = {"create": m("Added"), "update": m("Changed"), "remove": m("Removed"), "restore": m("Restored"), "erase": m("Personal data erased")}
    else:
        sentences = {
            "create": m("%(kind)s: added", kind=kind), "update": m("%(kind)s: changed", kind=kind),
            "remove": m("%(kind)s: removed", kind=kind), "restore": m("%(kind)s: restored", kind=kind), "erase": m("%(kind)s: personal data erased", kind=kind),
        }
    return render(sentences[h.action], language)


def line_of(change: Changed, named: Names) -> Line:
    """What stood there and what stands there, as HTML."""
    reader = context.reader()

    def paint(value: Any) -> str:
        return show_value(change.field, reader, _named(change, value, named))

    return Line(change.field.label.text(reader.language), paint(change.old), paint(change.new))


def _named(change: Changed, value: Any, named: Names) -> Any:
    """A reference with the name its target has today; without one where this reader may not see it."""
    if value is None or not change.field.target:
        return value
    known = named.get(change.field.target, {})
    if isinstance(value, int):
        return Ref(value, known.get(value))
    return by_name(Ref(v, known.get(v)) for v in value)


def wanted_by(session: UserSession, happenings: Iterable[Happening], *, titles: bool = False) -> dict[str, set[int]]:
    """Every person and record the changes speak of; with `titles` the changed records too."""
    wanted: dict[str, set[int]] = {"user": set()}
    for h in happenings:
        if h.actor_id is not None:
            wanted["user"].add(h.actor_id)
        if titles:
            wanted.setdefault(h.entity.key, set()).add(h.record_id)
        for change in h.changes if h.action == "update" else ():
            if change.field.target and change.field.target not in session.catalog.configured:
                wanted.setdefault(change.field.target, set()).update(_numbers((change.old, change.new)))
    return wanted


def names(session: UserSession, wanted: Mapping[str, set[int]]) -> Names:
    """Their names, as far as this reader may know them: one query."""
    return lookup.names(session, {target: ids for target, ids in wanted.items() if ids})


def _numbers(values: Iterable[Any]) -> Iterable[int]:
    for value in values:
        if isinstance(value, int):
            yield value
        elif isinstance(value, list | tuple):
            yield from (v for v in value if isinstance(v, int))
