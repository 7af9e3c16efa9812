"""Fields renamed inside conditions: each step of a path is followed to the entity where it stands, so that no namesake is touched."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from crm.backoffice.conditions.tree import Aggregate, All, Any_, Latest, Leaf, Node, Not, Saved
from crm.backoffice.entities import Entity, called_after

Entities = Mapping[str, Entity]


@dataclass(frozen=True)
class Renaming:
    """Fields and relations that are called otherwise: entity and key → the new key."""

    moves: Mapping[tuple[str, str], str]

    def of(self, entity: str, key: str) -> str:
        return self.moves.get((entity, key), key)

    def inside(self, node: Node, kind: Entity, entities: Entities) -> Node:
        """The condition over records of `kind` with the new names."""
        return renamed(node, kind, entities, self)


def field_called(entities: Entities, entity: str, old: str, new: str) -> Renaming:
    """A field called otherwise, and with it the relations that are called after it."""
    called = {
        (kind.key, key): called_after(entity, new) for kind in entities.values() for key, one in kind.relations.items()
        if (one.entity, one.field, key) == (entity, old, called_after(entity, old))
    }
    return Renaming({(entity, old): new, **called})


def renamed(node: Node, kind: Entity, entities: Entities, change: Renaming) -> Node:
    """The condition over records of `kind` with the new name; `entities` are those of before."""
    match node:
        case All(parts):
            return All(tuple(renamed(part, kind, entities, change) for part in parts))
        case Any_(parts):
            return Any_(tuple(renamed(part, kind, entities, change) for part in parts))
        case Not(part):
            return Not(renamed(part, kind, entities, change))
        case Leaf(path):
            return replace(node, path=walked(path, kind, entities, change)[0])
        case Latest(path, by, at):
            new, rows = walked(path[:-1], kind, entities, change)
            own = [change.of(rows.key, name) if rows is not None else name for name in (path[-1], by)]
            return replace(node, path=(*new, own[0]), by=own[1], at=change.of(kind.key, at))
        case Aggregate():
            return _aggregate(node, kind, entities, change)
        case Saved():
            return node  # what it says is kept, and rewritten, elsewhere


def _aggregate(node: Aggregate, kind: Entity, entities: Entities, change: Renaming) -> Aggregate:
    if node.of is not None:
        rows = entities.get(node.of[0])
        path = walked(node.path, rows, entities, change)[0]
    else:
        path = walked(node.path, kind, entities, change)[0]
        _, rows = walked(node.path[:1], kind, entities, change)
    return replace(
        node, path=path, of=(node.of[0], change.of(*node.of)) if node.of else None,
        where=renamed(node.where, rows, entities, change) if node.where is not None and rows is not None else node.where,
    )


def walked(path: tuple[str, ...], kind: Entity | None, entities: Entities, change: Renaming) -> tuple[tuple[str, ...], Entity | None]:
    """A path with the new name, and the entity to which it leads."""
    found: list[str] = []
    for step in path:
        if kind is None:
            found.append(step)
            continue
        found.append(change.of(kind.key, step))
        spec, relation = kind.fields.get(step), kind.relations.get(step)
        target = spec.target if spec is not None else relation.entity if relation is not None else None
        kind = entities.get(target or "")
    return tuple(found), kind
