"""Values erased from the journal: what is left stays readable, the hash of what there was keeps the chain whole, and without its salt nobody
finds out by trying what it was the hash of."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, update

from crm.backoffice import journal
from crm.backoffice.custom.everything import removed_fields
from crm.backoffice.guard import DataSession
from crm.backoffice.journal import ERASURE, JournalRow, print_of, values_hash
from crm.backoffice.parts import in_parts
from crm.backoffice.personal.belonging import Place
from crm.backoffice.personal.names import Sought

TABLE = JournalRow.__table__


class Left(NamedTuple):
    """What is left of the values of a row of the journal."""

    id: int
    changes: Mapping[str, Any]


def of(session: DataSession, places: Sequence[Place], everything: Sought) -> list[Left]:
    """The rows that hold values of the person or name him, without that: a pair that is None has been there."""
    found: list[Left] = []
    person = places[0]
    for ids in in_parts(person.ids):  # events about him: signing in, from which address
        events = select(TABLE.c.id, TABLE.c.changes).where(TABLE.c.entity == person.kind.key, TABLE.c.record_id.in_(ids), TABLE.c.version.is_(None))
        found += (Left(number, without(changes, changes)) for number, changes in session.kernel(events) if any(changes.values()))
    for place in places:
        keys = {spec.kept_as for spec in (*place.fields, *removed_fields(session.connection(), place.kind.key))}
        for ids in in_parts(place.ids):
            query = select(TABLE.c.id, TABLE.c.changes).where(TABLE.c.entity == place.kind.key, TABLE.c.record_id.in_(ids), TABLE.c.version.is_not(None))
            for number, changes in session.kernel(query):
                left = everything.blanked(without(changes, keys))
                if left != changes:
                    found.append(Left(number, left))
    return found


def without(changes: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    return {key: None if key in keys else pair for key, pair in changes.items()}


def blank(session: DataSession, rows: Sequence[Left]) -> None:
    """Leave of each row what is given, and say so in the journal: a row of which no erasure speaks does not verify."""
    for part in in_parts(rows):
        left = {row.id: row.changes for row in part}
        for row in session.kernel(select(TABLE.c.id, TABLE.c.salt, TABLE.c.changes, TABLE.c.erased).where(TABLE.c.id.in_(left))).mappings().all():
            hashed = row["erased"] or values_hash(row["salt"], row["changes"])
            session.kernel(update(TABLE).where(TABLE.c.id == row["id"]).values(changes=dict(left[row["id"]]), erased=hashed, salt=""))
        journal.event(session, ERASURE, changes={"rows": [None, {str(number): print_of(changes) for number, changes in left.items()}]})
