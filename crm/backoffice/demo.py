"""The demo company's records: made in one transaction under a mark of their own, and taken away again by that mark.

What the demo made is what the journal says was created by the source `demo`. Taken away is put into the recycle bin through the one
door for writes, like everything that people remove. A demo record that a record of somebody's own refers to stays, with what it
itself refers to; a person who stays this way can no longer sign in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from sqlalchemy import select

from crm.backoffice import links, records
from crm.backoffice.entities import Entity
from crm.backoffice.guard import SystemSession
from crm.backoffice.journal import JournalRow
from crm.backoffice.parts import in_parts

SOURCE = "demo"
T = TypeVar("T")
Marked = dict[str, set[int]]  # entity → ids


@dataclass
class Demo:
    """The work of filling: where to write, the seeded chance, and the day on which the company's history ends."""

    session: SystemSession
    chance: Random
    today: date

    def create(self, entity: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """New records through the one door for writes; their ids in order."""
        found: list[int] = []
        for part in in_parts(rows):
            found += records.create_many(self.session, entity, part)
        return found

    def change(self, entity: str, changes: Mapping[int, Mapping[str, Any]]) -> None:
        """Changes of records made before."""
        for part in in_parts(list(changes)):
            records.change_many(self.session, entity, {i: changes[i] for i in part})

    def option(self, picklist: str, key: str) -> int:
        """The id of a picklist's option; a key that does not exist is a mistake of the demo itself."""
        found = self.session.catalog.picklists[picklist].by_key(key)
        if found is None:
            raise KeyError(f"{picklist}.{key}")
        return found.id

    def money(self, hryvnias: float) -> Decimal:
        """An amount in the company's currency: hryvnias as they are, anything else at a round forty to one."""
        return Decimal(round(hryvnias if self.session.catalog.company.currency == "UAH" else hryvnias / 40))

    def weighted(self, choices: Mapping[T, float]) -> T:
        """One of the keys, as often as its weight says."""
        return self.chance.choices(list(choices), list(choices.values()))[0]


@dataclass(frozen=True)
class Taken:
    """What was taken away, by entity, and the demo records that stay because others refer to them, by entity and code."""

    removed: Mapping[str, int]
    kept: tuple[tuple[str, str], ...]


def marked(session: SystemSession) -> Marked:
    """The demo's records that are there, by entity."""
    journal = JournalRow.__table__
    found: Marked = {}
    for entity, record_id in session.kernel(select(journal.c.entity, journal.c.record_id).where(journal.c.source == SOURCE, journal.c.action == "create")):
        found.setdefault(entity, set()).add(record_id)
    return {key: alive for key, ids in found.items() if (alive := _alive(session, session.catalog.entity(key), ids))}


def take_away(session: SystemSession) -> Taken:
    """Put the demo's records into the recycle bin, children before parents. The caller commits."""
    made = marked(session)
    kept = _needed(session, made)
    people = kept.get("user", set())
    for part in in_parts(sorted(people)):
        records.change_many(session, "user", {i: {"active": False} for i in part})
    removed: dict[str, int] = {}
    for key in _children_first(session, made):
        going = sorted(made[key] - kept.get(key, set()) - _rows_of_kept(session, session.catalog.entity(key), kept))
        for part in in_parts(going):
            records.remove_many(session, key, part)
        if going:
            removed[key] = len(going)
    return Taken(removed, tuple((key, code) for key in sorted(kept) for code in _codes(session, session.catalog.entity(key), kept[key])))


def _needed(session: SystemSession, made: Marked) -> Marked:
    """The demo's records that others refer to, and what those refer to in turn."""
    kept: Marked = {}
    fresh = _pointed_at(session, made, lambda key, row_id: row_id not in made.get(key, set()))
    while fresh:
        for key, ids in fresh.items():
            kept.setdefault(key, set()).update(ids)
        pointed = _pointed_at(session, made, lambda key, row_id: row_id in kept.get(key, set()))
        fresh = {key: left for key, ids in pointed.items() if (left := ids - kept.get(key, set()))}
    return kept


def _rows_of_kept(session: SystemSession, kind: Entity, kept: Marked) -> set[int]:
    """Child rows whose parent stays: they stay with it."""
    parent = kind.fields[kind.parent] if kind.parent else None
    staying = kept.get(parent.target or "", set()) if parent else set()
    if parent is None or not staying:
        return set()
    table = kind.table
    return {i for part in in_parts(sorted(staying)) for i in session.kernel(select(table.c.id).where(table.c[parent.attribute].in_(part))).scalars()}


def _pointed_at(session: SystemSession, made: Marked, by: Any) -> Marked:
    """The demo's records that rows chosen by `by(entity, id)` refer to. Rows of a parent that goes away do not count."""
    found: Marked = {}
    for kind in session.catalog.entities.values():
        parent = kind.fields[kind.parent] if kind.parent else None
        for spec in kind.fields.values():
            if spec.target not in made or spec.system or spec is parent or spec.key in kind.declared.seen_with:
                continue
            for row_id, target, parent_id in session.kernel(links.references(kind, spec)[0]):
                follows = parent is not None and parent_id in made.get(parent.target or "", set())
                chosen = by(parent.target, parent_id) if parent is not None and follows else by(kind.key, row_id)
                if target in made[spec.target] and chosen:
                    found.setdefault(spec.target, set()).add(target)
    return found


def _children_first(session: SystemSession, made: Marked) -> list[str]:
    """Rows of a parent first; pipelines and stages, in which records stand, last."""
    kinds = session.catalog.entities
    return sorted(made, key=lambda key: (kinds[key].declared.configuration, kinds[key].parent is None))


def _alive(session: SystemSession, kind: Entity, ids: Iterable[int]) -> set[int]:
    found: set[int] = set()
    for part in in_parts(sorted(ids)):
        source = session.table(kind.key)
        found |= set(session.scalars(select(source.id).where(source.visible, source.id.in_(part))))
    return found


def _codes(session: SystemSession, kind: Entity, ids: Iterable[int]) -> list[str]:
    if not kind.is_record:
        return [str(i) for i in sorted(ids)]
    found: list[str] = []
    for part in in_parts(sorted(ids)):
        source = session.table(kind.key)
        found += session.scalars(select(source["code"]).where(source.visible, source.id.in_(part)).order_by(source.id)).all()
    return found
