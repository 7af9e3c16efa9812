"""What an undo brings back: of things as they were before a version only what that version changed, the rest as it is now."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import select

from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.document import Document, RoleSpec
from crm.backoffice.lowcode import conflicts, emergencies, layouts, saved_conditions, shared_dashboards, shared_reports
from crm.backoffice.lowcode.emergencies import Emergency
from crm.backoffice.lowcode.options import OptionSpec, PicklistSpec, standing
from crm.backoffice.lowcode.shared_views import touched
from crm.backoffice.lowcode.pipelines import PipelineSpec, StageSpec, pipeline_of, stage_stands, stages_of
from crm.backoffice.lowcode.plan import roles_there, rules_of
from crm.messages import Label

Changes = Sequence[Mapping[str, Any]]
Spec = TypeVar("Spec", RoleSpec, PipelineSpec, PicklistSpec)
Part = TypeVar("Part", StageSpec, OptionSpec)


def narrowed(session: SystemSession, before: Document, changes: Changes) -> Document:
    """The document of what a version changed (`changes`, as it was recorded), from that of what stood there before."""
    return Document(
        tuple(_there(_role(session, spec, changes) for spec in before.roles)),
        tuple(_there(_pipeline(session.catalog, spec, changes) for spec in before.pipelines)),
        tuple(_there(_picklist(session.catalog, spec, changes) for spec in before.picklists)),
        tuple(touched(session.catalog, before.views, changes)),
        tuple(conflicts.touched(before.conflicts, changes)),
        conditions=tuple(saved_conditions.touched(before.conditions, changes)),
        dashboards=tuple(shared_dashboards.touched(session.catalog, before.dashboards, changes)),
        reports=tuple(shared_reports.touched(session.catalog, before.reports, changes)),
        layouts=tuple(layouts.touched(before.layouts, changes, roles_there(session) | {spec.key for spec in before.roles} if before.layouts else ())),
    )


def _there(found: Iterable[Spec | None]) -> Iterable[Spec]:
    return (one for one in found if one is not None)


def _role(session: SystemSession, spec: RoleSpec, changes: Changes) -> RoleSpec | None:
    """None when the role is gone since."""
    did = {(c["kind"], c["effect"]) for c in changes if c["kind"] in ("role", "rules") and c["field"] == spec.key}
    if ("role", "remove") in did:
        return spec
    role = session.catalog.entity("role").table
    now = session.execute(select(role.c.id, role.c.name, role.c.name_en).where(role.c.code == spec.key, role.c.deleted_at.is_(None))).first()
    if now is None:
        return None
    label = spec.label if ("role", "label") in did or ("role", "change") in did else Label.of(now.name, now.name_en)
    # A file of what stood there before says nothing of a second factor that was not asked for.
    asks = bool(spec.second_factor) if ("role", "second_factor") in did else spec.second_factor if ("role", "change") in did else None
    taken = (spec.emergency or Emergency()) if ("role", "emergency") in did else spec.emergency if ("role", "change") in did else None
    taken = emergencies.still_there(session, taken)
    return RoleSpec(spec.key, label, spec.rules if ("rules", "replace") in did else tuple(rules_of(session, now.id)), spec.builtin, asks, taken)


def _pipeline(catalog: Catalog, spec: PipelineSpec, changes: Changes) -> PipelineSpec | None:
    """None when the pipeline is gone since."""
    did = {c["effect"] for c in changes if c["kind"] == "pipeline" and c["field"] == spec.key}
    known = pipeline_of(catalog, spec.key)
    if known is None or "remove" in did:
        return spec if "remove" in did else None
    stages = stages_of(catalog, known)
    now = list(map(stage_stands, stages.values()))
    named = {c["field"] for c in changes if c["kind"] == "stage"}
    removed = any(c["kind"] == "stage" and c["effect"] == "remove" for c in changes)
    touched = {s.key for s in spec.stages if (stages[s.key].code in named if s.key in stages else removed)}
    return PipelineSpec(
        spec.key, spec.label if did - {"probability"} else known.label, known.values["entity"], tuple(_parts(spec.stages, now, touched)),
        spec.likelihood if did - {"label"} else None,
    )


def _picklist(catalog: Catalog, spec: PicklistSpec, changes: Changes) -> PicklistSpec | None:
    """None when the picklist is gone since."""
    known = catalog.picklists.get(spec.key)
    if known is None:
        return None
    now = standing(known).options
    touched = {c["field"] for c in changes if c["kind"] == "option" and c["entity"] == spec.key}
    label = spec.label if any(c["kind"] == "picklist" and c["entity"] == spec.key for c in changes) else known.label
    return PicklistSpec(spec.key, label, tuple(_parts(spec.options, now, touched)))


def _parts(before: Sequence[Part], now: Sequence[Part], touched: set[str]) -> list[Part]:
    """The present parts, those that the version touched as and where they were before."""
    found = [one for one in now if one.key not in touched]
    for place, one in enumerate(before):
        if one.key in touched:
            found.insert(place, one)
    return found
