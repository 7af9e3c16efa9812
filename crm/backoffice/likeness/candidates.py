"""Which records are compared at all: those that share a key which few have. So the work grows with the records and not with their square."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from crm.backoffice.entities import Entity
from crm.backoffice.likeness.comparing import Told
from crm.backoffice.likeness.index import KEYS, is_name
from crm.backoffice.likeness.words import WHOLE, heard
from crm.backoffice.parts import in_parts

COMMON = 50  # a phone, a code or a word of a name that more records have tells nothing
NAMESAKES = 10  # so many records may bear one whole name before it tells nothing by itself
NEAREST = 10  # of those with the same key, the nearest before a record are compared with it: that links them all
COMPARED = 20  # records with which one is compared because of words of its name

Key = tuple[str, str]  # field, key


@dataclass(frozen=True)
class Blocks:
    """The keys by which candidates are found, less those that too many records have."""

    kind: Entity
    common: frozenset[Key]

    def weight(self, key: Key) -> bool:
        """Whether sharing this key alone makes two records candidates: a value that is the same, a whole name that sounds the same."""
        return not is_name(self.kind.fields[key[0]]) or key[1].startswith(WHOLE)

    def telling(self, values: Told, same: Mapping[str, float]) -> bool:
        """Whether being alike in these fields tells anything: a name that too many bear does not, alone."""
        return any(not is_name(self.kind.fields[name]) or (name, heard(values[name]).whole) not in self.common for name in same)


def blocks(connection: Connection, kind: Entity) -> Blocks:
    """Looks once through all keys of the entity."""
    number, named = func.count(), {n for n in kind.declared.alike if is_name(kind.fields[n])}
    frequent = (
        select(KEYS.c.field, KEYS.c.key).where(KEYS.c.entity == kind.key).group_by(KEYS.c.field, KEYS.c.key)
        .having(or_(number > COMMON, (number > NAMESAKES) & KEYS.c.key.like(f"{WHOLE}%") & KEYS.c.field.in_(named)))
    )
    return Blocks(kind, frozenset((row.field, row.key) for row in connection.execute(frequent)))


def candidates(connection: Connection, found: Blocks, ids: Sequence[int]) -> dict[int, list[int]]:
    """Each of `ids` → the records with lower numbers that may be the same."""
    own = _keys(connection, found, ids)
    holders = _holders(connection, found.kind, {key for keys in own.values() for key in keys}, max(ids))
    return {number: chosen for number, keys in own.items() if (chosen := _chosen(found, number, keys, holders))}


def _keys(connection: Connection, found: Blocks, ids: Sequence[int]) -> Mapping[int, list[Key]]:
    rows = connection.execute(
        select(KEYS.c.record_id, KEYS.c.field, KEYS.c.key).where(KEYS.c.entity == found.kind.key, KEYS.c.record_id.in_(ids)).order_by(KEYS.c.record_id)
    )
    own: dict[int, list[Key]] = defaultdict(list)
    for row in rows:
        if (row.field, row.key) not in found.common and row.field in found.kind.declared.alike:
            own[row.record_id].append((row.field, row.key))
    return own


def _holders(connection: Connection, kind: Entity, keys: set[Key], last: int) -> Mapping[Key, list[int]]:
    """Who has each key, by number."""
    by_field: dict[str, list[str]] = defaultdict(list)
    for field, key in keys:
        by_field[field].append(key)
    holders: dict[Key, list[int]] = defaultdict(list)
    for field, several in by_field.items():
        for part in in_parts(several):
            query = select(KEYS.c.record_id, KEYS.c.key).where(
                KEYS.c.entity == kind.key, KEYS.c.field == field, KEYS.c.key.in_(part), KEYS.c.record_id <= last
            )
            for row in connection.execute(query.order_by(KEYS.c.record_id)):
                holders[field, row.key].append(row.record_id)
    return holders


def _chosen(found: Blocks, number: int, keys: Sequence[Key], holders: Mapping[Key, list[int]]) -> list[int]:
    chosen: dict[int, None] = {}
    shared: Counter[int] = Counter()
    for key in keys:
        before = [n for n in holders[key] if n < number]
        if found.weight(key):
            chosen |= dict.fromkeys(before[-NEAREST:])
        else:
            shared.update(before)
    telling = sum(not found.weight(key) for key in keys)
    likely = (n for n, count in shared.most_common(COMPARED) if 2 * count >= telling)
    return list(chosen | dict.fromkeys(likely))
