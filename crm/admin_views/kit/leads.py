"""Pages that a record's menu leads to beside the derived ones, as their modules declare them."""

from collections.abc import Callable
from dataclasses import dataclass

from crm.backoffice.guard import UserSession
from crm.messages import Message

EVERY = "*"


@dataclass(frozen=True)
class Lead:
    """A line of the menu of a record."""

    label: Message
    url: str
    icon: str


Make = Callable[[UserSession, str, int], list[Lead]]
_makers: dict[str, list[Make]] = {}


def leads_from(entity: str) -> Callable[[Make], Make]:
    """Marks what makes the leads of the records of `entity` ("*": of all) for one reader; it is asked with entity and number, and judges who is
    offered them. The pages refuse the others themselves."""

    def keep(make: Make) -> Make:
        _makers.setdefault(entity, []).append(make)
        return make

    return keep


def leads(session: UserSession, entity: str, record_id: int) -> list[Lead]:
    """The leads of one record, those of its kind first."""
    return [lead for kind in (entity, EVERY) for make in _makers.get(kind, ()) for lead in make(session, entity, record_id)]
