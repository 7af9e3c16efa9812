"""Numbers of new rows, known before they are written, so that codes, journal and children can name them.

They ascend, so a new one tells how many rows were made before it, seen or not. Where a job makes rows as hidden fields say (`numbered_by`), that
would tell of the fields: there a number is mixed from whom the row joins and how many rows of the same stood before, and ascends with nothing.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any
from zlib import crc32

from sqlalchemy import func, select, text

from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts

HIGHEST = 2**31 - 1  # what a column of numbers holds on PostgreSQL


def next_ids(session: DataSession, kind: Entity, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Unused ids, one for each of the new rows. On SQLite the transaction must have begun as a writer: nobody else then takes one."""
    if kind.declared.numbered_by:
        return mixed_ids(session, kind, [tuple(row.get(key) for key in kind.declared.numbered_by) for row in rows])
    table, count = kind.table, len(rows)
    if _on_postgres(session):
        sequence = func.pg_get_serial_sequence(text(f"'\"{table.name}\"'"), text("'id'"))
        found = session.kernel(select(func.nextval(sequence)).select_from(func.generate_series(1, count).alias("n")))
        return [row[0] for row in found]
    highest = session.kernel(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    return list(range(highest + 1, highest + count + 1))


def mixed_ids(session: DataSession, kind: Entity, joined: Sequence[tuple[Any, ...]]) -> list[int]:
    """Unused ids for rows that join these records, in the order of `numbered_by`; the next mixture where one is taken."""
    alone(session, kind)
    table, found, used = kind.table, [0] * len(joined), set[int]()
    left, turn = list(range(len(joined))), 0
    while left:
        wanted = {place: _mixed(kind.key, joined[place], turn) for place in left}
        for part in in_parts(list(wanted.values())):
            used.update(session.kernel(select(table.c.id).where(table.c.id.in_(part))).scalars())
        again = []
        for place, number in wanted.items():
            if number in used:
                again.append(place)
            else:
                used.add(number)
                found[place] = number
        left, turn = again, turn + 1
    return found


def alone(session: DataSession, kind: Entity) -> None:
    """Until this transaction ends nobody else takes mixed ids of `kind`: what two take at once neither sees. Asked for before rows are locked."""
    if _on_postgres(session):
        session.kernel(select(func.pg_advisory_xact_lock(crc32(kind.key.encode()))))


def code(kind: Entity, record_id: int) -> str:
    """The generated code of a record that was given none."""
    return f"{kind.declared.prefix or kind.key[:3].upper()}-{record_id}"


def _mixed(key: str, joined: tuple[Any, ...], turn: int) -> int:
    told = ":".join(str(getattr(one, "id", one)) for one in (key, *joined, turn))
    return int.from_bytes(blake2b(told.encode(), digest_size=8).digest(), "big") % HIGHEST + 1


def _on_postgres(session: DataSession) -> bool:
    return session.bind is not None and session.bind.dialect.name == "postgresql"
