"""One stage of a pipeline merged into another of its kind: what stands in it stands in the other, with its history, and what asks for it asks for
the other.

Records move through the one door and are journaled; no rule is asked and nothing enters a stage anew, since nobody has led a deal anywhere. An undo
moves back those that nobody has moved since.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from crm.backoffice import links, records
from crm.backoffice.catalog import Catalog, Configured
from crm.backoffice.conditions.restaging import Restaging
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.many_to_many import SetChange
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode import uses
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.parsing import section_of, wrong
from crm.backoffice.lowcode.pipelines import PipelineSpec, pipeline_of, stage_stands, stages_of
from crm.backoffice.parts import in_parts
from crm.backoffice.taking_back import Touched, touched_by
from crm.messages import m

STAGE = "stage"
MERGING = "stages are being merged"  # of a session: nothing enters a stage anew
PART = 1_000  # rows that are moved at a time


@dataclass(frozen=True)
class StageMerge:
    """`old` of a pipeline becomes `new`, all by key."""

    pipeline: str
    old: str
    new: str

    def rows(self, catalog: Catalog) -> tuple[Configured, Configured]:
        """Raises BadRequest for a stage that is not there."""
        stages = stages_of(catalog, pipeline_of(catalog, self.pipeline))
        unknown = next((key for key in (self.old, self.new) if key not in stages), None)
        if unknown is not None:
            raise wrong(m("pipeline “%(key)s”", key=self.pipeline), m("there is no stage “%(key)s”", key=unknown[:64]))
        return stages[self.old], stages[self.new]

    def change(self, catalog: Catalog) -> Restaging:
        old, new = self.rows(catalog)
        return Restaging(STAGE, catalog.configured[STAGE], old.id, new.id)


@dataclass(frozen=True)
class StageMerged:
    """A merge that was done, as its version keeps it: the batch of its journal rows, and the places that were rewritten (table, id, column, what
    stood there, what stands there now)."""

    pipeline: str
    old: str
    new: str
    batch: str
    places: Sequence[Sequence[Any]]


def stage_merges_of(raw: Any, catalog: Catalog) -> list[StageMerge]:
    """The section `merged_stages`: pipeline → stage → the stage that takes its place. Raises BadRequest."""
    found: list[StageMerge] = []
    for key, said in section_of(raw, "merged_stages"):
        place = m("pipeline “%(key)s”", key=key)
        pairs = section_of({"merged_stages": said}, "merged_stages", place)
        olds = {old for old, _ in pairs}
        for old, new in pairs:
            merge = StageMerge(key, str(old), str(new))
            was, becomes = merge.rows(catalog)
            if new in olds or was is becomes or becomes.retired or was.values["kind"] != becomes.values["kind"]:
                raise wrong(place, m("a stage is merged into another one of its kind that is in use and is not merged itself"))
            found.append(merge)
    return found


def retiring_stages(catalog: Catalog, merges: Iterable[StageMerge], pipelines: Sequence[PipelineSpec]) -> list[PipelineSpec]:
    """The pipelines of a file, the merged stages retired."""
    found = {one.key: one for one in pipelines}
    for merge in merges:
        known, row = pipeline_of(catalog, merge.pipeline), merge.rows(catalog)[0]
        assert known is not None
        spec = found.get(merge.pipeline) or PipelineSpec(known.code, known.label, known.values["entity"], ())
        said = next((one for one in spec.stages if one.key == merge.old), stage_stands(row))
        retired = replace(said, retired=True)
        stages = [retired if one.key == merge.old else one for one in spec.stages]
        if retired not in stages:
            stages.append(retired)
        found[merge.pipeline] = replace(spec, stages=tuple(stages))
    return list(found.values())


def changes(session: SystemSession, merges: Iterable[StageMerge], undone: Iterable[StageMerged]) -> Iterator[Change]:
    """What a merge moves, or an undo of one moves back; none where nothing stands in the stage or names it any more. Records are counted, rows of
    their history are not."""
    catalog = session.catalog
    for merge in merges:
        (old, _), places = merge.rows(catalog), tuple(uses.naming(session, merge.change(catalog)))
        number = sum(_counted(session, kind, spec, old.id) for kind, spec in standing_in(catalog) if kind.is_record)
        # Also where nothing is told to stand in it: that nothing does would else be told to those who do not see it.
        if number or places or not old.retired:
            yield Change(STAGE, _entity(catalog, merge.pipeline), old.code, "merge", number, places)
    for one in undone:
        stages = stages_of(catalog, pipeline_of(catalog, one.pipeline))
        moved = sum(len(rows) for kind, rows in _back(session, one) if kind.is_record)
        if one.old in stages:
            yield Change(STAGE, _entity(catalog, one.pipeline), stages[one.old].code, "unmerge", moved)


def write(session: SystemSession, merge: StageMerge) -> StageMerged:
    """Move what stands in the stage and rewrite what asks for it; what an undo needs. Raises Invalid."""
    catalog = session.catalog
    old, new = merge.rows(catalog)
    for kind, spec in standing_in(catalog):
        value: Any = SetChange(added=frozenset({new.id}), taken=frozenset({old.id})) if spec.several else new.id
        query, target = links.references(kind, spec)
        while numbers := [row[0] for row in session.kernel(query.where(target == old.id).limit(PART))]:
            _lead(session, kind, {number: {spec.key: value} for number in numbers})
    return StageMerged(merge.pipeline, merge.old, merge.new, session.batch, uses.rewritten(session, catalog, merge.change(catalog)))


def take_back(session: SystemSession, one: StageMerged) -> None:
    """Bring back what a merge changed, where it stands as the merge left it."""
    for kind, rows in list(_back(session, one)):
        numbers = list(rows)
        for start in range(0, len(numbers), PART):
            _lead(session, kind, {number: rows[number] for number in numbers[start : start + PART]})
    uses.put_back(session, one.places)


def _lead(session: SystemSession, kind: Entity, changes: dict[int, dict[str, Any]]) -> None:
    session.info[MERGING] = True
    try:
        records.lead_elsewhere(session, kind.key, changes)
    finally:
        session.info[MERGING] = False


def standing_in(catalog: Catalog) -> list[tuple[Entity, Field]]:
    """The fields by which rows stand in stages or refer to them."""
    return [(kind, spec) for kind in catalog.entities.values() for spec in kind.fields.values() if spec.target == STAGE and not spec.system]


def _entity(catalog: Catalog, pipeline: str) -> str:
    known = pipeline_of(catalog, pipeline)
    return str(known.values["entity"]) if known is not None else "deal"


def _counted(session: SystemSession, kind: Entity, spec: Field, stage: int) -> int:
    query, target = links.references(kind, spec)
    return session.kernel(select(func.count()).select_from(query.where(target == stage).subquery())).scalar_one()  # type: ignore[no-any-return]


def _back(session: SystemSession, one: StageMerged) -> Iterator[tuple[Entity, dict[int, dict[str, Any]]]]:
    """Of each entity the rows that the merge moved and that stand as it left them, with what brings them back."""
    stages = stages_of(session.catalog, pipeline_of(session.catalog, one.pipeline))
    if one.old not in stages or one.new not in stages:
        return
    old, new = stages[one.old].id, stages[one.new].id
    touched = touched_by(session, one.batch)
    for kind in {kind.key: kind for kind, _ in standing_in(session.catalog)}.values():
        found: dict[int, dict[str, Any]] = {}
        for spec in (spec for of, spec in standing_in(session.catalog) if of.key == kind.key):
            moved = {number: had for number, row in touched.get(kind.key, {}).items() if (had := _moved(row, spec, old, new)) is not None}
            query, target = links.references(kind, spec)
            for part in in_parts(list(moved)):
                for number, *_ in session.kernel(query.where(kind.table.c.id.in_(part), target == new)):
                    found.setdefault(number, {})[spec.key] = moved[number]
        yield kind, found


def _moved(row: Touched, spec: Field, old: int, new: int) -> Any:
    """What brings a field back that a merge changed, None where it changed nothing."""
    was, became = row.before.get(spec.key), row.after.get(spec.key)
    if not spec.several:
        return old if (was, became) == (old, new) else None
    was, became = was or (), became or ()
    if old not in was or old in became:
        return None
    return SetChange(added=frozenset({old}), taken=frozenset() if new in was else frozenset({new}))
