"""What stages ask for, in the words of plans: which requirement, where one may go, and whom it would have stopped."""

from collections.abc import Iterator, Mapping
from typing import Any

from crm.admin_views.kit.addresses import address
from crm.admin_views.kit.filters import as_json
from crm.admin_views.rights.door import reading
from crm.backoffice.catalog import Catalog, Configured
from crm.backoffice.conditions.tree import parse
from crm.backoffice.custom.fields import Said
from crm.backoffice.lowcode import stage_trial
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.pipelines import PipelineSpec, StageSpec, pipeline_of, stage_stands, stages_of
from crm.errors import BramaError
from crm.messages import Label, m, mn, render
from crm.rights.configuring import Plan

SIDES: Mapping[str, Label] = {"enter": Label("щоб увійти", "to enter"), "exit": Label("щоб вийти", "to leave")}
ANY, NOWHERE = Label("будь-який етап", "any stage"), Label("нікуди", "nowhere")


def names(change: Change, catalogs: tuple[Catalog, ...], language: str, wanted: StageSpec | None) -> tuple[str, str]:
    """The stage and the requirement in words; `wanted` is the stage as a document says it. A recorded one that is gone keeps its key."""
    code, side, number = _place(change)
    row = next((one for catalog in catalogs for one in catalog.configured["stage"].values() if one.code == code), None)
    stage = wanted.label.text(language) if wanted is not None else row.label.text(language) if row is not None else code
    said = _said(wanted, row, change, side, number)
    return stage, f"{SIDES[side].text(language)}: {said['message'].get(language, '')}" if said is not None else f"{side}.{number}"


def _place(change: Change) -> tuple[str, str, str]:
    """Stage, side and number of a requirement (`fair.offer.enter.1`)."""
    code, side, number = (change.field or "").rsplit(".", 2)
    return code, side, number


def _said(wanted: StageSpec | None, row: Configured | None, change: Change, side: str, number: str) -> Said | None:
    stands = list(row.said.get(side, ())) if row is not None else []
    listed = stands if change.effect == "remove" else [*getattr(wanted, side)] if wanted is not None else stands
    return listed[int(number) - 1] if 0 < int(number) <= len(listed) else None


def stage_in(plan: Plan, change: Change) -> StageSpec | None:
    """The stage of a change as its document says it."""
    found = _found(plan, change)
    return found[1] if found is not None else None


def _found(plan: Plan, change: Change) -> tuple[PipelineSpec, StageSpec, Mapping[str, Configured]] | None:
    """The pipeline and the stage of a change as its document says them, and the stages that stand in the pipeline, by key."""
    code = _place(change)[0] if change.kind == "requirement" else change.field
    for spec in plan.document.pipelines:
        rows = stages_of(plan.before, pipeline_of(plan.before, spec.key))
        for stage in spec.stages:
            if code == (rows[stage.key].code if stage.key in rows else f"{spec.key}.{stage.key}"):
                return spec, stage, rows
    return None


def details(plan: Plan, change: Change, told_too: bool, language: str) -> Iterator[str]:
    """Where one may go; and how many records that stand today would have been stopped, as far as the reader may know it."""
    stage = stage_in(plan, change)
    if change.kind == "moves" and change.effect == "change" and stage is not None:
        old = _standing(plan, change)
        yield f"{_leads(plan, old, language)} → {_leads(plan, stage, language)}"
    if change.effect not in ("create", "change"):
        return
    if not told_too:
        yield render(m("How many records would have been stopped is not yours to know: you do not see all of them."), language)
    elif change.records:
        yield render(mn("%(num)s record would have been stopped here", "%(num)s records would have been stopped here", change.records), language)
        if change.moves:
            yield render(mn("%(num)s move of theirs", "%(num)s moves of theirs", change.moves), language)
        if change.kind == "requirement":
            yield render(m("Asked of the records as they are now, not as they were when they moved."), language)
    elif change.kind == "requirement":
        yield render(m("No record that has gone this way would have been stopped, as the records are now."), language)


def _standing(plan: Plan, change: Change) -> StageSpec | None:
    row = next((one for one in plan.before.configured["stage"].values() if one.code == change.field), None)
    return stage_stands(row) if row is not None else None


def _leads(plan: Plan, stage: StageSpec | None, language: str) -> str:
    if stage is None or stage.moves is None:
        return ANY.text(language)
    known = {one.key: one.label for spec in plan.document.pipelines for one in spec.stages}
    known = {one.key: one.label for one in plan.before.configured["stage"].values() if one.key not in known} | known
    return ", ".join(known[key].text(language) if key in known else key for key in stage.moves) or NOWHERE.text(language)


def listed(plan: Plan, change: Change) -> str:
    """The address of the list of those that would have been stopped; "" where a list cannot say it to this reader."""
    where = _stopped(plan, change)
    if where is None or not change.records:
        return ""
    with reading() as session:
        try:
            session.table(change.entity).where(parse(where, session.sight.saved))
        except BramaError:  # it asks for what is only planned, or for what he does not see
            return ""
    return address(change.entity, {}, where=as_json(where))


def _stopped(plan: Plan, change: Change) -> dict[str, Any] | None:
    found = _found(plan, change)
    if found is None or change.effect not in ("create", "change"):
        return None
    spec, stage, rows = found
    if change.kind == "requirement":
        code, side, number = _place(change)
        return stage_trial.missing(plan.after, change.entity, code, side, getattr(stage, side)[int(number) - 1]["where"])
    return stage_trial.astray(plan.after, spec, rows[stage.key].code, stage, rows) if stage.key in rows else None
