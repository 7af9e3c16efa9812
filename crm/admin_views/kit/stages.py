"""The bar of stages above a record that stands in a pipeline: what lies behind, where it is, what is ahead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.backoffice.catalog import Catalog, Configured
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Ref


@dataclass(frozen=True)
class Step:
    """A stage on the bar; `state` is done, now, won, lost or "" (ahead), `is_end` marks the won and lost ones."""

    id: int
    label: str
    state: str
    is_now: bool
    is_end: bool
    kind: str


def steps(catalog: Catalog, entity: Entity, values: Mapping[str, Any], language: str) -> list[Step]:
    """The open stages of the record's pipeline in order, then the ends; none for what has no stage or hides it."""
    spec = entity.fields.get("stage")
    rows = catalog.configured.get(spec.target or "", {}) if spec else {}
    current = rows.get(_number(values.get("stage")))
    if current is None or "kind" not in current.values:
        return []
    fitting = [r for r in rows.values() if r.parent_id == current.parent_id and (not r.retired or r.id == current.id)]
    fitting.sort(key=lambda r: (r.values.get("kind") != "open", r.position, r.id))
    return [Step(r.id, r.label.text(language), _state(r, current), r.id == current.id, _kind(r) != "open", _kind(r)) for r in fitting]


def _state(row: Configured, current: Configured) -> str:
    if row.id == current.id:
        return _kind(row) if _kind(row) in ("won", "lost") else "now"
    behind = _kind(row) == "open" and (_kind(current) == "won" or (_kind(current) == "open" and row.position < current.position))
    return "done" if behind else ""


def _kind(row: Configured) -> str:
    return str(row.values.get("kind") or "open")


def _number(value: Any) -> int:
    return value.id if isinstance(value, Ref) else value if isinstance(value, int) else 0
