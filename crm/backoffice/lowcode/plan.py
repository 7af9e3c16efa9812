"""What a configuration file would change: a list of differences with their effect on records. Nothing is written."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.configuration import AccessRule
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode import condition_plan, conflicts, emergencies, layouts, option_merging, shared_dashboards, shared_reports, stage_merging
from crm.backoffice.lowcode import stage_trial
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.conversion_report import report
from crm.backoffice.lowcode.converting import conversions
from crm.backoffice.lowcode.document import Document, RoleSpec, foreseen
from crm.backoffice.lowcode.field_rules import rule_changes
from crm.backoffice.lowcode.made import decisions_of
from crm.backoffice.lowcode.made_plan import made_changes
from crm.backoffice.lowcode.made_whole import MADE
from crm.backoffice.lowcode.options import PicklistSpec
from crm.backoffice.lowcode.parsing import order
from crm.backoffice.lowcode.pipelines import pipeline_changes
from crm.backoffice.lowcode.shared_views import effects
from crm.errors import BadRequest
from crm.messages import Label, m


def plan(session: SystemSession, document: Document, *, reports: bool = False) -> list[Change]:
    """The differences between a file and what is in force, in the order in which they would be made; none when it says nothing new. With `reports`
    changes of types tell what becomes of the values. Raises BadRequest for a role that is not there."""
    unknown = _unknown_role(session, document)
    if unknown is not None:
        raise BadRequest(m("There is no role “%(key)s”.", key=unknown[:64]))
    changes: list[Change] = []
    after = foreseen(session.catalog, document)
    if document.makes:
        made = made_changes(session, after.made)
        changes += _reported(session, after, document, made) if reports else made
        changes += rule_changes(session, after)
    for picklist in document.options:
        changes += picklist_changes(session.catalog, picklist)
    changes += option_merging.changes(session, document.merges, document.unmerged)
    for pipeline in document.pipelines:
        differences = list(pipeline_changes(session.catalog, pipeline))
        changes += differences
        # What a merge leads elsewhere is led by the merge: its own plan would find moves to a stage that is to be retired.
        if differences and all(one.pipeline != pipeline.key for one in document.stage_merges):
            changes += stage_trial.changes(session, after, pipeline)
    changes += stage_merging.changes(session, document.stage_merges, document.stages_unmerged)
    for role in document.roles:
        changes += role_changes(session, role)
    changes += condition_plan.changes(session, document, after, {c.field for c in changes if c.kind == "rules"})
    changes += [Change("conflict", "role", one.key, effect, holders) for one, effect, holders in conflicts.effects(session, document.conflicts)]
    changes += [Change("view", view.entity, view.key, effect) for view, effect in effects(session.catalog, document.views)]
    changes += [Change("report", shared_reports.entity(one), one.key, effect) for one, effect in shared_reports.effects(session.catalog, document.reports)]
    changes += [Change("dashboard", "dashboard", one.key, effect) for one, effect in shared_dashboards.effects(session.catalog, document.dashboards)]
    changes += [Change("layout", spec.entity, spec.role or None, effect) for spec, effect in layouts.effects(session.catalog, document.layouts)]
    gone = (one for one in document.removed if one[0] not in (*MADE, "condition"))
    changes += [Change(kind, entity, key or None, "retire" if kind in ("option", "stage") else "remove") for kind, entity, key in gone]
    return changes


def _reported(session: SystemSession, after: Catalog, document: Document, changes: Iterable[Change]) -> Iterator[Change]:
    told = {(one.kind.key, one.new.key): one for one in conversions(session.catalog, after, decisions_of(document.fields))
            if one.new.number < 0}  # an undo brings the values of before back as they were
    for change in changes:
        found = told.get((change.entity, change.field or "")) if change.effect == "convert" else None
        yield change if found is None else replace(change, report=report(session, found, after.reader()))


def roles_there(session: SystemSession) -> set[str]:
    """The codes of the roles that stand."""
    role = session.catalog.entity("role").table
    return set(session.execute(select(role.c.code).where(role.c.deleted_at.is_(None))).scalars())


def _unknown_role(session: SystemSession, document: Document) -> str | None:
    """The key of a role that a file names elsewhere than under `roles`, and that neither exists nor comes with it."""
    named = [
        *(code for one in document.conflicts for code in sorted(one.roles)), *(code for one in document.roles if one.emergency for code in one.emergency.roles),
        *(one.role for one in document.layouts if one.role and one.said),
    ]
    known = roles_there(session) | {one.key for one in document.roles} if named else set()
    return next((code for code in named if code not in known), None)


def picklist_changes(catalog: Catalog, spec: PicklistSpec) -> Iterator[Change]:
    known = catalog.picklists.get(spec.key)
    if known is None or (spec.label is not None and known.label != spec.label):
        yield Change("picklist", spec.key, None, "create" if known is None else "label")
    keys = [o.key for o in known.options] if known else []
    ordered = order(keys, [o.key for o in spec.options])
    for option in spec.options:
        old = known.by_key(option.key) if known else None
        if old is None:
            yield Change("option", spec.key, option.key, "create")
        elif (old.label, old.colour, old.retired) != (option.label, option.colour, option.retired) or ordered.index(option.key) != keys.index(option.key):
            yield Change("option", spec.key, option.key, "change")


def role_changes(session: SystemSession, spec: RoleSpec) -> Iterator[Change]:
    role = session.catalog.entity("role").table
    named = select(role.c.id, role.c.name, role.c.name_en, role.c.second_factor)
    known = session.execute(named.where(role.c.code == spec.key, role.c.deleted_at.is_(None))).first()
    if known is None:
        yield Change("role", "role", spec.key, "create")
        return
    holders = _holders(session, known.id)
    if Label.of(known.name, known.name_en) != spec.label:
        yield Change("role", "role", spec.key, "label", holders)
    if spec.second_factor not in (None, known.second_factor):
        yield Change("role", "role", spec.key, "second_factor", holders)
    if spec.emergency not in (None, emergencies.in_force(session, known.id)):
        yield Change("role", "role", spec.key, "emergency", holders)
    if rules_of(session, known.id) != [dict(r) for r in spec.rules]:
        yield Change("rules", "role", spec.key, "replace", holders)


def rules_of(session: SystemSession, role_id: int) -> list[dict[str, Any]]:
    """The rules of a role as they stand in a file."""
    rules = AccessRule.__table__
    return list(session.execute(select(rules.c.rule).where(rules.c.role_id == role_id).order_by(rules.c.position)).scalars())


def _holders(session: SystemSession, role_id: int) -> int:
    held = session.catalog.entity("membership").table
    return session.execute(select(func.count()).select_from(held).where(held.c.role_id == role_id, held.c.deleted_at.is_(None))).scalar_one()
