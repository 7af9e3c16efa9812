"""A mapping tied to a file, an entity and a reader's rights: which cell fills which field, converted how."""

from dataclasses import dataclass, field
from typing import Any

from crm.backoffice.entities import Entity
from crm.backoffice.exchange.convert import Convert
from crm.backoffice.exchange.related import Extra, Related
from crm.backoffice.fields.base import Field


@dataclass(frozen=True)
class Slot:
    """One cell of a row on its way to one field."""

    index: int
    column: str
    name: str  # as the mapping writes it: "amount", "lines.amount"
    spec: Field
    convert: Convert

    @property
    def key(self) -> str:
        return self.spec.key


@dataclass(frozen=True)
class Group:
    """The cells of a row that together make one row of a list beside the record."""

    related: Related
    child: tuple[Slot, ...] = ()
    behind: tuple[Slot, ...] = ()

    @property
    def match(self) -> tuple[Slot, ...]:
        """The cells that tell which row of the list is meant."""
        slots = self.behind if self.related.behind else self.child
        return tuple(s for s in slots if s.key in self.related.match)


@dataclass(frozen=True)
class Days:
    """The cells of a row whose days become rows of an extra's child: argument → slot."""

    extra: Extra
    slots: tuple[tuple[str, Slot], ...]


@dataclass(frozen=True)
class Layout:
    """Everything that is needed to read a row. `match` are keys of own fields, ("id",) for rows known by number, () for none."""

    kind: Entity
    own: tuple[Slot, ...]
    groups: tuple[Group, ...]
    days: tuple[Days, ...]
    match: tuple[str, ...]
    match_named: bool  # the key was asked for: a row without it is an error and not a new record
    defaults: dict[str, Any]
    id_index: int | None = None
    dated: tuple[int, ...] = ()  # indexes of columns read as dates
    ignored: tuple[str, ...] = ()
    forms: dict[int, str | None] = field(default_factory=dict)  # what the survey found: index → the form its dates keep

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot, whatever it fills."""
        return (*self.own, *(s for g in self.groups for s in (*g.child, *g.behind)), *(s for d in self.days for _, s in d.slots))
