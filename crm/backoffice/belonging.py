"""What belongs to a record: the relations that its reader may follow, and the rows of one as a fixed condition of a list (`of=account.12.deals`)."""

import re
from dataclasses import dataclass

from sqlalchemy import select

from crm.backoffice.conditions.tree import Any_, Leaf, Node
from crm.backoffice.entities import Entity, Relation
from crm.backoffice.guard import DataSession
from crm.errors import NotFound, UnknownName

WORD = re.compile(r"([a-z][a-z0-9_]{0,63})\.([1-9][0-9]{0,9})\.([a-z][a-z0-9_]{0,63})")


@dataclass(frozen=True)
class Belonging:
    """The rows of `relation` of the record `number` of `entity`; `where` chooses them, beside whatever else a list asks."""

    entity: str
    number: int
    relation: Relation
    where: Node

    @property
    def own(self) -> str:
        """The field that says on every row what the card says already; "" where rows come by several ways."""
        return self.relation.field if isinstance(self.where, Leaf) else ""


def relations(session: DataSession, entity: Entity) -> list[Relation]:
    """The relations this reader may follow: those that the layout names first, then the rest."""
    keys = [k for k in session.sight.layout(entity.key).related if k in entity.relations]
    keys += [k for k in entity.relations if k not in keys]
    return [r for r in (entity.relations[k] for k in keys) if r.field in filterable(session, r.entity)]


def relation(session: DataSession, entity: Entity, key: str) -> Relation:
    """Raises NotFound, alike for an unknown and a hidden relation."""
    found = next((r for r in relations(session, entity) if r.key == key), None)
    if found is None:
        raise NotFound()
    return found


def filterable(session: DataSession, entity: str) -> tuple[str, ...]:
    """The fields by which this reader may choose rows of `entity`, none where he reads none."""
    return session.sight.filterable(entity) if session.sight.may(entity, "read") else ()


def rows_of(session: DataSession, found: Relation, number: int) -> Node:
    """The condition of the rows of a relation: by its own field, and by each further way that this reader may know."""
    ways = [Leaf((found.field,), "eq", number)]
    ways += [leaf for leaf in (Leaf(path, "eq", number) for path in found.also) if _may_ask(session, found.entity, leaf)]
    return ways[0] if len(ways) == 1 else Any_(tuple(ways))


def asked(session: DataSession, entity: str, word: str) -> Belonging | None:
    """What the word `of` of a list's address says; None for no word. Raises NotFound for a card that does not show these rows to this reader, whatever
    the reason. One statement."""
    if not word:
        return None
    said = WORD.fullmatch(word)
    if said is None or said[1] not in session.catalog.entities or not session.sight.may(said[1], "read"):
        raise NotFound()
    number, found = int(said[2]), relation(session, session.catalog.entity(said[1]), said[3])
    if found.entity != entity or number >= 2**31:
        raise NotFound()
    card = session.table(said[1])
    if session.execute(select(card.id).where(card.id == number, card.visible)).first() is None:
        raise NotFound()
    return Belonging(said[1], number, found, rows_of(session, found, number))


def _may_ask(session: DataSession, entity: str, leaf: Leaf) -> bool:
    try:
        session.sight.table(entity).where(leaf)
    except UnknownName:
        return False
    return True
