"""A changed pipeline tried on what has happened: how many records that stand today would have been stopped, by which requirement, and how many of their
moves; and the stages that nobody would reach or that would lead nowhere.

A requirement is asked of a record as it is now, not as it was when it moved: what it held then is in no column. So the count says where the work of
today would stop, and errs for whatever was filled in or emptied since.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.tree import parse
from crm.backoffice.custom.fields import Said
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.field_rules import chosen, count
from crm.backoffice.lowcode.parsing import order
from crm.backoffice.lowcode.pipelines import PipelineSpec, StageSpec, pipeline_of, stage_stands, stages_of
from crm.backoffice.sight import Sight
from crm.backoffice.stage_rules import SIDES, stage_field

HISTORY = "stage_history"  # the relation of records whose moves are kept, each from one stage to another
Raw = dict[str, Any]


def changes(session: SystemSession, after: Catalog, spec: PipelineSpec) -> Iterator[Change]:
    """What a pipeline would ask otherwise than it does, each with the records that would have been stopped; `after` is the catalog as it would be, as
    far as entities and saved conditions go."""
    rows = stages_of(session.catalog, pipeline_of(session.catalog, spec.key))
    for stage in spec.stages:
        row = rows.get(stage.key)
        code, old = (row.code, stage_stands(row)) if row is not None else (f"{spec.key}.{stage.key}", None)
        for side in SIDES:
            had: Sequence[Said] = getattr(old, side, ())
            for name, effect, said in _differing(side, had, getattr(stage, side)):
                stopped = missing(after, spec.entity, code, side, said["where"]) if row is not None and effect != "remove" else None
                moved = _moves(session, after, spec.entity, row.id, side, said["where"]) if row is not None and stopped is not None else 0
                yield Change("requirement", spec.entity, f"{code}.{name}", effect, _count(session, after, spec.entity, stopped), moves=moved)
        if old is not None and old.moves != stage.moves:
            gone = astray(after, spec, code, stage, rows)
            moved = _moves_astray(session, after, spec, rows[stage.key].id, {rows[key].id for key in stage.moves or () if key in rows}) if gone else 0
            yield Change("moves", spec.entity, code, "change", _count(session, after, spec.entity, gone), moves=moved)
    yield from _lost(session.catalog, spec)


def _differing(side: str, had: Sequence[Said], wanted: Sequence[Said]) -> Iterator[tuple[str, str, Said]]:
    """The requirements of a side that differ, by name (`enter.1`): one that takes the place of another is its change."""
    gone = {number: one for number, one in enumerate(had, 1) if one not in wanted}
    for number, one in enumerate(wanted, 1):
        if one not in had:
            yield f"{side}.{number}", "create" if gone.pop(number, None) is None else "change", one
    yield from ((f"{side}.{number}", "remove", one) for number, one in gone.items())


def missing(catalog: Catalog, entity: str, stage: str, side: str, where: Any) -> Raw | None:
    """The condition of the records that would have been stopped at a stage, by its code: those that have entered it, or have stood in it and stand
    elsewhere, and do not satisfy `where` today. None for records of which nobody keeps the moves."""
    kind = catalog.entity(entity)
    spec = stage_field(catalog, kind)
    if spec is None or HISTORY not in kind.relations:
        return None
    parts: list[Raw] = [{"field": f"{HISTORY}.stage", "op": "eq", "value": stage}, {"not": where}]
    return {"all": [*parts, {"field": spec.key, "op": "ne", "value": stage}] if side == "exit" else parts}


def astray(catalog: Catalog, spec: PipelineSpec, code: str, stage: StageSpec, rows: Mapping[str, Any]) -> Raw | None:
    """The condition of the records that have gone from a stage where it would not lead any more; None where it would lead anywhere."""
    if stage.moves is None or HISTORY not in catalog.entity(spec.entity).relations:
        return None
    left: Raw = {"field": "from_stage", "op": "eq", "value": code}
    allowed = [rows[key].code for key in stage.moves if key in rows]
    parts = [left, {"field": "stage", "op": "not_in", "value": allowed}] if allowed else [left]
    return {"count": HISTORY, "where": {"all": parts}, "op": "gt", "value": 0}


def _count(session: SystemSession, after: Catalog, entity: str, where: Raw | None) -> int:
    return count(session, after, entity, parse(where, after.saved)) if where is not None else 0


def _moves(session: SystemSession, after: Catalog, entity: str, stage: int, side: str, where: Any) -> int:
    """The moves into a stage, or out of it, of records that stand today and do not satisfy `where`: a record that came twice is two."""
    sight = Sight(None, after, after.reader())
    moves = sight.table(after.entity(entity).relations[HISTORY].entity)
    field = after.entity(entity).relations[HISTORY].field
    stopped = chosen(sight.table(entity), parse({"not": where}, after.saved))
    at = moves["stage" if side == "enter" else "from_stage"]
    query = select(func.count()).select_from(moves.table).where(moves.visible, at == stage, moves[field].in_(stopped))
    return session.execute(query).scalar_one()


def _moves_astray(session: SystemSession, after: Catalog, spec: PipelineSpec, stage: int, allowed: Collection[int]) -> int:
    """The moves of records that stand today from a stage to where it would not lead any more."""
    sight = Sight(None, after, after.reader())
    moves = sight.table(after.entity(spec.entity).relations[HISTORY].entity)
    query = select(func.count()).select_from(moves.table).where(moves.visible, moves["from_stage"] == stage, moves["stage"].not_in(sorted(allowed)))
    return session.execute(query).scalar_one()


# --- where moves lead ----------------------------------------------------------------------------------------------------


def _lost(catalog: Catalog, spec: PipelineSpec) -> Iterator[Change]:
    rows = stages_of(catalog, pipeline_of(catalog, spec.key))
    for key, effect in lost(standing_after(catalog, spec)):
        yield Change("moves", spec.entity, rows[key].code if key in rows else f"{spec.key}.{key}", effect)


def standing_after(catalog: Catalog, spec: PipelineSpec) -> list[StageSpec]:
    """The stages of a pipeline as they would be, in order."""
    now = {key: stage_stands(row) for key, row in stages_of(catalog, pipeline_of(catalog, spec.key)).items()}
    wanted = {one.key: one for one in spec.stages}
    return [wanted.get(key) or now[key] for key in order(list(now), list(wanted))]


def lost(stages: Sequence[StageSpec]) -> Iterator[tuple[str, str]]:
    """The stages in use that no way leads to from the first (`unreachable`), and the open ones from which none leads to a won or lost one
    (`dead_end`). Of a pipeline without an end nothing is said of ends. What is decided and opened anew may go anywhere, so ways that begin at a won or
    lost stage would hide every fault: they do not count."""
    used = {one.key: one for one in stages if not one.retired}
    if all(one.moves is None for one in used.values()):
        return
    leads = {key: {to for to in (used if one.moves is None else one.moves) if to in used} if one.kind == "open" else set() for key, one in used.items()}
    back = {key: {here for here, there in leads.items() if key in there} for key in used}
    reached = _from(set(list(used)[:1]), leads)
    ends = {key for key, one in used.items() if one.kind != "open"}
    ending = _from(ends, back)
    yield from ((key, "unreachable") for key in used if key not in reached)
    yield from ((key, "dead_end") for key in used if ends and key not in ending)


def _from(start: set[str], leads: Mapping[str, set[str]]) -> set[str]:
    found, fresh = set(start), set(start)
    while fresh:
        fresh = {to for here in fresh for to in leads[here]} - found
        found |= fresh
    return found
