"""A value replaced by another inside conditions: a comparison is followed to the field where it stands, so that no namesake is touched."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

from crm.backoffice.conditions.renaming import Entities, Renaming, walked
from crm.backoffice.conditions.tree import Aggregate, All, Any_, Latest, Leaf, Node, Not, Saved
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field

NO_MOVES = Renaming({})


class Replacing(ABC):
    """What some fields are compared with is something else from now on."""

    def of(self, entity: str, key: str) -> str:
        """Fields keep their names."""
        return key

    @abstractmethod
    def concerns(self, spec: Field) -> bool:
        """Whether values of the field are meant."""

    @abstractmethod
    def compared(self, node: Leaf | Latest) -> Leaf | Latest:
        """A comparison of such a field with the new value."""

    def inside(self, node: Node, kind: Entity, entities: Entities) -> Node:
        """The condition over records of `kind` with the new value."""
        match node:
            case All(parts):
                return All(tuple(self.inside(part, kind, entities) for part in parts))
            case Any_(parts):
                return Any_(tuple(self.inside(part, kind, entities) for part in parts))
            case Not(part):
                return Not(self.inside(part, kind, entities))
            case Leaf() | Latest():
                return self.comparison(node, kind, entities)
            case Aggregate():
                _, rows = (None, entities.get(node.of[0])) if node.of is not None else walked(node.path[:1], kind, entities, NO_MOVES)
                return replace(node, where=self.inside(node.where, rows, entities)) if node.where is not None and rows is not None else node
            case Saved():
                return node  # what it says is kept, and rewritten, elsewhere

    def comparison(self, node: Leaf | Latest, kind: Entity, entities: Entities) -> Node:
        """One comparison over records of `kind` with the new value."""
        return self.compared(node) if self._compares(node.path, kind, entities) else node

    def _compares(self, path: tuple[str, ...], kind: Entity, entities: Entities) -> bool:
        _, home = walked(path[:-1], kind, entities, NO_MOVES)
        spec = home.fields.get(path[-1]) if home is not None and path else None
        return spec is not None and self.concerns(spec)


@dataclass(frozen=True)
class Revaluing(Replacing):
    """An option of a picklist that is another one from now on."""

    picklist: str
    old: str
    new: str

    def concerns(self, spec: Field) -> bool:
        return spec.picklist == self.picklist

    def compared(self, node: Leaf | Latest) -> Leaf | Latest:
        return replace(node, value=self.value(node.value))

    def value(self, given: Any) -> Any:
        """A value, or a list of them, with the new option; none twice."""
        if isinstance(given, list):
            return list(dict.fromkeys(self.new if one == self.old else one for one in given)) if self.old in given else given
        return self.new if given == self.old else given
