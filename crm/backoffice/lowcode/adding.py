"""Of a configuration file what is not there yet: it adds, and changes nothing that stands."""

from dataclasses import replace

from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.document import Document
from crm.backoffice.lowcode.options import PicklistSpec, standing
from crm.backoffice.lowcode.pipelines import pipeline_of
from crm.backoffice.lowcode.plan import plan, roles_there


def missing(session: SystemSession, wanted: Document) -> Document:
    """The part of a document that names what is not there. A picklist that is there gets the options that it lacks, after its own."""
    known, roles, made = session.catalog, roles_there(session), session.catalog.made
    checks = {(one.entity, one.key) for one in made.checks}
    fields = tuple(f for f in wanted.fields if f.entity not in known.entities or f.key not in known.entities[f.entity].fields)
    lists = (*(f.options for f in wanted.fields if f.options is not None and f not in fields), *wanted.picklists)
    return replace(
        wanted,
        roles=tuple(r for r in wanted.roles if r.key not in roles),
        pipelines=tuple(p for p in wanted.pipelines if pipeline_of(known, p.key) is None),
        picklists=tuple(filter(None, (_completed(known, spec) for spec in lists))),
        views=tuple(v for v in wanted.views if v.key not in known.views),
        dashboards=tuple(d for d in wanted.dashboards if d.key not in known.dashboards),
        reports=tuple(r for r in wanted.reports if r.key not in known.reports),
        conflicts=tuple(c for c in wanted.conflicts if c.key not in known.conflicts),
        conditions=tuple(c for c in wanted.conditions if c.key not in known.saved.known),
        entities=tuple(e for e in wanted.entities if e.key not in known.entities),
        fields=fields,
        layouts=tuple(one for one in wanted.layouts if one.role not in known.layouts.get(one.entity, {})),
        removed=(),
        checks=tuple(c for c in wanted.checks if (c.entity, c.key) not in checks),
    )


def standing_otherwise(session: SystemSession, wanted: Document) -> list[Change]:
    """What stands already and is not as the document says: what it would change beside adding what is missing."""
    adding = {(one.kind, one.entity, one.field) for one in plan(session, missing(session, wanted))}
    return [one for one in plan(session, wanted) if (one.kind, one.entity, one.field) not in adding]


def _completed(catalog: Catalog, spec: PicklistSpec) -> PicklistSpec | None:
    """The picklist as it stands with the options of `spec` that it lacks; None when it lacks none."""
    there = catalog.picklists.get(spec.key)
    if there is None or not there.options:
        return spec
    new = tuple(o for o in spec.options if there.by_key(o.key) is None)
    if not new:
        return None
    stands = standing(there)
    return replace(stands, options=(*stands.options, *new))
