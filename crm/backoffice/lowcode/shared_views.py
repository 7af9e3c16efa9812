"""Shared views in a configuration file: read, compared, put in force, printed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession
from crm.backoffice.lists import MAX_COLUMNS, SIZES
from crm.backoffice.lowcode import shared
from crm.backoffice.sight import Sight
from crm.backoffice.views.models import SavedView, ViewUse
from crm.backoffice.views.shared import SharedView
from crm.backoffice.views.shelf import STANDARD, forget_uses
from crm.backoffice.views.shows import NARROWEST, PARTS, WIDEST, cleaned
from crm.errors import BramaError
from crm.messages import Label, Message, m

NAMES = ("entity", "label", "roles", "default_for", "widths", *PARTS)
TABLE = SavedView.__table__


def shared_view(key: str, label: Label, spec: Mapping[str, Any], catalog: Catalog) -> SharedView | Message:
    """The view of a file whose names are already known to be right, or what is wrong with it."""
    entity = spec.get("entity")
    if not isinstance(entity, str) or entity not in catalog.entities:
        return m("“entity” names no entity")
    if key == STANDARD or key.isdecimal():
        return m("“%(key)s” is not a usable key", key=key)
    for name in ("roles", "default_for", "columns"):
        if not isinstance(spec.get(name) or [], list) or not all(isinstance(one, str) for one in spec.get(name) or []):
            return m("“%(name)s” is a list of keys", name=name)
    shows = {part: spec[part] for part in (*PARTS, "widths") if spec.get(part)}
    wrong = _wrong(shows)
    if wrong is not None:
        return wrong
    everything = Sight(None, catalog, catalog.reader())
    found, out = cleaned(everything, entity, shows)
    if out:
        return _missing(everything, entity, shows, found)
    return SharedView(key, entity, label, found, _keys(spec, "roles"), _keys(spec, "default_for"))


def _keys(spec: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(spec.get(name) or []))


def _wrong(shows: Mapping[str, Any]) -> Message | None:
    widths = shows.get("widths", {})
    if not isinstance(widths, Mapping) or not all(type(w) is int and NARROWEST <= w <= WIDEST for w in widths.values()):
        return m("“widths” are pixels from %(low)s to %(high)s", low=NARROWEST, high=WIDEST)
    if shows.get("size", SIZES[0]) not in SIZES:
        return m("“size” is one of %(sizes)s", sizes=", ".join(map(str, SIZES)))
    if len(shows.get("columns", ())) > MAX_COLUMNS:
        return m("a list shows at most %(count)s columns", count=MAX_COLUMNS)
    if not all(isinstance(shows.get(part, ""), str) for part in ("search", "sort", "group")):
        return m("“search”, “sort” and “group” are texts")
    if shows.get("unread", True) is not True:
        return m("“unread” is true or not there")
    return None


def _missing(everything: Sight, entity: str, shows: Mapping[str, Any], found: Mapping[str, Any]) -> Message:
    """Which column, order or condition names something that does not exist."""
    column = next((key for key in shows.get("columns", ()) if key not in found.get("columns", ())), None)
    if column is not None:
        return m("there is no field “%(key)s”", key=str(column)[:80])
    if shows.get("sort") and shows["sort"] != found.get("sort"):
        return m("a list is not sorted by “%(sort)s”", sort=shows["sort"][:80])
    if shows.get("group") and shows["group"] != found.get("group"):
        return m("a list is not grouped by “%(group)s”", group=str(shows["group"])[:80])
    if shows.get("unread") and not found.get("unread"):
        return m("of this list it is not told what is unread")
    try:
        everything.table(entity).asked(shows.get("where"))
    except BramaError as wrong:
        return wrong.message
    return m("the condition makes no sense")


def known(catalog: Catalog, spec: SharedView) -> SharedView | None:
    """The view in force under this key, without what names a field that is gone: a file cannot say it, so it is no difference."""
    found = catalog.views.get(spec.key)
    return clean(catalog, found) if found is not None else None


def clean(catalog: Catalog, view: SharedView) -> SharedView:
    if view.entity not in catalog.entities:
        return view
    shows, _ = cleaned(Sight(None, catalog, catalog.reader()), view.entity, view.shows)
    return SharedView(view.key, view.entity, view.label, shows, view.roles, view.default_for, view.id)


def effects(catalog: Catalog, specs: Sequence[SharedView]) -> Iterator[tuple[SharedView, str]]:
    """The views that a file changes, each with what becomes of it."""
    return shared.effects(catalog.views, specs, lambda spec: known(catalog, spec))


def write(session: SystemSession, specs: Sequence[SharedView]) -> None:
    """Put views in force under their keys; who has starred one still has."""
    shared.put(session, TABLE, session.catalog.views, specs, lambda spec: {
        "entity": spec.entity, "label_uk": spec.label.uk, "label_en": spec.label.en, "shows": dict(spec.shows), "roles": list(spec.roles),
        "default_for": list(spec.default_for),
    })


def remove(session: SystemSession, key: str) -> None:
    """Take a view away from all; the stars that it had go with it."""
    forget_uses(session, ViewUse.__table__.c.view_id.in_(select(TABLE.c.id).where(TABLE.c.key == key)))
    session.execute(delete(TABLE).where(TABLE.c.key == key))


def form(catalog: Catalog, view: SharedView) -> dict[str, Any]:
    """How a file says it."""
    shows = clean(catalog, view).shows
    lists_of_keys = {name: list(keys) for name, keys in (("roles", view.roles), ("default_for", view.default_for)) if keys}
    return {"entity": view.entity, "label": view.label.as_dict(), **{part: shows[part] for part in (*PARTS, "widths") if part in shows}, **lists_of_keys}


def forms(catalog: Catalog) -> dict[str, Any]:
    """All of them, in order; a view of an entity that is gone is none."""
    return {key: form(catalog, view) for key, view in catalog.views.items() if view.entity in catalog.entities}


def touched(catalog: Catalog, before: Iterable[SharedView], changes: Iterable[Mapping[str, Any]]) -> Iterator[SharedView]:
    """Of views as they were before a version those that it changed or removed, unless they are gone since."""
    return shared.touched("view", catalog.views, before, changes)
