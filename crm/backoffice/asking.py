"""What a change of one record still lacks, so that a screen asks for exactly that: fields to fill in, items of a checklist to tick, and in sentences
what no field of the record answers.

It is asked before the change is tried again, and decides nothing: the one door judges the save as it judges any other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crm.backoffice import records
from crm.backoffice.conditions.tree import All, Any_, Leaf, Node, Not, Saved
from crm.backoffice.guard import DataSession
from crm.backoffice.records import Values
from crm.backoffice.saving.demands import Demand
from crm.messages import Message


@dataclass(frozen=True)
class Lack:
    """Why a change is refused: the sentences, each with the field at which it is said ("": of the record); fields of the record that would answer some
    of them; and the items of the checklist of the stage in which it stands that are to be ticked, of which no sentence is told."""

    said: tuple[tuple[str, Message], ...]
    fields: tuple[str, ...]
    items: tuple[str, ...]


def lack(session: DataSession, entity: str, record_id: int, values: Values) -> Lack:
    """What `values` of a record lack, its fields in the order of the entity. Whether whoever asks may fill them in is not judged here; fields that he
    does not know are not among them. Raises NotFound, Forbidden, UnknownName."""
    kind = session.catalog.entity(entity)
    refused, demands = records.lacking(session, entity, record_id, values)
    known = set(session.sight.readable(entity))
    named = {*refused, *(key for one in demands for key in _named(one))} & known & kind.fields.keys()
    return Lack(
        (*refused.items(), *((one.key, one.message) for one in demands if not one.item)), tuple(key for key in kind.fields if key in named),
        tuple(one.item for one in demands if one.item),
    )


def _named(demand: Demand) -> Iterator[str]:
    """The fields of the record itself that a demand is about."""
    yield demand.key
    yield from _of_record(demand.condition)


def _of_record(node: Node) -> Iterator[str]:
    """Not of what it counts: that are fields of other records."""
    match node:
        case Leaf(path) if len(path) == 1:
            yield path[0]
        case All(parts) | Any_(parts):
            for part in parts:
                yield from _of_record(part)
        case Not(part):
            yield from _of_record(part)
        case Saved(part=part) if part is not None:
            yield from _of_record(part)
