"""Conditions that the product itself keeps under names, as an area declares them: made of rows of the configuration, so that they follow these."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from crm.backoffice.conditions.saved import SavedCondition
from crm.messages import Label

SIGN = "@"  # begins their keys: no key of a file does
Rows = Mapping[int, Any]  # of an entity of the configuration, by number
Make = Callable[[Rows], Mapping[str, Any]]


@dataclass(frozen=True)
class _Declared:
    key: str
    entity: str
    label: Label
    note: Label
    of: str
    make: Make


_DECLARED: dict[str, _Declared] = {}


def own_condition(key: str, entity: str, label: Label, note: Label, *, of: str) -> Callable[[Make], Make]:
    """Registers a function from the rows of the configuration entity `of` to a condition over `entity`, as a file would say it. Asked once a version."""

    def keep(function: Make) -> Make:
        if not key.startswith(SIGN) or key in _DECLARED:
            raise ValueError(f"{key} is no key of a condition of the product")
        _DECLARED[key] = _Declared(key, entity, label, note, of, function)
        return function

    return keep


def own_conditions(rows_of: Callable[[str], Rows]) -> Mapping[str, SavedCondition]:
    """All of them as the configuration makes them."""
    rows = {name: rows_of(name) for name in dict.fromkeys(one.of for one in _DECLARED.values())}
    return MappingProxyType({
        one.key: SavedCondition(one.key, one.entity, one.label, MappingProxyType(dict(one.make(rows[one.of]))), one.note) for one in _DECLARED.values()
    })
