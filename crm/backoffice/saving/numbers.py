"""Numbers of new rows, known before they are written, so that codes, journal and children can name them."""

from sqlalchemy import func, select, text

from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession


def next_ids(session: DataSession, kind: Entity, count: int) -> list[int]:
    """`count` unused ids. On SQLite the transaction must have begun as a writer: the highest id is then nobody else's to raise."""
    table = kind.cls.__table__
    if session.bind is not None and session.bind.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(text(f"'\"{table.name}\"'"), text("'id'"))
        rows = session.kernel(select(func.nextval(sequence)).select_from(func.generate_series(1, count).alias("n")))
        return [row[0] for row in rows]
    highest = session.kernel(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    return list(range(highest + 1, highest + count + 1))


def code(kind: Entity, record_id: int) -> str:
    """The generated code of a record that was given none."""
    return f"{kind.declared.prefix or kind.key[:3].upper()}-{record_id}"
