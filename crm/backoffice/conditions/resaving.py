"""A saved condition called otherwise inside conditions."""

from dataclasses import dataclass, replace

from crm.backoffice.conditions.renaming import Entities
from crm.backoffice.conditions.tree import Aggregate, All, Any_, Latest, Leaf, Node, Not, Saved
from crm.backoffice.entities import Entity


@dataclass(frozen=True)
class Resaving:
    """`old` becomes `new`, both by key."""

    old: str
    new: str

    def of(self, entity: str, key: str) -> str:
        """Fields keep their names."""
        return key

    def inside(self, node: Node, kind: Entity, entities: Entities) -> Node:
        """The condition as it is kept, with the new key."""
        match node:
            case All(parts):
                return All(tuple(self.inside(part, kind, entities) for part in parts))
            case Any_(parts):
                return Any_(tuple(self.inside(part, kind, entities) for part in parts))
            case Not(part):
                return Not(self.inside(part, kind, entities))
            case Aggregate(where=where):
                return replace(node, where=self.inside(where, kind, entities)) if where is not None else node
            case Saved(key):
                return replace(node, key=self.new) if key == self.old else node
            case Leaf() | Latest():
                return node
