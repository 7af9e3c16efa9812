"""Saved conditions in a configuration file: read, compared, put in force, printed. They are kept as the file says them."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete, insert, update

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.compiler import compile_condition
from crm.backoffice.conditions.renaming import Renaming
from crm.backoffice.conditions.saved import TABLE, SavedCondition, SavedConditions
from crm.backoffice.conditions.tree import as_stored, dump, parse, saved_in
from crm.backoffice.entities import Entity
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.parsing import label_of, only, section_of, wrong
from crm.backoffice.sight import Sight
from crm.errors import BramaError, UnknownName
from crm.messages import Label, Message, m

NAMES = ("entity", "label", "note", "where")
MOST = 1000
LONGEST_NOTE = 1000


def conditions_of(raw: Mapping[str, Any]) -> tuple[list[SavedCondition], list[str]]:
    """The section `conditions`, and the keys of those that it removes (`key: null`). Raises BadRequest."""
    found: list[SavedCondition] = []
    gone: list[str] = []
    given = section_of(raw, "conditions")
    if len(given) > MOST:
        raise wrong(m("the file"), m("“conditions” holds at most %(count)s", count=MOST))
    for key, said in given:
        if said is None:
            gone.append(key)
        else:
            found.append(condition_of(key, said))
    return found, gone


def condition_of(key: str, said: Any) -> SavedCondition:
    """One of the section. Raises BadRequest."""
    place = place_of(key)
    only(said, NAMES, place)
    if not isinstance(said.get("entity"), str):
        raise wrong(place, m("“entity” names no entity"))
    if said.get("where") is None:
        raise wrong(place, m("“%(name)s” is missing", name="where"))
    try:
        where = json.loads(json.dumps(dump(parse(said["where"], as_stored)), default=str, allow_nan=False))
    except BramaError as fault:
        raise wrong(place, m("the condition makes no sense: %(why)s", why=fault.message)) from None
    except ValueError:
        raise wrong(place, m("“%(name)s” compares with something that is no value", name="where")) from None
    return SavedCondition(key, said["entity"], label_of(said, place), MappingProxyType(where), _note(said.get("note"), place))


def _note(given: Any, place: Message) -> Label | None:
    if not given:
        return None
    texts = {"uk": given, "en": given} if isinstance(given, str) else given
    if not isinstance(texts, Mapping) or set(texts) - {"uk", "en"} or not all(isinstance(one, str) and len(one) <= LONGEST_NOTE for one in texts.values()):
        raise wrong(place, m("a note has “uk” and “en”, each of at most %(limit)s characters", limit=LONGEST_NOTE))
    uk, en = (texts.get(language, "").strip() for language in ("uk", "en"))
    return Label(uk or en, en or uk) if uk or en else None


def place_of(key: str) -> Message:
    return m("saved condition “%(key)s”", key=key)


# --- over a whole catalog ------------------------------------------------------------------------------------------


def conditions_with(
    catalog: Catalog, specs: Iterable[SavedCondition], gone: Collection[str] = (), moves: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> SavedConditions:
    """All of them as they would be; `moves` are fields that get other keys. Raises BadRequest for one that would be about other records."""
    change = Renaming(moves)
    known = {key: _following(one, catalog.entities, change) if moves else one for key, one in catalog.saved.known.items()}
    for spec in specs:
        old = known.get(spec.key)
        if old is not None and old.entity != spec.entity:
            raise wrong(place_of(spec.key), m("it is about “%(entity)s” and stays so; make another one for “%(other)s”", entity=old.entity, other=spec.entity))
        known[spec.key] = spec
    return SavedConditions(MappingProxyType({key: one for key, one in known.items() if key not in gone}), catalog.saved.own)


def _following(one: SavedCondition, entities: Mapping[str, Entity], change: Renaming) -> SavedCondition:
    kind = entities.get(one.entity)
    if kind is None:
        return one
    before = parse(one.where, as_stored)
    after = change.inside(before, kind, entities)
    return one if after == before else replace(one, where=MappingProxyType(dump(after)))


def verify(catalog: Catalog) -> None:
    """Raises BadRequest for one that leads to itself, grows beyond the bounds or names what is not there."""
    for key, why in catalog.saved.problems.items():
        raise wrong(place_of(key), m("the condition makes no sense: %(why)s", why=why.message))
    sight = Sight(None, catalog, catalog.reader())
    for key, one in catalog.saved.known.items():
        try:
            source = sight.table(one.entity)
        except UnknownName:
            raise wrong(place_of(key), m("there is no entity “%(key)s”", key=one.entity[:64])) from None
        try:
            compile_condition(parse(one.where, catalog.saved), source)
        except BramaError as fault:
            raise wrong(place_of(key), m("the condition makes no sense: %(why)s", why=fault.message)) from None


def changed_meaning(before: SavedConditions, after: SavedConditions) -> set[str]:
    """The keys of those that say something else than before, by themselves or through one that they name."""
    return {key for key in before.known.keys() & after.known.keys() if not _same(before, after, key)}


def _same(before: SavedConditions, after: SavedConditions, key: str) -> bool:
    if key in before.problems or key in after.problems:
        return before.known[key] == after.known[key]
    return before(key) == after(key)


def reaching(conditions: SavedConditions, keys: Collection[str]) -> set[str]:
    """`keys` and those that name one of them, through others too."""
    found = set(keys)
    while more := {key for key, one in conditions.known.items() if key not in found and found & set(saved_in(parse(one.where, as_stored)))}:
        found |= more
    return found


# --- what a file changes ---------------------------------------------------------------------------------------------


def effects(catalog: Catalog, specs: Sequence[SavedCondition]) -> Iterator[tuple[SavedCondition, str]]:
    """Those that a file changes, each with what becomes of it."""
    for spec in specs:
        old = catalog.saved.known.get(spec.key)
        if old is None:
            yield spec, "create"
        elif old.where != spec.where:
            yield spec, "change"
        elif old != spec:
            yield spec, "label"


def write(session: SystemSession, specs: Sequence[SavedCondition]) -> None:
    for spec in specs:
        note = spec.note or Label("", "")
        values = {"entity": spec.entity, "label_uk": spec.label.uk, "label_en": spec.label.en, "note_uk": note.uk, "note_en": note.en, "said": dict(spec.where)}
        if session.execute(update(TABLE).where(TABLE.c.key == spec.key).values(**values)).rowcount == 0:  # type: ignore[attr-defined]
            session.execute(insert(TABLE).values(key=spec.key, **values))


def remove(session: SystemSession, key: str) -> None:
    session.execute(delete(TABLE).where(TABLE.c.key == key))


def form(one: SavedCondition) -> dict[str, Any]:
    """How a file says it."""
    return {"entity": one.entity, "label": one.label.as_dict()} | ({"note": one.note.as_dict()} if one.note else {}) | {"where": dict(one.where)}


def forms(catalog: Catalog) -> dict[str, Any]:
    return {key: form(one) for key, one in catalog.saved.known.items()}


def touched(before: Sequence[SavedCondition], changes: Iterable[Mapping[str, Any]]) -> Iterator[SavedCondition]:
    """Of conditions as they were, those that a version changed."""
    keys = {c["field"] for c in changes if c["kind"] == "condition"}
    return (one for one in before if one.key in keys)
