"""One option of a picklist merged into another: records that hold it hold the other, and what asks for it asks for the other.

Records move through the one door and are journaled; an undo moves back those that nobody has changed since.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, func, select, type_coerce

from crm.backoffice import records
from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.revaluing import Replacing, Revaluing
from crm.backoffice.custom.fields import Kept
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import SystemSession
from crm.backoffice.journal import JournalRow
from crm.backoffice.lowcode import uses
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.field_rules import CheckSpec
from crm.backoffice.lowcode.made import EntitySpec, FieldSpec
from crm.backoffice.lowcode.options import OptionSpec, PicklistSpec
from crm.backoffice.lowcode.parsing import section_of, wrong
from crm.backoffice.lowcode.where_used import revalued
from crm.backoffice.types import KeyText
from crm.messages import m

PART = 1_000  # records that are moved at a time
JOURNAL = JournalRow.__table__


@dataclass(frozen=True)
class MergeSpec:
    """`old` of a picklist becomes `new`, both by key."""

    picklist: str
    old: str
    new: str

    @property
    def change(self) -> Revaluing:
        return Revaluing(self.picklist, self.old, self.new)


@dataclass(frozen=True)
class Merged:
    """A merge that was done, as its version keeps it: the batch of its journal rows, and the places that were rewritten (table, id, column, what
    stood there, what stands there now)."""

    picklist: str
    old: str
    new: str
    batch: str
    places: Sequence[Sequence[Any]]


def merges_of(raw: Any, catalog: Catalog) -> list[MergeSpec]:
    """The section `merged`: picklist → option → the option that takes its place. Raises BadRequest."""
    found: list[MergeSpec] = []
    for key, said in section_of(raw, "merged"):
        place = m("picklist “%(key)s”", key=key)
        known = catalog.picklists.get(key)
        pairs = section_of({"merged": said}, "merged", place)
        olds = {old for old, _ in pairs}
        for old, new in pairs:
            unknown = next((one for one in (old, new) if known is None or not isinstance(one, str) or known.by_key(one) is None), None)
            if known is None or unknown is not None:
                raise wrong(place, m("there is no option “%(key)s”", key=str(unknown)[:64]))
            target = known.by_key(new)
            if new in olds or old == new or target is None or target.retired:
                raise wrong(place, m("an option is merged into another one that is in use and is not merged itself"))
            found.append(MergeSpec(key, old, new))
    return found


def followed(
    catalog: Catalog, replaced: Sequence[Replacing], entities: Sequence[EntitySpec], fields: Sequence[FieldSpec], checks: Sequence[CheckSpec],
) -> tuple[list[EntitySpec], list[FieldSpec], list[CheckSpec]]:
    """Made rules and defaults that go on with the other options or stages, where the file says nothing of them itself."""
    made, said = catalog.made, {("entity", one.key) for one in entities} | {("field", f"{one.entity}.{one.key}") for one in fields}
    said |= {("check", f"{one.entity}.{one.key}") for one in checks}

    def after(one: Kept) -> Kept:
        for change in replaced:
            one = revalued(one, catalog, change)
        return one

    new_fields = [FieldSpec(one.entity, one.key, after(one).said) for one in made.fields
                  if ("field", f"{one.entity}.{one.key}") not in said and after(one) != one]
    new_checks = [CheckSpec(one.entity, one.key, after(one).said) for one in made.checks
                  if ("check", f"{one.entity}.{one.key}") not in said and after(one) != one]
    new_entities: list[EntitySpec] = []
    for kind in made.entities.values():
        listed = [after(Kept(0, kind.key, "", one)).said for one in kind.said.get("checks", ())]
        if ("entity", kind.key) not in said and listed != list(kind.said.get("checks", ())):
            new_entities.append(EntitySpec(kind.key, {**kind.said, "checks": listed}))
    return [*entities, *new_entities], [*fields, *new_fields], [*checks, *new_checks]


def retiring(catalog: Catalog, merges: Sequence[MergeSpec], lists: Sequence[PicklistSpec]) -> tuple[PicklistSpec, ...]:
    """The picklists of a file, the merged options retired."""
    found = {one.key: one for one in lists}
    for merge in merges:
        spec = found.get(merge.picklist) or PicklistSpec(merge.picklist, None, ())
        known = catalog.picklists[merge.picklist].by_key(merge.old)
        options = [replace(one, retired=True) if one.key == merge.old else one for one in spec.options]
        if known is not None and all(one.key != merge.old for one in options):
            options.append(OptionSpec(known.key, known.label, known.colour, True))
        found[merge.picklist] = replace(spec, options=tuple(options))
    return tuple(found.values())


def changes(session: SystemSession, merges: Iterable[MergeSpec], undone: Iterable[Merged]) -> Iterator[Change]:
    """What a merge moves, or an undo of one moves back; none where it has been done: the option is retired, and nothing holds or names it. That
    nothing holds one which is in use makes no difference to the reader, who may not see all that could."""
    for merge in merges:
        number = sum(session.execute(_counted(_holding(kind, spec, _option(session, merge.picklist, merge.old)))).scalar_one()
                     for kind, spec in using(session.catalog, merge.picklist))
        places = tuple(uses.naming(session, merge.change))
        known = session.catalog.picklists[merge.picklist].by_key(merge.old)
        if number or places or (known is not None and not known.retired):
            yield Change("option", merge.picklist, merge.old, "merge", number, places)
    for one in undone:
        moved = sum(1 for kind, spec in using(session.catalog, one.picklist) for _ in _back(session, one, kind, spec))
        yield Change("option", one.picklist, one.old, "unmerge", moved)


def write(session: SystemSession, merge: MergeSpec) -> Merged:
    """Move the records and rewrite what asks for the option; what an undo needs. Raises Invalid."""
    old, new = _option(session, merge.picklist, merge.old), _option(session, merge.picklist, merge.new)
    for kind, spec in using(session.catalog, merge.picklist):
        column = kind.table.c[spec.attribute]
        while rows := session.execute(_holding(kind, spec, old).add_columns(column).limit(PART)).all():
            records.lead_elsewhere(session, kind.key, {number: {spec.key: _moved(held, old, new)} for number, held in rows})
    return Merged(merge.picklist, merge.old, merge.new, session.batch, uses.rewritten(session, session.catalog, merge.change))


def take_back(session: SystemSession, one: Merged) -> None:
    """Bring back what a merge changed, where it stands as the merge left it."""
    for kind, spec in using(session.catalog, one.picklist):
        part: dict[int, Any] = {}
        for number, value in _back(session, one, kind, spec):
            part[number] = {spec.key: value}
            if len(part) == PART:
                records.lead_elsewhere(session, kind.key, part)
                part = {}
        records.lead_elsewhere(session, kind.key, part)
    uses.put_back(session, one.places)


def using(catalog: Catalog, picklist: str) -> list[tuple[Entity, Field]]:
    """The fields that offer a picklist."""
    return [(kind, spec) for kind in catalog.entities.values() for spec in kind.fields.values() if spec.picklist == picklist and spec.attribute]


def _option(session: SystemSession, picklist: str, key: str) -> int:
    found = session.catalog.picklists[picklist].by_key(key)
    if found is None:
        raise wrong(m("picklist “%(key)s”", key=picklist), m("there is no option “%(key)s”", key=key[:64]))
    return found.id


def _holding(kind: Entity, spec: Field, option: int) -> Select[Any]:
    column = kind.table.c[spec.attribute]
    held = type_coerce(column, KeyText()).contains(f",{option},", autoescape=True) if spec.multiple else column == option
    return select(kind.table.c.id).where(held, kind.table.c.deleted_at.is_(None)).order_by(kind.table.c.id)


def _counted(query: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(query.order_by(None).subquery())


def _moved(held: Any, old: int, new: int) -> Any:
    return tuple(sorted({new if one == old else one for one in held})) if isinstance(held, tuple) else new


def _back(session: SystemSession, one: Merged, kind: Entity, spec: Field) -> Iterator[tuple[int, Any]]:
    """Records that hold what the merge gave them, with what they held before."""
    given = {number: pair for number, changed in session.execute(
        select(JOURNAL.c.record_id, JOURNAL.c.changes).where(JOURNAL.c.batch == one.batch, JOURNAL.c.entity == kind.key))
        for key, pair in kind.by_key(changed).items() if key == spec.key and isinstance(pair, list) and len(pair) == 2}
    numbers = sorted(given)
    column = kind.table.c[spec.attribute]
    for start in range(0, len(numbers), PART):
        there = kind.table.c.id.in_(numbers[start : start + PART])
        for number, held in session.execute(select(kind.table.c.id, column).where(there, kind.table.c.deleted_at.is_(None))):
            before, after = given[number]
            if spec.journal(held) == after:
                yield number, spec.unjournal(before)


def as_kept(one: Merged) -> Mapping[str, Any]:
    """How a version keeps it."""
    return {"picklist": one.picklist, "old": one.old, "new": one.new, "batch": one.batch, "places": [list(place) for place in one.places]}
