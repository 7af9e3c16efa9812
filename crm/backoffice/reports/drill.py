"""From a figure to the records it was counted from."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crm.backoffice.conditions.saved import SavedCondition
from crm.backoffice.conditions.tree import FUNCTIONS, MAX_HOPS
from crm.backoffice.grouped import may_be_group
from crm.backoffice.guard import DataSession
from crm.backoffice.reports.parameters import Dimension
from crm.backoffice.reports.table import Drill


def prefixed(condition: Mapping[str, Any], step: str, saved: Mapping[str, SavedCondition]) -> dict[str, Any] | None:
    """`condition` as seen from a row whose reference `step` leads to its record, with what `saved` conditions say in their place; None when
    it holds an aggregate or what stood at a moment, which have no such form, or a path that would become too long."""
    if "saved" in condition:  # it is over the record itself, and by its name can be asked of no other
        return prefixed(saved[condition["saved"]].where, step, saved)
    if any(name in condition for name in (*FUNCTIONS, "latest")) or condition.get("field", "").count(".") + 1 >= MAX_HOPS:
        return None
    for name in ("all", "any"):
        if name in condition:
            parts = [prefixed(part, step, saved) for part in condition[name]]
            return None if None in parts else {name: parts}
    if "not" in condition:
        part = prefixed(condition["not"], step, saved)
        return None if part is None else {"not": part}
    return {**condition, "field": f"{step}.{condition['field']}"}


def grouped_by(session: DataSession, drill: Drill, dimensions: tuple[Dimension, ...], *measured: str) -> Drill:
    """`drill` in groups by the first dimension that a list can be grouped by, with the columns `measured` after the first that its list shows."""
    kind = session.catalog.entity(drill.entity)
    group = next((d.path for d in dimensions if may_be_group(kind, d.path)), "")
    readable = session.sight.filterable(drill.entity)
    first, *others = kind.declared.columns
    columns = [key for key in dict.fromkeys((first, *measured, *others)) if key in readable]
    return replace(drill, group=group if group in readable else "", columns=tuple(columns))
