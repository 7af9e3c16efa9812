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


Told = Mapping[str, str]  # field → its value as it is compared: a name as it stands, anything else folded


def told(kind: Entity, values: Mapping[str, Any]) -> Told:
    """What a record is compared by, without fields that are empty."""
    given = {name: str(value) for name in kind.declared.alike if (value := values.get(name)) not in (None, "")}
    return {name: text if is_name(kind.fields[name]) else fold(text) for name, text in given.items()}


def alike(kind: Entity, one: Told, other: Told) -> dict[str, float]:
    """Field → what it is worth that both hold the same in it, or names that sound the same. Names that differ in a number or in
    all initials are of different things."""
    return {name: much for name in one if name in other and (much := _much(kind.fields[name], one[name], other[name]))}


def _much(spec: Field, one: str, other: str) -> float:
    worth = WORTH.get(spec.type, OTHERWISE)
    if not is_name(spec):
        return worth if one == other else 0.0
    here, there = words.heard(one), words.heard(other)
    if here.numbers != there.numbers or (here.initials and there.initials and not here.initials & there.initials):
        return 0.0
    return round(worth * words.resemblance(one, other, ENOUGH), 4)
