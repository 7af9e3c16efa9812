"""The configuration in force as a file: what `flask config apply` reads back to no change."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from crm.backoffice.catalog import Catalog, Configured, Picklist
from crm.backoffice.configuration import AccessRule
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.document import Document
from crm.backoffice.lowcode import conflicts, emergencies, layouts, saved_conditions, shared_dashboards, shared_reports, shared_views
from crm.backoffice.lowcode.options import option_form, standing
from crm.backoffice.lowcode.pipelines import Likelihood, likelihood_of, pipeline_of, stage_said, stage_stands, stages_of
from crm.messages import Label


def whole(session: SystemSession) -> dict[str, Any]:
    """Everything that is configured; no records, people, versions or moments."""
    return {section: said() for section, said in _sections(session).items()}


def _sections(session: SystemSession) -> dict[str, Callable[[], dict[str, Any]]]:
    """What says each section: a change of the configuration asks for those that it touches, and no other is read."""
    catalog = session.catalog
    return {
        "entities": lambda: {
            kind.key: {**kind.said, "fields": {field.key: dict(field.said) for field in catalog.made.of(kind.key).values()}}
            for kind in catalog.made.entities.values()
        },
        "fields": lambda: {key: {field.key: dict(field.said) for field in fields.values()} for key in catalog.entities
                           if key not in catalog.made.entities and (fields := catalog.made.of(key))},
        "checks": lambda: {entity: {one.key: dict(one.said) for one in catalog.made.checks if one.entity == entity} for entity in _in_order(catalog)},
        "picklists": lambda: {key: _picklist(p) for key, p in sorted(catalog.picklists.items())},
        "pipelines": lambda: {p.code: _pipeline(session, p) for p in catalog.configured["pipeline"].values()},
        "conditions": lambda: saved_conditions.forms(catalog),
        "roles": lambda: _roles(session),
        "views": lambda: shared_views.forms(catalog),
        "reports": lambda: shared_reports.forms(catalog),
        "dashboards": lambda: shared_dashboards.forms(catalog),
        "conflicts": lambda: conflicts.forms(catalog),
        "layouts": lambda: layouts.forms(catalog),
    }


def _in_order(catalog: Catalog) -> list[str]:
    """The entities that have checks with names."""
    checked = {one.entity for one in catalog.made.checks}
    return [key for key in catalog.entities if key in checked]


def of(session: SystemSession, document: Document) -> dict[str, Any]:
    """The part of the configuration in force that a document is about to change."""
    named: dict[str, set[str]] = {
        "picklists": {p.key for p in document.options}, "pipelines": {p.key for p in document.pipelines}, "roles": {r.key for r in document.roles},
        "views": {v.key for v in document.views}, "conflicts": {c.key for c in document.conflicts},
        "reports": {r.key for r in document.reports}, "dashboards": {d.key for d in document.dashboards},
        "conditions": {c.key for c in document.conditions},
        "layouts": {spec.entity for spec in document.layouts},
    }
    for kind, entity, key in document.removed:
        match kind:
            case "entity" | "field" | "check":
                continue  # these are put back by how they stood
            case "layout":
                named["layouts"].add(entity)
            case "option":
                named["picklists"].add(entity)
            case "stage":
                named["pipelines"] |= {p.code for p in session.catalog.configured["pipeline"].values() if key in _codes(session, p)}
            case _:
                named[f"{kind}s"].add(key)
    sections = _sections(session)
    return {section: {k: v for k, v in sections[section]().items() if k in keys} if keys else {} for section, keys in named.items()}


def _roles(session: SystemSession) -> dict[str, dict[str, Any]]:
    """Every role that stands, by code. A company has hundreds, and each change of the configuration reads them: so all of them at once."""
    role, rules = session.catalog.entity("role").table, AccessRule.__table__
    named = select(role.c.id, role.c.code, role.c.name, role.c.name_en, role.c.second_factor, role.c.emergency_hours)
    rows = session.execute(named.where(role.c.deleted_at.is_(None)).order_by(role.c.id)).all()
    held: dict[int, list[Any]] = {row.id: [] for row in rows}
    for number, rule in session.execute(select(rules.c.role_id, rules.c.rule).order_by(rules.c.role_id, rules.c.position)):
        held.get(number, []).append(rule)
    led_to = emergencies.led_to(session)
    taken = {row.id: emergencies.Emergency(led_to.get(row.id, ()), row.emergency_hours) for row in rows}
    return {
        row.code: role_form(
            Label.of(row.name, row.name_en), held[row.id], row.second_factor or None,
            taken[row.id].form() if taken[row.id] != emergencies.Emergency() else None,
        )
        for row in rows
    }


def _codes(session: SystemSession, pipeline: Configured) -> set[str]:
    return {stage.code for stage in stages_of(session.catalog, pipeline).values()}


def _picklist(known: Picklist) -> dict[str, Any]:
    return {"label": known.label.as_dict(), "options": [option_form(one) for one in standing(known).options]}


def _pipeline(session: SystemSession, known: Configured) -> dict[str, Any]:
    stages = stages_of(session.catalog, pipeline_of(session.catalog, known.code)).values()
    return pipeline_form(known.label, known.values["entity"], [stage_said(stage_stands(stage)) for stage in stages], likelihood_of(known.values))


# --- how a file says it --------------------------------------------------------------------------------------------


def role_form(
    label: Label, rules: Sequence[Mapping[str, Any]], second_factor: bool | None, emergency: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """`second_factor` or `emergency` None: the file does not say."""
    said = {"second_factor": second_factor, "emergency": emergency}
    return {"label": label.as_dict()} | {key: value for key, value in said.items() if value is not None} | {"rules": rules}


def pipeline_form(label: Label, entity: str, stages: Sequence[Mapping[str, Any]], likelihood: Likelihood) -> dict[str, Any]:
    return {"label": label.as_dict(), "entity": entity, "probability": likelihood.as_dict(), "stages": stages}

