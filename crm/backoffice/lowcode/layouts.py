"""Layouts in a configuration file: read, compared, put in force, printed. One is of an entity for everybody, or for the holders of a role."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete, insert, update

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.guard import SystemSession
from crm.backoffice.layouts import PARTS, TABLE, Said, fields_in, fillable, sorts
from crm.backoffice.lists import MAX_COLUMNS
from crm.backoffice.lowcode.icons import ICONS
from crm.backoffice.lowcode.parsing import both, once, only, order, section_of, wrong
from crm.messages import Message, m

MOST_SORTS, MOST_SECTIONS, MOST_OF_FACE, LAST_PLACE = 4, 50, 8, 999


@dataclass(frozen=True)
class LayoutSpec:
    """What a file says of an entity's layout: for everybody, or for a role by key. Nothing said: it goes."""

    entity: str
    role: str
    said: Said


def layouts_of(key: str, said: Any, catalog: Catalog) -> list[LayoutSpec]:
    """What stands under one key of the section `layouts`; under nothing, all layouts of the entity go. Raises BadRequest."""
    place = m("layout “%(key)s”", key=key)
    kind = catalog.entities.get(key)
    if kind is None:
        raise wrong(place, m("there is no entity “%(key)s”", key=key))
    if said is None or said == {}:
        return [LayoutSpec(key, role, {}) for role in ("", *(role for role in catalog.layouts.get(key, {}) if role))]
    only(said, (*PARTS, "roles"), place)
    found = [LayoutSpec(key, "", _layout(said, kind, catalog, place))] if any(part in said for part in PARTS) else []
    for role, own in section_of(said, "roles", place):
        within = m("layout “%(key)s”", key=f"{key}, {role}")
        own = {} if own is None else own
        only(own, PARTS, within)
        found.append(LayoutSpec(key, role, _layout(own, kind, catalog, within)))
    return found


def _layout(said: Mapping[str, Any], kind: Entity, catalog: Catalog, place: Message) -> dict[str, Any]:
    """A layout in its fixed form. Raises BadRequest."""
    fields, writes = kind.fields, fillable(kind)
    found: dict[str, Any] = {
        "columns": _keys(said, "columns", fields.__contains__, place), "face": _keys(said, "face", fields.__contains__, place),
        "quick": _keys(said, "quick", writes.__contains__, place),
        "sort": said.get("sort") or "", "sections": _sections(said.get("sections") or [], kind, place), "rest": said.get("rest") or "",
    }
    if len(found["columns"]) > MAX_COLUMNS:
        raise wrong(place, m("a list shows at most %(count)s columns", count=MAX_COLUMNS))
    if len(found["face"]) > MOST_OF_FACE:
        raise wrong(place, m("a card on a board shows at most %(count)s fields", count=MOST_OF_FACE))
    if not isinstance(found["sort"], str):
        raise wrong(place, m("“sort” is a text: -created_at,name"))
    sorted_by = [key.strip() for key in found["sort"].split(",")] if found["sort"] else []
    found["sort"] = ",".join(sorted_by)
    unsorted = next((key for key in sorted_by if not sorts(kind, key.removeprefix("-"))), None)
    if unsorted is not None:
        raise wrong(place, m("a list is not sorted by “%(sort)s”", sort=unsorted[:80]))
    once((key.removeprefix("-") for key in sorted_by), place)
    if len(sorted_by) > MOST_SORTS:
        raise wrong(place, m("a list is sorted by at most four fields"))
    if found["rest"] not in ("", "shown", "hidden"):
        raise wrong(place, m("“rest” is shown or hidden"))
    found["help"] = _help(said.get("help") or {}, kind, place)
    found["related"] = _keys(said, "related", kind.relations.__contains__, place)
    found["menu"] = _menu(said.get("menu") or {}, kind, catalog, place)
    return {part: found[part] for part in PARTS if found[part]}


def _keys(said: Mapping[str, Any], name: str, there: Callable[[str], bool], place: Message) -> list[str]:
    given = said.get(name) or []
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise wrong(place, m("“%(name)s” is a list of keys", name=name))
    unknown = next((one for one in given if not there(one)), None)
    if unknown is not None:
        raise wrong(place, m("“%(name)s” knows no “%(key)s”", name=name, key=unknown[:80]))
    once(given, place)
    return list(given)


def _sections(given: Any, kind: Entity, place: Message) -> list[dict[str, Any]]:
    if not isinstance(given, list) or len(given) > MOST_SECTIONS:
        raise wrong(place, m("“sections” is a list of at most %(count)s", count=MOST_SECTIONS))
    found: list[dict[str, Any]] = []
    for one in given:
        only(one, ("label", "fields"), place)
        fields = one.get("fields")
        if not isinstance(fields, list) or not fields or not all(isinstance(field, str) or _breadth(field) for field in fields):
            raise wrong(place, m("a section names its “fields”: [name, {notes: wide}], each wide, half or as its type has it"))
        found.append({"label": both(one, "label", place).as_dict(), "fields": fields})
    named = [key for one in found for key, _ in fields_in(one)]
    unknown = next((key for key in named if key not in kind.fields), None)
    if unknown is not None:
        raise wrong(place, m("there is no field “%(key)s”", key=unknown[:80]))
    once(named, place)
    return found


def _help(given: Any, kind: Entity, place: Message) -> dict[str, dict[str, str]]:
    only(given, kind.fields, place)
    return {key: both(given, key, place).as_dict() for key in given}


def _breadth(field: Any) -> bool:
    return isinstance(field, Mapping) and len(field) == 1 and all(isinstance(key, str) and value in ("wide", "half") for key, value in field.items())


def areas(catalog: Catalog) -> set[str]:
    """The areas of the menu in which entities may stand."""
    return {one.declared.area for one in catalog.entities.values() if one.declared.area and not one.custom} | {"other"}


def _menu(given: Any, kind: Entity, catalog: Catalog, place: Message) -> dict[str, Any]:
    only(given, ("area", "order", "icon", "hidden"), place)
    if given and not kind.is_record:
        raise wrong(place, m("its rows belong to other records and stand in no menu"))
    known = areas(catalog)
    area, icon, number, hidden = (given.get(name) for name in ("area", "icon", "order", "hidden"))
    if area is not None and (not isinstance(area, str) or area not in known):
        raise wrong(place, m("the areas of the menu are %(known)s", known=", ".join(sorted(known))))
    if icon is not None and icon not in ICONS:
        raise wrong(place, m("the icons are %(known)s", known=", ".join(ICONS)))
    if number is not None and (type(number) is not int or not 1 <= number <= LAST_PLACE):
        raise wrong(place, m("“%(name)s” is a whole number from %(least)s to %(most)s", name="order", least=1, most=LAST_PLACE))
    if hidden is not None and not isinstance(hidden, bool):
        raise wrong(place, m("“%(name)s” is true or false", name="hidden"))
    return {name: given[name] for name in ("area", "order", "icon", "hidden") if given.get(name) is not None}


# --- in force ----------------------------------------------------------------------------------------------------------


def effects(catalog: Catalog, specs: Sequence[LayoutSpec]) -> Iterator[tuple[LayoutSpec, str]]:
    """The layouts that a file changes, each with what becomes of it."""
    for spec in specs:
        known = catalog.layouts.get(spec.entity, {})
        old = known.get(spec.role)
        if old is None:
            if spec.said:
                yield spec, "create"
        elif not spec.said:
            yield spec, "remove"
        elif old != spec.said or _roles(known).index(spec.role) != _placed(catalog, specs, spec.entity).index(spec.role):
            yield spec, "change"


def _roles(known: Mapping[str, Said]) -> list[str]:
    return ["", *(role for role in known if role)]


def _placed(catalog: Catalog, specs: Iterable[LayoutSpec], entity: str) -> list[str]:
    """The roles of an entity after a file, everybody first: the first that a person holds decides."""
    named = [spec.role for spec in specs if spec.entity == entity and spec.role and spec.said]
    return ["", *order(_roles(catalog.layouts.get(entity, {}))[1:], named)]


def over(catalog: Catalog, specs: Sequence[LayoutSpec]) -> Catalog:
    """The catalog as it would be with these layouts in force; nothing is written."""
    found: dict[str, Mapping[str, Said]] = dict(catalog.layouts)
    for entity in {spec.entity for spec in specs}:
        known = dict(catalog.layouts.get(entity, {})) | {spec.role: spec.said for spec in specs if spec.entity == entity}
        found[entity] = MappingProxyType({role: known[role] for role in _placed(catalog, specs, entity) if known.get(role)})
    return replace(catalog, layouts=MappingProxyType(found))


def write(session: SystemSession, specs: Sequence[LayoutSpec], touched: Collection[tuple[str, str, str | None]]) -> None:
    """Put in force those that change."""
    changing = [spec for spec in specs if ("layout", spec.entity, spec.role or None) in touched]
    for spec in changing:
        remove(session, spec.entity, spec.role)
        if spec.said:
            session.execute(insert(TABLE).values(entity=spec.entity, role=spec.role, said=dict(spec.said)))
    for entity in {spec.entity for spec in changing}:
        for place, role in enumerate(_placed(session.catalog, specs, entity)):
            session.execute(update(TABLE).where(TABLE.c.entity == entity, TABLE.c.role == role).values(position=place))


def remove(session: SystemSession, entity: str, role: str) -> None:
    """Take one away: what it said is said by the next again."""
    session.execute(delete(TABLE).where(TABLE.c.entity == entity, TABLE.c.role == role))


# --- how a file says it --------------------------------------------------------------------------------------------


def forms(catalog: Catalog) -> dict[str, Any]:
    """All of them, entities in their order."""
    return {key: _form(catalog.layouts[key]) for key in catalog.entities if key in catalog.layouts}


def _form(known: Mapping[str, Said]) -> dict[str, Any]:
    roles = {role: dict(said) for role, said in known.items() if role}
    return {**known.get("", {}), **({"roles": roles} if roles else {})}


def named_in(kept: Mapping[str, Any]) -> tuple[LayoutSpec, ...]:
    """The layouts of a form that was kept with a version."""
    found: list[LayoutSpec] = []
    for entity, said in kept.items():
        own = {part: said[part] for part in PARTS if part in said}
        found += [LayoutSpec(entity, "", own)] if own else []
        found += [LayoutSpec(entity, role, one) for role, one in said.get("roles", {}).items()]
    return tuple(found)


def touched(before: Sequence[LayoutSpec], changes: Sequence[Mapping[str, Any]], roles: Collection[str]) -> Iterator[LayoutSpec]:
    """Of layouts as they were before a version those that it changed or removed; of `roles` that are still there."""
    did = {(change["entity"], change["field"]) for change in changes if change["kind"] == "layout"}
    return (spec for spec in before if (spec.entity, spec.role or None) in did and (not spec.role or spec.role in roles))
