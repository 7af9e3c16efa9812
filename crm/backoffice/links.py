"""Sets of references in SQL and in the tables of links that keep them.

A reader meets a link only where he sees both of its ends and the field itself: `sight` asks here for what joins them. The one door
reads and writes whole sets, seen or not.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, delete, insert, select, tuple_

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.many_to_many import ManyToManyField, SetChange, in_order
from crm.backoffice.parts import in_parts
from crm.backoffice.types import collected

if TYPE_CHECKING:
    from crm.backoffice.guard import DataSession
    from crm.backoffice.rules import Draft
    from crm.backoffice.sight import Source

Numbers = tuple[int, ...] | None


# --- for the sight ---------------------------------------------------------------------------------------------------


def outwards(source: "Source", spec: ManyToManyField, target: "Source") -> tuple[FromClause, ColumnElement[bool]]:
    """The records that a set of `source` holds: what to read from, and what joins it. The scope of the field is the caller's."""
    link = source.entity.links(spec).alias()
    return link.join(target.table, target.table.c.id == link.c.target_id), and_(link.c.owner_id == source.table.c.id, target.visible)


def inwards(source: "Source", spec: ManyToManyField, rows: "Source") -> tuple[FromClause, ColumnElement[bool]]:
    """The rows whose set holds the record of `source`: what to read from, and what joins it."""
    link = rows.entity.links(spec).alias()
    return link.join(rows.table, rows.table.c.id == link.c.owner_id), and_(link.c.target_id == source.table.c.id, rows.visible)


def gathered(source: "Source", spec: ManyToManyField, *shown: ColumnElement[Any], target: "Source") -> ColumnElement[Any]:
    """The set as one value: the numbers of the targets that the reader sees, each beside its `shown` column; null when there are none."""
    joined, on = outwards(source, spec, target)
    return select(collected(target.table.c.id, *shown)).select_from(joined).where(on).correlate(source.table).scalar_subquery()


# --- for the one door ------------------------------------------------------------------------------------------------


def stored(session: "DataSession", kind: Entity, ids: Sequence[int]) -> dict[int, dict[str, Numbers]]:
    """Record → key of a set → all it holds, whoever may see it."""
    found: dict[int, dict[str, Numbers]] = {i: {} for i in ids}
    for key, _, table in kind.sets():
        sets: dict[int, list[int]] = {}
        for part in in_parts(ids):
            for owner, target in session.kernel(select(table.c.owner_id, table.c.target_id).where(table.c.owner_id.in_(part))):
                sets.setdefault(owner, []).append(target)
        for i in ids:
            found[i][key] = in_order(sets.get(i, ()))
    return found


def write(session: "DataSession", kind: Entity, drafts: Iterable["Draft"]) -> None:
    """Put the links of changed sets in and take the others out."""
    several = list(drafts)
    for key, _, table in kind.sets():
        added: list[dict[str, int]] = []
        taken: list[tuple[int, int]] = []
        for draft in several:
            old, new = set(draft.old.get(key) or ()), set(draft.new.get(key) or ())
            added += [{"owner_id": draft.id, "target_id": i} for i in sorted(new - old)]
            taken += [(draft.id, i) for i in sorted(old - new)]
        for part in in_parts(taken):
            session.kernel(delete(table).where(tuple_(table.c.owner_id, table.c.target_id).in_(part)))
        if added:
            session.kernel(insert(table), added)


def settled(current: Numbers, base: Numbers, given: Any, seen: frozenset[int]) -> Numbers:
    """What a set becomes: `current` with what the writer did to `base`, the set as he met it, of which he sees only `seen`.

    Additions and removals of others stay, and so does what he does not see. `given` is his whole set, or a `SetChange`.
    """
    now, met = frozenset(current or ()), frozenset(base or ())
    if isinstance(given, SetChange):
        return in_order((now - (given.taken & seen)) | given.added)
    wanted = frozenset(given or ())
    return in_order((now - ((met & seen) - wanted)) | (wanted - met))


# --- for whoever asks what refers to what ------------------------------------------------------------------------------


def references(kind: Entity, spec: Field) -> tuple[Select[Any], ColumnElement[int]]:
    """Every reference of a field as rows (record, target, the record's parent or itself) of records that are not deleted; and the
    target's column, to narrow them by."""
    table = kind.table
    above = table.c[kind.fields[kind.parent].attribute] if kind.parent else table.c.id
    if isinstance(spec, ManyToManyField):
        link = kind.links(spec)
        query = select(table.c.id, link.c.target_id, above).select_from(link.join(table, table.c.id == link.c.owner_id))
        return query.where(table.c.deleted_at.is_(None)), link.c.target_id
    column = table.c[spec.attribute]
    return select(table.c.id, column, above).where(column.is_not(None), table.c.deleted_at.is_(None)), column


def held(values: Mapping[str, Any], key: str) -> frozenset[int]:
    """The numbers in a set among a record's values."""
    return frozenset(values.get(key) or ())
