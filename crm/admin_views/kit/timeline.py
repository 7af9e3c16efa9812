"""The timeline of a record for people: what is next, what happened by day, and the kinds to choose among."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import make_response, request
from flask.wrappers import Response

from crm.admin_views.kit import context, journal_view, lookup
from crm.admin_views.kit.cells import show_value
from crm.admin_views.kit.days import moment_words
from crm.admin_views.kit.journal_view import Entry, Names, Timeline
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Reader, Ref
from crm.backoffice.guard import UserSession
from crm.backoffice.history import Happening
from crm.backoffice.timeline import kinds as registered, merged
from crm.backoffice.timeline.stories import Item
from crm.errors import NotFound
from crm.messages import Label

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

SHORT = 12
PAGE = 50
TOGETHER = timedelta(seconds=5)  # a change and what it is told as
JOURNAL = {registered.CHANGE: Label("Зміни", "Changes"), registered.IMPORT: Label("Імпорт", "Import")}


@dataclass(frozen=True)
class Chip:
    """A kind to choose: where a press leads, and whether it is chosen now."""

    label: str
    url: str
    on: bool


@dataclass(frozen=True)
class Words:
    """An item in words: what it is, remarks as HTML, and what was said. `url` leads to it."""

    title: str
    url: str = ""
    icon: str = ""
    marks: tuple[str, ...] = ()
    text: str = ""
    who: int | None = None


@dataclass(frozen=True)
class Teller:
    """An item as the one who puts it into words meets it; `on` is the card it stands on: entity and number."""

    item: Item
    reader: Reader
    named: Names
    entity: Entity
    on: tuple[str, int]

    def value(self, key: str) -> Any:
        """A field as stored; None also where this reader does not see it."""
        return self.item.values.get(key)

    def option(self, key: str) -> str:
        """The key of a chosen option, "" for none."""
        found = self.reader.catalog.options.get(self.value(key)) if self.reader.catalog else None
        return found.key if found else ""

    def text(self, key: str) -> str:
        """A field as text; of a reference the name of the record, "" where it is not this reader's."""
        value, spec = self.value(key), self.entity.fields[key]
        if value is None:
            return ""
        if spec.target and self.reader.catalog and spec.target not in self.reader.catalog.configured:
            return self.named.get(spec.target, {}).get(value, "")
        return spec.formatter(self.reader)(value)

    def html(self, key: str) -> str:
        """A field as it stands on a card; "" for nothing, and for the record whose card it is."""
        value, spec = self.value(key), self.entity.fields[key]
        if value is None or (spec.target, value) == self.on:
            return ""
        return show_value(spec, self.reader, Ref(value, self.named.get(spec.target, {}).get(value)) if spec.target else value)


Make = Callable[[Teller], Words]
_tellers: dict[str, Make] = {}


def told(*kinds: str) -> Callable[[Make], Make]:
    """Mark a function that puts items of these kinds into words."""

    def keep(function: Make) -> Make:
        _tellers.update(dict.fromkeys(kinds, function))
        return function

    return keep


def asked() -> tuple[str, ...]:
    """The kinds that the address names; none is all."""
    return tuple(dict.fromkeys(key for key in request.args.get("kinds", "")[:500].split(",") if key))


def show(view: "EntityView", record_id: int) -> Response:
    """The whole timeline of a record by pages: `?kinds=a,b&before=<key>`; with `part=1` the rows alone. Raises NotFound, UnknownName."""
    session, entity = context.session(), view.entity
    before, here = request.args.get("before", ""), f"/{entity.key}/{record_id}/"
    name = lookup.titles(session, entity, [record_id])
    if record_id not in name:
        raise NotFound()
    made = of_record(session, entity, record_id, size=PAGE, kinds=asked(), after=before)
    if request.args.get("part"):
        return make_response(view.render("admin/model/timeline.html", timeline=made, url=older_url(here)))
    html = view.render(
        "admin/model/timeline_page.html", timeline=made, url=older_url(here), name=name[record_id], entity=entity, back=here, first=not before,
        chips=chips(session, entity, {}, f"{here}timeline"), kinds=asked(),
    )
    return make_response(html)


def older_url(here: str) -> str:
    """Where the rest of what the address shows is asked for, but for its key."""
    return f"{here}timeline?{urlencode({'kinds': ','.join(asked())})}&" if asked() else f"{here}timeline?"


def chips(session: UserSession, entity: Entity, args: Mapping[str, str], base: str) -> list[Chip]:
    """The kinds this reader may choose among; a press adds one to the chosen, or takes it out."""
    language, now = context.reader().language, asked()
    labels = {kind.key: kind.label for kind in registered.every()} | JOURNAL
    found = []
    for key in merged.offered(session, entity):
        rest = [k for k in now if k != key] if key in now else [*now, key]
        words = {k: v for k, v in {**args, "kinds": ",".join(rest)}.items() if v}
        found.append(Chip(labels[key].text(language), f"{base}{'?' if words else ''}{urlencode(words)}#timeline", key in now))
    return found


def of_record(
    session: UserSession, entity: Entity, record_id: int, *, size: int, kinds: Sequence[str] = (), after: str = "", shown: Container[str] | None = None,
    seen: datetime | None = None,
) -> Timeline:
    """A page of the timeline in words; what others have changed since the reader has `seen` it is marked. Raises NotFound, UnknownName."""
    page = merged.page(session, entity, record_id, size=size, wanted=kinds, after=after, shown=shown)
    reader, here = context.reader(), (entity.key, record_id)
    items = [one for one in (*page.ahead, *page.past) if isinstance(one, Item)]
    happened = [one for one in page.past if isinstance(one, Happening)]
    wanted = journal_view.wanted_by(session, happened)
    for item in items:
        for key, spec in session.catalog.entity(item.kind.entity).fields.items():
            number = item.values.get(key)
            if spec.target and spec.target not in session.catalog.configured and isinstance(number, int):
                wanted.setdefault(spec.target, set()).add(number)
    named = journal_view.names(session, wanted)

    def words(item: Item) -> Words:
        return _words(Teller(item, reader, named, session.catalog.entity(item.kind.entity), here))

    soon, people = moment_words(reader), named
    ahead = tuple(replace(_entry(item, words(item), people, reader), time=soon(item.at)) for item in page.ahead)
    rows = []
    for one in page.past:
        if isinstance(one, Item):
            rows.append((one.at, _entry(one, words(one), people, reader)))
        elif (once := _told_once(one, items, session)) is not None:
            fresh = seen is not None and one.at > seen and one.actor_id != session.actor_id
            rows.append((one.at, replace(journal_view.entry(once, named, entity), fresh=fresh)))
    return Timeline(journal_view.by_day(rows), page.older, ahead)


def _entry(item: Item, words: Words, named: Names, reader: Reader) -> Entry:
    local = item.at.astimezone(reader.zone)
    who = journal_view.person(words.who, named)
    icon, at = words.icon or item.kind.icon, local.isoformat(timespec="seconds")
    return Entry(icon, words.title, who, "", f"{local:%H:%M}", at, [], words.url, marks=words.marks, text=words.text)


def _words(teller: Teller) -> Words:
    make = _tellers.get(teller.item.kind.key)
    if make is not None:
        return make(teller)
    label, title = teller.item.kind.label.text(teller.reader.language), teller.entity.declared.title
    name = teller.text(title) if title in teller.item.values else ""
    return Words(f"{label}: {name}" if name else label, f"/{teller.entity.key}/{teller.item.id}/")


def _told_once(change: Happening, items: Sequence[Item], session: UserSession) -> Happening | None:
    """A change without what an item of the same page says better; None when nothing of it is left."""
    said = set()
    for item in items:
        parent = session.catalog.entity(item.kind.entity).parent
        of = item.values.get(parent) if parent else item.id
        entity = session.catalog.entity(item.kind.entity).fields[parent].target if parent else item.kind.entity
        if item.kind.repeats and (entity, of) == (change.entity.key, change.record_id) and abs(item.at - change.at) < TOGETHER:
            said.add(item.kind.repeats)
    left = tuple(one for one in change.changes if one.field.key not in said)
    return change if change.action != "update" or len(left) == len(change.changes) else replace(change, changes=left) if left else None
