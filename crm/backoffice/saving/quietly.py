"""Stored values that are worked out anew, edited by nobody: version, moments and journal of their records stay as they are."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, bindparam, update

from crm.backoffice.guard import DataSession

Row = Mapping[str, Any]


def put(session: DataSession, table: Table, rows: Mapping[int, Row]) -> None:
    """Give rows, by number, new values by the names of their columns."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for number, values in rows.items():
        if values:
            alike.setdefault(tuple(sorted(values)), []).append({"row": number, **{f"new_{name}": value for name, value in values.items()}})
    for names, group in alike.items():
        given = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
        session.kernel(update(table).where(table.c.id == bindparam("row")).values(given), group)
