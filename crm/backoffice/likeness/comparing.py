"""In which fields two records are alike, and what that is worth."""

from collections.abc import Mapping
from typing import Any

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.likeness import words
from crm.backoffice.likeness.index import is_name
from crm.backoffice.text import fold

# What belongs to one holder alone tells more than what a family, an office or a chain of shops shares.
WORTH = {"tax_code": 1.0, "iban": 1.0, "email": 0.9, "phone": 0.7, "url": 0.6, "text": 0.6}
OTHERWISE = 0.5
ENOUGH = 0.88  # resemblance of names that are there; while one types, less is worth a look


def alike(kind: Entity, one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, float]:
    """Field → what it is worth that both hold the same in it, or names that sound the same. Names that differ in a number or in
    all initials are of different things."""
    found: dict[str, float] = {}
    for name in kind.declared.alike:
        here, there = one.get(name), other.get(name)
        if here in (None, "") or there in (None, ""):
            continue
        much = _much(kind.fields[name], str(here), str(there))
        if much:
            found[name] = much
    return found


def _much(spec: Field, one: str, other: str) -> float:
    worth = WORTH.get(spec.type, OTHERWISE)
    if not is_name(spec):
        return worth if fold(one) == fold(other) else 0.0
    here, there = words.initials(one), words.initials(other)
    if words.numbers(one) != words.numbers(other) or (here and there and not here & there):
        return 0.0
    resemblance = words.resemblance(one, other)
    return round(worth * resemblance, 4) if resemblance >= ENOUGH else 0.0
