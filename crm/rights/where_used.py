"""What refers to a thing of the configuration, as far as whoever configures it may know: what is another's own is counted and never named."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.uses import Use
from crm.rights.configuring import working

Asking = Callable[[SystemSession], list[Use]]


@dataclass(frozen=True)
class Known:
    """`named` may be told; `others` counts the rest by kind: rule, view, own_view, report, own_report, dashboard,
    own_dashboard, layout, field, check, pipeline,
    conflict, mapping, own_mapping."""

    named: tuple[Use, ...] = ()
    others: dict[str, int] = field(default_factory=dict)


def known(engine: Engine, catalog: Catalog, access: Access, asking: Asking, sees: Callable[[str, set[int]], set[int]]) -> Known:
    """Each place once; `sees` says which records of an entity the person sees, among some by number."""
    with working(engine, catalog, access.user_id, write=False) as session:
        found = list(dict.fromkeys(asking(session)))
    records: dict[str, set[int]] = {}
    for use in found:
        if use.record:
            records.setdefault(use.entity, set()).add(use.record)
    seen = {entity: sees(entity, numbers) for entity, numbers in records.items()}
    named = [use for use in found if use.record in seen.get(use.entity, set()) or (not use.record and _told(catalog, access, use))]
    others: dict[str, int] = {}
    for use in found:
        # A condition that one does not see may not even be told to be there: what it asks for is as secret as its values.
        if use not in named and use.kind != "condition":
            others[use.kind] = others.get(use.kind, 0) + 1
    return Known(tuple(dict.fromkeys(named)), others)


def _told(catalog: Catalog, access: Access, use: Use) -> bool:
    if use.kind in ("own_view", "own_report", "own_dashboard", "own_mapping"):
        return False
    if use.kind == "mapping":
        return access.unlimited or access.may(use.entity, "create")
    if use.kind == "view":
        view = catalog.views.get(use.name)
        return view is not None and view.is_for(access) and (access.may(view.entity, "read") or access.unlimited)
    if use.kind == "report":
        report = catalog.reports.get(use.name)
        return report is not None and report.is_for(access) and (access.unlimited or (use.entity in catalog.entities and access.may(use.entity, "read")))
    if use.entity:
        return access.unlimited or access.configures(use.entity)
    return access.unlimited
