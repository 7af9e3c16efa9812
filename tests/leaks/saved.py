"""Saved conditions asked by their names: which there are, and what they ask for."""

from collections.abc import Iterator
from typing import Any

from crm.backoffice.entities import Entity
from tests.leaks.kept import WHERE, meaning
from tests.leaks.questions import View


def over(kind: Entity) -> list[str]:
    return [key for key, (entity, _) in WHERE.items() if entity == kind.key]


def names(view: View, kind: Entity, raw: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields, by entity and key, that a condition without names asks for."""
    for part in (*raw.get("all", ()), *raw.get("any", ()), *([raw["not"]] if "not" in raw else ())):
        yield from names(view, kind, part)
    if "count" in raw:
        relation = kind.relations[raw["count"]]
        rows = view.catalog.entities[relation.entity]
        yield rows.key, relation.field
        yield from names(view, rows, raw["where"])
    elif "field" in raw:
        yield from _on_the_way(view, kind, raw["field"])


def is_shut(view: View, kind: Entity, key: str) -> bool:
    """Whether the role may not ask for something of what a saved condition asks for."""
    return any(field in view.shut(entity) for entity, field in names(view, kind, meaning(WHERE[key][1])))


def _on_the_way(view: View, kind: Entity, path: str) -> Iterator[tuple[str, str]]:
    first, _, rest = path.partition(".")
    yield kind.key, first
    if rest:
        yield from _on_the_way(view, view.catalog.entities[kind.fields[first].target or ""], rest)
