"""A condition that is asked of records in a save, and what becomes of the answers."""

from dataclasses import dataclass

from crm.backoffice.conditions.tree import Node
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession
from crm.messages import Message

Problems = dict[int, dict[str, Message]]  # position → field, "" for the record → why


@dataclass(frozen=True)
class Demand:
    """A condition that is asked of some of the drafts, and what is said at which field of those where it comes out as `wrong`. Of several that are
    broken at one field the first is told; one that is told `beside` others is told with them. `item` names the item of a checklist that it asks for."""

    condition: Node
    wrong: bool
    places: tuple[int, ...]
    key: str
    message: Message
    beside: bool = False
    item: str = ""

    def tell(self, problems: dict[str, Message]) -> None:
        """Put what is wrong with a record among its problems."""
        known = problems.get(self.key)
        if known is None:
            problems[self.key] = self.message
        elif self.beside:
            problems[self.key] = Message("%(one)s · %(other)s", {"one": known, "other": self.message})


def knows(session: DataSession, kind: Entity, spec: Field) -> bool:
    """Whether the writer knows a field: one that he does not is not named to him."""
    return spec.key in session.sight.readable(kind.key) or spec.key in session.sight.creatable(kind.key)
