"""Likeness asked of many values at once, as an import asks: a few statements a field, whatever the number of rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, String, column, exists, func, select, values

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.likeness import words
from crm.backoffice.likeness.index import ENOUGH, KEYS, Likeness, is_name, keys_of
from crm.backoffice.parts import in_parts
from crm.backoffice.resting import all_show
from crm.backoffice.sight import READ, Source
from crm.backoffice.text import fold

if TYPE_CHECKING:
    from crm.backoffice.guard import DataSession

COMMON = 200  # records that share a key; beyond them the key alone tells nobody apart
LOOKED_AT = 8  # records of a name, of which the likeness is worked out
PART = 400

Values = Mapping[str, Any]
Keys = tuple[str, ...]
Asked = Mapping[int, Values]  # whoever asks → field → value


def resembling_many(session: "DataSession", kind: Entity, asked: Asked, *, most: int = 5) -> dict[int, list[Likeness]]:
    """For each of `asked` that has any the records that this reader sees and that resemble it, the most alike first. Only fields that show to
    him on the record count, as in `resembling`."""
    usable = [name for name in kind.declared.alike if name in session.sight.filterable(kind.key)]
    found: dict[int, dict[int, dict[str, float]]] = {}
    for name in usable:
        given = {one: told[name] for one, told in asked.items() if told.get(name) not in (None, "")}
        alike = _names(session, kind, name, given) if is_name(kind.fields[name]) else _same(session, kind, name, given)
        for one, records in alike.items():
            for record_id, much in records.items():
                found.setdefault(one, {}).setdefault(record_id, {})[name] = much
    return {one: _best(records, most) for one, records in found.items()}


def _best(records: Mapping[int, Mapping[str, float]], most: int) -> list[Likeness]:
    several = [Likeness(record_id, tuple(fields), max(fields.values())) for record_id, fields in records.items()]
    return sorted(several, key=lambda one: (-len(one.fields), -one.much, one.id))[:most]


def _same(session: "DataSession", kind: Entity, name: str, given: Mapping[int, Any]) -> dict[int, dict[int, float]]:
    """Records whose field holds the same."""
    spec = kind.fields[name]
    keys = {one: next(iter(keys_of(spec, value))) for one, value in given.items()}
    holders = _holding(session, kind, name, {(key,) for key in keys.values()}, COMMON)
    stored = _texts(session, kind, name, {record_id for several in holders.values() for record_id in several})
    return {
        one: same for one, key in keys.items()
        if (same := {i: 1.0 for i in holders.get((key,), ()) if fold(stored.get(i, "")) == fold(str(given[one]))})
    }


def _names(session: "DataSession", kind: Entity, name: str, given: Mapping[int, Any]) -> dict[int, dict[int, float]]:
    """Records whose field sounds alike."""
    spec = kind.fields[name]
    spelled = {one: _spellings(spec, str(value)) for one, value in given.items()}
    often = _counts(session, kind, name, {key for several in spelled.values() for known in several.values() for key in known})
    # Another keyboard layout is thought of only where the text as it stands sounds like nothing at all.
    meant = {one: next((text for text, known in several.items() if known & often.keys()), "") for one, several in spelled.items()}
    keys = {one: spelled[one][text] for one, text in meant.items() if text}
    near = _nearest(session, kind, name, {one: sorted((often[key], key) for key in several & often.keys()) for one, several in keys.items()})
    stored = _texts(session, kind, name, {record_id for several in near.values() for record_id in several})
    told = {record_id: words.heard(text).told for record_id, text in stored.items()}
    found: dict[int, dict[int, float]] = {}
    for one, records in near.items():
        alike = _alike(words.heard(meant[one]).told, {i: told[i] for i in records if i in told})
        if alike:
            found[one] = alike
    return found


def _spellings(spec: Field, text: str) -> dict[str, frozenset[str]]:
    """The text as it stands and in the other keyboard layouts, each with what it is found by."""
    return {spelled: keys_of(spec, spelled) for spelled in (text, *words.other_layouts(text))}


def _alike(asked: str, told: Mapping[int, str]) -> dict[int, float]:
    """Which of the names are alike, and how much. What is the same letter by letter leaves no doubt about the rest."""
    same = {i: 1.0 for i, text in told.items() if text == asked}
    if same:
        return same
    return {i: much for i, text in told.items() if (much := words.likeness(text, asked, ENOUGH))}


def _counts(session: "DataSession", kind: Entity, name: str, keys: set[str]) -> dict[str, int]:
    """How many records a key finds, of those that this reader sees: which key is looked by, and whether another keyboard layout is thought of,
    would tell of the others."""
    found: dict[str, int] = {}
    seen = session.access is not None and not (
        all_show(session.sight, kind) and session.sight.grants(kind, kind.fields[name], READ, "read").always)
    for part in in_parts(sorted(keys), PART):
        query = select(KEYS.c.key, func.count()).where(KEYS.c.entity == kind.key, KEYS.c.field == name, KEYS.c.key.in_(part)).group_by(KEYS.c.key)
        if seen:
            source = session.table(kind.key)
            query = query.select_from(KEYS.join(source.table, source.table.c.id == KEYS.c.record_id)).where(*_open(source, name))
        found.update((key, count) for key, count in session.kernel(query))
    return found


def _nearest(session: "DataSession", kind: Entity, name: str, keys: Mapping[int, Sequence[tuple[int, str]]]) -> dict[int, list[int]]:
    """For each of `keys` (how many records share a key, and the key, the rarest first) the records that share most of them. All of these share the
    rarest, or the two rarest where one tells nobody apart. The database compares keys, so that hardly more is fetched than is looked at."""
    base: dict[int, Keys] = {}
    for one, several in keys.items():
        if several and several[0][0] <= COMMON:
            base[one] = (several[0][1],)
        elif len(several) > 1:
            base[one] = (several[0][1], several[1][1])
    first = _holding(session, kind, name, set(base.values()), LOOKED_AT + 1)
    found = {one: first.get(start, []) for one, start in base.items()}
    more: dict[int, list[Keys]] = {
        one: [(*start, key) for _, key in keys[one] if key not in start] for one, start in base.items() if len(found[one]) > LOOKED_AT}
    also = _holding(session, kind, name, {longer for sets in more.values() for longer in sets}, COMMON)
    for one, sets in more.items():
        # Of those that share no other key the first are enough: there is no room for more.
        shared = Counter(dict.fromkeys(found[one], 0))
        for longer in sets:
            shared.update(also.get(longer, ()))
        found[one] = sorted(sorted(shared), key=shared.__getitem__, reverse=True)
    return {one: records[:LOOKED_AT] for one, records in found.items()}


def _holding(session: "DataSession", kind: Entity, name: str, wanted: set[Keys], most: int) -> dict[Keys, list[int]]:
    """The records that have all of several keys, for each of `wanted`: no more than `most`, those with the lowest numbers."""
    found: dict[Keys, list[int]] = {}
    for length in sorted({len(keys) for keys in wanted}):
        for part in in_parts(sorted(keys for keys in wanted if len(keys) == length), PART):
            for *keys, record_id in session.kernel(_holders(session.table(kind.key), kind, name, part, most)):
                found.setdefault(tuple(keys), []).append(record_id)
    return found


def _holders(source: Source, kind: Entity, name: str, wanted: Sequence[Keys], most: int) -> Select[Any]:
    """The query behind `_holding`, of sets of as many keys each: keys and a record that has them all. The first key of each is the rarest: its
    holders are asked for the others, and not the other way round."""
    first = KEYS.alias()
    if len(wanted[0]) == 1:
        keys: list[ColumnElement[str]] = [first.c.key]
        conditions: list[ColumnElement[bool]] = [first.c.key.in_([key for (key,) in wanted])]
    else:
        sought = values(*(column(f"key_{n}", String) for n in range(len(wanted[0]))), name="sought").data(list(wanted)).cte("sought")
        keys = list(sought.c)
        conditions = [first.c.key == keys[0], *(_has(first.c.record_id, kind, name, key) for key in keys[1:])]
    conditions += [first.c.entity == kind.key, first.c.field == name, source.table.c.id == first.c.record_id, *_open(source, name)]
    named = [key.label(f"key_{n}") for n, key in enumerate(keys)]
    place = func.row_number().over(partition_by=keys, order_by=first.c.record_id).label("place")
    placed = select(*named, first.c.record_id, place).where(*conditions).subquery()
    return select(*(placed.c[key.name] for key in named), placed.c.record_id).where(placed.c.place <= most).order_by(placed.c.record_id)


def _has(record: ColumnElement[int], kind: Entity, name: str, key: ColumnElement[str]) -> ColumnElement[bool]:
    keys = KEYS.alias()
    return exists().where(keys.c.entity == kind.key, keys.c.record_id == record, keys.c.field == name, keys.c.key == key)


def _open(source: Source, name: str) -> Sequence[Any]:
    return source.visible, source.shows(name)


def _texts(session: "DataSession", kind: Entity, name: str, ids: set[int]) -> dict[int, str]:
    """The field of records as this reader sees it."""
    found: dict[int, str] = {}
    for part in in_parts(sorted(ids), PART):
        source = session.table(kind.key)
        for record_id, value in session.execute(select(source.id, source[name]).where(source.visible, source.id.in_(part))):
            if value is not None:
                found[record_id] = str(value)
    return found
