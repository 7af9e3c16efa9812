"""Likeness asked of many values at once, as an import asks: a few statements a field, whatever the number of rows."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, tuple_

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.likeness import words
from crm.backoffice.likeness.index import ENOUGH, KEYS, Likeness, is_name, keys_of
from crm.backoffice.parts import in_parts
from crm.backoffice.sight import READ, Source
from crm.backoffice.text import fold

if TYPE_CHECKING:
    from crm.backoffice.guard import DataSession

COMMON = 200  # records that share a key; beyond them the key alone tells nobody apart
LOOKED_AT = 8  # records of a name, of which the likeness is worked out
PART = 400

Values = Mapping[str, Any]
Asked = Mapping[int, Values]  # whoever asks → field → value


def resembling_many(session: "DataSession", kind: Entity, asked: Asked, *, most: int = 5) -> dict[int, list[Likeness]]:
    """For each of `asked` that has any the records that this reader sees and that resemble it, the most alike first. Only fields that show to
    him on the record count, as in `resembling`."""
    usable = [name for name in kind.declared.alike if name in session.sight.filterable(kind.key)]
    found: dict[int, dict[int, dict[str, float]]] = {}
    for name in usable:
        given = {one: values[name] for one, values in asked.items() if values.get(name) not in (None, "")}
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
    holders = _holding(session, kind, name, set(keys.values()))
    stored = _texts(session, kind, name, {record_id for several in holders.values() for record_id in several})
    return {
        one: same for one, key in keys.items()
        if (same := {i: 1.0 for i in holders.get(key, ()) if fold(stored.get(i, "")) == fold(str(given[one]))})
    }


def _names(session: "DataSession", kind: Entity, name: str, given: Mapping[int, Any]) -> dict[int, dict[int, float]]:
    """Records whose field sounds alike."""
    spec = kind.fields[name]
    spelled = {one: _spellings(spec, str(value)) for one, value in given.items()}
    often = _counts(session, kind, name, {key for several in spelled.values() for known in several.values() for key in known})
    # Another keyboard layout is thought of only where the text as it stands sounds like nothing at all.
    meant = {one: next((text for text, known in several.items() if known & often.keys()), "") for one, several in spelled.items()}
    keys = {one: spelled[one][text] for one, text in meant.items() if text}
    single: dict[int, str] = {}
    double: dict[int, tuple[str, str]] = {}
    for one, several in keys.items():
        known = sorted((often[key], key) for key in several if key in often)
        if known and known[0][0] <= COMMON:
            single[one] = known[0][1]
        elif len(known) > 1:
            double[one] = (known[0][1], known[1][1])
    alone = _holding(session, kind, name, set(single.values()))
    paired = _holding_both(session, kind, name, set(double.values()))
    sharing = {one: alone.get(key, ()) for one, key in single.items()} | {one: paired.get(pair, ()) for one, pair in double.items()}
    stored = _texts(session, kind, name, {record_id for several in sharing.values() for record_id in several})
    sounds = {record_id: keys_of(spec, text) for record_id, text in stored.items()}
    told = {record_id: words.ordered(text) for record_id, text in stored.items()}
    found: dict[int, dict[int, float]] = {}
    for one, records in sharing.items():
        near = sorted((i for i in records if i in stored), key=lambda i: (-len(sounds[i] & keys[one]), i))[:LOOKED_AT]
        alike = _alike(words.ordered(meant[one]), {i: told[i] for i in near})
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
    matcher = SequenceMatcher(None, "", asked, autojunk=False)
    found: dict[int, float] = {}
    for i, text in told.items():
        matcher.set_seq1(text)
        if matcher.real_quick_ratio() >= ENOUGH and matcher.quick_ratio() >= ENOUGH and (much := matcher.ratio()) >= ENOUGH:
            found[i] = much
    return found


def _counts(session: "DataSession", kind: Entity, name: str, keys: set[str]) -> dict[str, int]:
    """How many records a key finds, of those that this reader sees: which key is looked by, and whether another keyboard layout is thought of,
    would tell of the others."""
    found: dict[str, int] = {}
    seen = session.access is not None and not (
        session.sight.records(kind, READ).always and session.sight.grants(kind, kind.fields[name], READ, "read").always)
    for part in in_parts(sorted(keys), PART):
        query = select(KEYS.c.key, func.count()).where(KEYS.c.entity == kind.key, KEYS.c.field == name, KEYS.c.key.in_(part)).group_by(KEYS.c.key)
        if seen:
            source = session.table(kind.key)
            query = query.select_from(KEYS.join(source.table, source.table.c.id == KEYS.c.record_id)).where(*_open(source, name))
        found.update((key, count) for key, count in session.kernel(query))
    return found


def _holding(session: "DataSession", kind: Entity, name: str, keys: set[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for part in in_parts(sorted(keys), PART):
        source = session.table(kind.key)
        query = (
            select(KEYS.c.key, KEYS.c.record_id).select_from(KEYS.join(source.table, source.table.c.id == KEYS.c.record_id))
            .where(KEYS.c.entity == kind.key, KEYS.c.field == name, KEYS.c.key.in_(part), *_open(source, name)).order_by(KEYS.c.record_id)
        )
        for key, record_id in session.kernel(query):
            several = found.setdefault(key, [])
            if len(several) < COMMON:
                several.append(record_id)
    return found


def _holding_both(session: "DataSession", kind: Entity, name: str, pairs: set[tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for part in in_parts(sorted(pairs), PART):
        source, one, other = session.table(kind.key), KEYS.alias(), KEYS.alias()
        both = one.join(other, (other.c.entity == one.c.entity) & (other.c.record_id == one.c.record_id) & (other.c.field == one.c.field))
        query = (
            select(one.c.key, other.c.key, one.c.record_id).select_from(both.join(source.table, source.table.c.id == one.c.record_id))
            .where(one.c.entity == kind.key, one.c.field == name, tuple_(one.c.key, other.c.key).in_(part), *_open(source, name)).order_by(one.c.record_id)
        )
        for first, second, record_id in session.kernel(query):
            several = found.setdefault((first, second), [])
            if len(several) < COMMON:
                several.append(record_id)
    return found


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
