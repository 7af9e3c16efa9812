"""Which named sources of files fill a field or name an option or a stage: their last versions, as they are kept."""

from collections.abc import Callable, Iterator, Mapping as Map
from typing import Any

from sqlalchemy import func, select

from crm.backoffice.conditions.renaming import Renaming, walked
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.mapping import Mapping, parse_mapping
from crm.backoffice.exchange.sources import ImportSource
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.uses import Use
from crm.errors import BadRequest

TABLE = ImportSource.__table__
NO_MOVES = Renaming({})
Named = tuple[str, Field, frozenset[str]]  # the entity of a field, the field, and the values by which the mapping names its options


def mappings(session: SystemSession, names: Callable[[str, list[Named]], bool]) -> Iterator[Use]:
    """The sources for which `names` holds of their entity and of what they name."""
    last = select(func.max(TABLE.c.id)).group_by(TABLE.c.entity, TABLE.c.made_by_id, TABLE.c.name)
    entities = session.catalog.entities
    for row in session.execute(select(TABLE).where(TABLE.c.id.in_(last)).order_by(TABLE.c.entity, TABLE.c.name, TABLE.c.id)).mappings():
        kind = entities.get(row["entity"])
        try:
            mapping = parse_mapping(row["mapping"])
        except BadRequest:
            continue  # kept by a version that knew other words
        if kind is not None and names(kind.key, list(_named(mapping, kind, entities))):
            yield Use("mapping" if row["shared"] else "own_mapping", row["name"], False, kind.key)


def filling(session: SystemSession, entity: str, key: str) -> Iterator[Use]:
    """Those that fill or match by the field."""
    return mappings(session, lambda _, named: any((of, spec.key) == (entity, key) for of, spec, _ in named))


def into(session: SystemSession, entity: str) -> Iterator[Use]:
    """Those that fill records of an entity or refer to them."""
    return mappings(session, lambda home, named: home == entity or any(entity in (of, spec.target) for of, spec, _ in named))


def valued(session: SystemSession, concerns: Callable[[Field], bool], means: Callable[[str], bool]) -> Iterator[Use]:
    """Those that give a field that `concerns` a value that is meant."""
    return mappings(session, lambda _, named: any(concerns(spec) and any(map(means, values)) for _, spec, values in named))


def _named(mapping: Mapping, kind: Entity, entities: Map[str, Entity]) -> Iterator[Named]:
    paths: dict[tuple[str, ...], set[str]] = {tuple(key.split(".")): set() for key in (*(mapping.match or ()), *mapping.scale)}
    for key, value in mapping.defaults.items():
        paths.setdefault(tuple(key.split(".")), set()).add(str(value))
    for targets in (mapping.columns or {}).values():
        for target in targets:
            paths.setdefault(target.path, set()).update(map(str, target.values.values()))
            if target.by:
                paths.setdefault((*target.path, *target.by.split(".")), set())
    for path, values in paths.items():
        yield from _walked(path, values, kind, entities)


def _walked(path: tuple[str, ...], values: Any, kind: Entity, entities: Map[str, Entity]) -> Iterator[Named]:
    """Every field that a path passes; the values are those of the last."""
    for end in range(1, len(path) + 1):
        _, home = walked(path[: end - 1], kind, entities, NO_MOVES)
        spec = home.fields.get(path[end - 1]) if home is not None else None
        if home is not None and spec is not None:
            yield home.key, spec, frozenset(values) if end == len(path) else frozenset()
