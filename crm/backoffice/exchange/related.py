"""What a row of one entity may fill beside it: rows of a child list (`lines.product`) and the records behind them (`contacts.name`).

Derived from the description, so an entity made tomorrow has it too. A child relation goes by its own name: `lines` of a deal. When a
child row must name a record of another entity (a position its contact), that record goes by the reference's name with an `s`:
`contacts` of an account are the people of its positions, and fields that the person does not have are the position's own.
What links two records (a position a company and a person) goes by its relation's name from the side that is not its parent, where the card
shows it. Several rows of one list stand under `contact_points`, `contact_points:2` and so on.
An area adds what needs a rule of its own (`stage_entered`) with `@extra`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from datetime import date
from typing import Any

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.messages import Label


MOST_ROWS = 50  # of one list in one row of a file


@dataclass(frozen=True)
class Related:
    """A list beside a record. `behind` is the child's reference to the record that the name means, None for the child itself."""

    name: str
    child: Entity
    parent: str
    behind: str | None = None
    target: Entity | None = None

    def field(self, key: str) -> tuple[Entity, Field] | None:
        """The field that `name.key` fills: of the record behind, else of the child row."""
        for entity in (self.target, self.child):
            if entity is not None and key in entity.fields and not entity.fields[key].system and key not in (self.parent, self.behind):
                return entity, entity.fields[key]
        return None

    @cached_property
    def match(self) -> tuple[str, ...]:
        """What tells the rows of one parent apart: the title of the record behind, else what a child row must have."""
        return (self.target.declared.title,) if self.target is not None else required(self.child, self.parent)


def required(entity: Entity, *without: str) -> tuple[str, ...]:
    """The fields that every row has and nobody fills in for it."""
    return tuple(f.key for f in entity.editable() if f.required and f.default is None and f.key not in without)


def related_of(catalog: Catalog, entity: Entity) -> dict[str, Related]:
    """Everything that rows of `entity` may fill beside it, by the first word of its name."""
    found: dict[str, Related] = {}
    behind: dict[str, Related] = {}
    for relation in entity.relations.values():
        child = catalog.entities[relation.entity]
        if not required(child, relation.field):
            continue  # nothing tells the rows of one parent apart: such rows come in a file of their own
        if child.parent != relation.field:
            if relation.key in entity.declared.related and child.parent is not None and child.fields[relation.field].required:
                found[relation.key] = Related(relation.key, child, relation.field)  # what links two records is filled from either side
            continue
        found[relation.key] = Related(relation.key, child, relation.field)
        for spec in child.editable():
            if spec.target and spec.required and spec.key != relation.field and spec.target in catalog.entities and spec.target not in catalog.configured:
                target = catalog.entities[spec.target]
                if not target.declared.configuration:
                    behind.setdefault(f"{spec.key}s", Related(f"{spec.key}s", child, relation.field, spec.key, target))
    return {**behind, **found}


def named(catalog: Catalog, entity: Entity, name: str) -> Related | None:
    """The list that `name` means, perhaps one of several rows of it (`lines:2`)."""
    base, sign, number = name.partition(":")
    found = related_of(catalog, entity).get(base)
    if found is None or (sign and not (number.isascii() and number.isdecimal() and 2 <= int(number[:3]) <= MOST_ROWS)):
        return None
    return replace(found, name=name)


@dataclass(frozen=True)
class Entry:
    """A child row that an extra makes of a row's cells: what finds it among the parent's, what it holds, and what a new one begins with."""

    match: Mapping[str, Any]
    values: Mapping[str, Any]
    new: Mapping[str, Any] = field(default_factory=dict)


# record values by key (as they will stand after the row) and the days given by name → the child rows. Raises FieldError.
Make = Callable[[Catalog, Mapping[str, Any], Mapping[str, date]], list[Entry]]


@dataclass(frozen=True)
class Extra:
    """Targets of the form `name.argument` that take a day and become rows of `child`."""

    entity: str
    name: str
    child: str
    needs: tuple[str, ...]  # fields of the record that `make` reads
    arguments: Callable[[Catalog], Iterable[str]]
    make: Make
    label: Callable[[Catalog, str], Label]  # what the day of an argument is called


EXTRAS: dict[tuple[str, str], Extra] = {}


def extra(
    entity: str, name: str, *, child: str, needs: tuple[str, ...], arguments: Callable[[Catalog], Iterable[str]], label: Callable[[Catalog, str], Label],
) -> Callable[[Make], Make]:
    """Declare that rows of `entity` may fill `name.argument`, with the function that makes child rows of it."""

    def register(make: Make) -> Make:
        EXTRAS[entity, name] = Extra(entity, name, child, needs, arguments, make, label)
        return make

    return register
