"""From a figure to the records it was counted from."""

from collections.abc import Mapping
from typing import Any

from crm.backoffice.conditions.tree import FUNCTIONS, MAX_HOPS


def prefixed(condition: Mapping[str, Any], step: str) -> dict[str, Any] | None:
    """`condition` as seen from a row whose reference `step` leads to its record; None when it holds an aggregate or what
    stood at a moment, which have no such form, or a path that would become too long."""
    if any(name in condition for name in (*FUNCTIONS, "latest")) or condition.get("field", "").count(".") + 1 >= MAX_HOPS:
        return None
    for name in ("all", "any"):
        if name in condition:
            parts = [prefixed(part, step) for part in condition[name]]
            return None if None in parts else {name: parts}
    if "not" in condition:
        part = prefixed(condition["not"], step)
        return None if part is None else {"not": part}
    return {**condition, "field": f"{step}.{condition['field']}"}
