"""Conditions that are kept under names, by the configuration or by the product itself: what is kept goes on naming others, what is asked is what all
of them say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import structlog
from sqlalchemy import Connection, select

from crm.backoffice.conditions.tree import Saved, parse
from crm.backoffice.configuration import SavedConditionRow
from crm.errors import BadRequest, BramaError, UnknownCondition
from crm.messages import Label, m

log = structlog.get_logger("brama.conditions")
TABLE = SavedConditionRow.__table__
MOST_STEPS = 24  # from one saved condition to the next


@dataclass(frozen=True)
class SavedCondition:
    """A condition over an entity under its key; `where` as a file says it. `note` says for what it is."""

    key: str
    entity: str
    label: Label
    where: Mapping[str, Any]
    note: Label | None = None


@dataclass(frozen=True)
class SavedConditions:
    """All of them by key: `known` are those of the configuration, `own` the product's (`conditions/own.py`), whose keys no file can give."""

    known: Mapping[str, SavedCondition] = field(default_factory=dict)
    own: Mapping[str, SavedCondition] = field(default_factory=dict)

    @cached_property
    def every(self) -> Mapping[str, SavedCondition]:
        """Both kinds."""
        return MappingProxyType({**self.own, **self.known})

    def __call__(self, key: str) -> Saved:
        """What one says. Raises UnknownCondition for one that is not there or makes no sense."""
        found = self._read[0].get(key)
        if found is None:
            raise UnknownCondition(key)
        return found

    @cached_property
    def problems(self) -> Mapping[str, BramaError]:
        """Why some make no sense: they lead to themselves or to nothing, or grow beyond the bounds."""
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[Mapping[str, Saved], Mapping[str, BramaError]]:
        found: dict[str, Saved] = {}
        wrong: dict[str, BramaError] = {}
        for key in self.every:
            try:
                _resolve(self.every, key, (), found)
            except BramaError as why:
                wrong[key] = why
        return MappingProxyType(found), MappingProxyType(wrong)


def _resolve(known: Mapping[str, SavedCondition], key: str, way: tuple[str, ...], found: dict[str, Saved]) -> Saved:
    if key in found:
        return found[key]
    if key not in known:
        raise UnknownCondition(key)
    if key in way:
        raise BadRequest(m("The saved condition “%(key)s” leads to itself: %(way)s.", key=key, way=" → ".join((*way[way.index(key):], key))))
    if len(way) >= MOST_STEPS:
        raise BadRequest(m("The condition is nested too deeply."))
    found[key] = Saved(key, known[key].entity, parse(known[key].where, lambda other: _resolve(known, other, (*way, key), found)))
    return found[key]


def read_saved(connection: Connection) -> SavedConditions:
    """All that are kept, by their keys."""
    rows = sorted(connection.execute(select(TABLE)), key=lambda row: row.key)
    found = SavedConditions(MappingProxyType({
        row.key: SavedCondition(
            row.key, row.entity, Label(row.label_uk, row.label_en), MappingProxyType(dict(row.said)),
            Label(row.note_uk, row.note_en) if row.note_uk or row.note_en else None,
        ) for row in rows
    }))
    for key, why in found.problems.items():
        log.warning("saved condition left out", key=key, why=str(why))
    return found

