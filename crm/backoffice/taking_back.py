"""What a batch of writes did to each record, what brings it back, and why some must stay as they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select

from crm.backoffice import links
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.many_to_many import SetChange
from crm.backoffice.guard import DataSession, SystemSession
from crm.backoffice.journal import JournalRow
from crm.backoffice.parts import in_parts
from crm.errors import BramaError, Forbidden, NotFound, UnknownName
from crm.messages import Message, m


@dataclass(frozen=True)
class Kept:
    """A record that could not be taken back, by its code (its number for a child row), and why."""

    entity: str
    code: str
    why: Message
    forbidden: bool = False  # for want of a right, whatever became of the record


@dataclass(frozen=True)
class Undone:
    """How many records were taken back, and which were not."""

    undone: int
    kept: tuple[Kept, ...]
    batch: str = ""  # of the undo itself, so that it can be undone too


@dataclass
class Touched:
    """What a batch did to one record: fields → their values before and after it, and the version it left."""

    made: bool = False
    removed: bool = False
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    version: int = 0


def touched_by(session: DataSession, batch: str) -> dict[str, dict[int, Touched]]:
    """Entity → record → what the batch did to it; the entities in the reverse of the order in which it first wrote them."""
    journal = JournalRow.__table__
    found: dict[str, dict[int, Touched]] = {}
    query = select(journal).where(journal.c.batch == batch, journal.c.version.is_not(None)).order_by(journal.c.id)
    for row in session.kernel(query).mappings():
        one = found.setdefault(row["entity"], {}).setdefault(row["record_id"], Touched())
        one.version = row["version"]
        if row["action"] == "create":
            one.made = True
        elif row["action"] == "remove":
            one.removed = True
        kind = session.catalog.entities.get(row["entity"])
        for name, pair in (kind.by_key(row["changes"]) if kind is not None else row["changes"]).items():
            if pair is None:
                continue  # erased with a person: there is nothing to bring back
            old, new = pair
            one.before.setdefault(name, old)
            one.after[name] = new
    return dict(reversed(found.items()))


def erased(session: DataSession, batch: str) -> bool:
    """Whether a batch erased a person's data."""
    journal = JournalRow.__table__
    return session.kernel(select(journal.c.id).where(journal.c.batch == batch, journal.c.action == "erase").limit(1)).first() is not None


def staying(session: DataSession, entities: Mapping[str, Mapping[int, Touched]], by_field: bool, *, but: str = "") -> dict[str, dict[int, Message]]:
    """Entity → record → why it must stay. Rows that go too hold nothing, and what the batch `but` did is no change by others."""
    found: dict[str, dict[int, Message]] = {}
    going: dict[str, set[int]] = {}
    for key, touched in entities.items():
        found[key] = reasons_to_stay(session, session.catalog.entity(key), touched, {**going, key: touched.keys()}, by_field, but=but)
        going[key] = {i for i, t in touched.items() if t.made and i not in found[key]}
    return found


def reasons_to_stay(
    session: DataSession, kind: Entity, touched: Mapping[int, Touched], going: Mapping[str, Collection[int]], by_field: bool, *, but: str = "",
) -> dict[int, Message]:
    """Why some of these records must stay; `going` are those that go with them, by entity."""
    reasons: dict[int, Message] = {}
    table, journal = kind.table, JournalRow.__table__
    for part in in_parts(list(touched)):
        versions: dict[int, int] = dict(session.kernel(select(table.c.id, table.c.row_version).where(table.c.id.in_(part))).all())
        last = select(journal.c.record_id, func.max(journal.c.version)).where(journal.c.entity == kind.key, journal.c.record_id.in_(part))
        last = last.group_by(journal.c.record_id)
        newest: dict[int, int] = dict(session.kernel(last).all())
        by_others: dict[int, int] = dict(session.kernel(last.where(journal.c.batch != but)).all()) if but else newest
        for i in part:
            if i not in versions:
                reasons[i] = m("There is no such record.")
            elif versions[i] == newest.get(i) and by_others.get(i) == touched[i].version:
                continue
            elif not by_field or not _is_as_left(session, kind, i, touched[i]):
                reasons[i] = m("It has been changed since.")
    made = [i for i, t in touched.items() if t.made and i not in reasons]
    for other in session.catalog.entities.values():
        for spec in other.fields.values():
            if spec.target != kind.key or spec.system or spec.key in other.declared.seen_with:
                continue
            query, target = links.references(other, spec)
            for part in in_parts(made):
                leaving = going.get(other.key, ())
                pointing = {target_id for row_id, target_id, _ in session.kernel(query.where(target.in_(part))) if row_id not in leaving}
                reasons |= {i: m("Other records refer to it: %(entity)s.", entity=other.plural) for i in pointing}
    return reasons


def _is_as_left(session: DataSession, kind: Entity, record_id: int, one: Touched) -> bool:
    """Whether each field that the batch changed still holds what the batch put there, whatever became of the others. A set is taken
    back by what was put in and taken out, so that it may have changed beside that."""
    table = kind.table
    specs = [kind.fields.get(name) for name in one.after]
    if one.made or one.removed or any(spec is None for spec in specs):
        return False
    fields = [spec for spec in specs if spec is not None and not spec.several and not spec.derived]  # a formula may have changed
    row = session.kernel(select(*(table.c[spec.attribute] for spec in fields), table.c.deleted_at).where(table.c.id == record_id)).one()
    return row.deleted_at is None and all(spec.journal(value) == one.after[spec.key] for spec, value in zip(fields, row[:-1], strict=True))


def values_back(kind: Entity, one: Touched) -> dict[str, Any]:
    """The values that bring a record back to what it was before the batch."""
    return {k: _old_value(kind.fields[k], one, k) for k in one.before if k in kind.fields and not kind.fields[k].system and not kind.fields[k].derived}


def _old_value(spec: Field, one: Touched, key: str) -> Any:
    """What brings a field back; of a set only what the batch put in or took out, for the rest may be none of this session's."""
    if not spec.several:
        return spec.unjournal(one.before[key])
    before, after = frozenset(one.before[key] or ()), frozenset(one.after[key] or ())
    return SetChange(added=before - after, taken=after - before)


def kept_for(kind: Entity, record_id: int, refused: BramaError) -> Kept:
    """A record that stays because it was refused."""
    return Kept(kind.key, str(record_id), refused.message, isinstance(refused, NotFound | Forbidden | UnknownName))


def with_codes(session: DataSession, kept: Sequence[Kept]) -> list[Kept]:
    """The kept ones by their codes. What a rule wrote where this session does not see is not spoken of."""
    seen = {entity: _seen(session, entity, [int(k.code) for k in kept if k.entity == entity]) for entity in {k.entity for k in kept}}
    named: list[Kept] = []
    for one in kept:
        if int(one.code) not in seen[one.entity]:
            continue
        kind = session.catalog.entity(one.entity)
        if kind.is_record:
            table = kind.table
            code = session.kernel(select(table.c.code).where(table.c.id == int(one.code))).scalar()
            named.append(replace(one, code=code or one.code))
        else:
            named.append(one)
    return named


def _seen(session: DataSession, entity: str, ids: Sequence[int]) -> set[int]:
    if isinstance(session, SystemSession):
        return set(ids)
    found: set[int] = set()
    for part in in_parts(ids):
        for deleted in (False, True):
            source = session.table(entity, deleted=deleted)
            found |= set(session.scalars(select(source.id).where(source.visible, source.id.in_(part))))
    return found
