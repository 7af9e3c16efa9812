"""What an installation holds, so that two can be compared: every business record and its journal, without what may rightly differ.

Left out or put in other words: a record's number (numbers are given in the order of saving, and a colleague saves meanwhile), so a
reference stands as the code it points to, and a code made of the number stands as the record's name; the moments of the saves themselves
(dates and moments *in* the records stay); the salt, digest and key of a batch in the journal, which `flask journal verify` judges. What
the colleague made is left out and checked apart. Everything else is compared byte by byte: every column with its sort and search
companions, versions, who made and changed it, what stands in the recycle bin, and of the journal each record's changes in their order
with both values.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select

import crm.models
from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.batches import ImportBatch
from crm.backoffice.journal import JournalRow

assert crm.models  # a catalog knows the classes that are imported
MOMENTS_OF_SAVING = ("created_at", "updated_at")
OF_NIGHTS = frozenset({"deal_outlook"})  # kept by a job of the night, wherever a server runs through one
JOURNAL = JournalRow.__table__


@dataclass(frozen=True)
class Contents:
    """Per entity its records as sorted lines, `journal` its changes; `digest` is one hash over all."""

    lines: Mapping[str, list[str]]

    @property
    def counts(self) -> dict[str, int]:
        return {name: len(lines) for name, lines in self.lines.items() if lines}

    @property
    def digest(self) -> str:
        found = hashlib.sha256()
        for name, lines in sorted(self.lines.items()):
            for line in (name, *lines):
                found.update(line.encode() + b"\n")
        return found.hexdigest()

    def differences(self, other: "Contents") -> Iterator[str]:
        """Up to five lines of each entity that only one side has."""
        for name in sorted({*self.lines, *other.lines}):
            here, there = set(self.lines.get(name, ())), set(other.lines.get(name, ()))
            for sign, rest in (("-", here - there), ("+", there - here)):
                yield from (f"{sign} {name}: {line}" for line in sorted(rest)[:5])
            if not here ^ there and self.lines.get(name) != other.lines.get(name):
                yield f"± {name}: the same lines, but not equally often"


def contents(engine: Engine, *, without: int | None = None) -> Contents:
    """Everything but what the person number `without` made or did. Memory grows with the records."""
    catalog = load_catalog(engine)
    lines: dict[str, list[str]] = {}
    with engine.connect() as connection:
        names = {key: _names(connection, kind) for key, kind in catalog.entities.items()}
        for key, kind in catalog.entities.items():
            if key in OF_NIGHTS:
                continue
            lines[key] = sorted(_records(connection, kind, catalog, names, without))
            for field, spec, table in kind.sets():
                pairs = connection.execute(select(table))
                lines[f"{key}.{field}"] = sorted(f"{names[key][owner]} → {names[spec.target or ''][target]}" for owner, target in pairs)
        lines["journal"] = sorted(_journal(connection, catalog, names, without))
    return Contents(lines)


def _names(connection: Connection, kind: Entity) -> dict[int, str]:
    """Number → what a record is called in comparisons: its code, or its name when the code was made of the number."""
    table = kind.table
    if not kind.is_record:
        return {}
    return {row.id: _name(kind, row.id, row.code, row.name) for row in connection.execute(select(table.c.id, table.c.code, table.c.name))}


def _name(kind: Entity, record_id: int, code: str, name: str) -> str:
    return f"«{name}»" if code == f"{kind.declared.prefix or kind.key[:3].upper()}-{record_id}" else code


def _records(
    connection: Connection, kind: Entity, catalog: Catalog, names: Mapping[str, Mapping[int, str]], without: int | None,
) -> Iterator[str]:
    table = kind.table
    targets = {f.attribute: f.target for _, f in kind.in_columns() if f.target}
    generated = [c.name for c in table.c if c.name == "code" or c.name.startswith("code_")]
    for row in connection.execution_options(yield_per=2000).execute(select(table)).mappings():
        if without is not None and row["created_by_id"] == without:
            continue
        values = {k: v for k, v in row.items() if k != "id" and k not in MOMENTS_OF_SAVING}
        for column, target in targets.items():
            values[column] = names[target].get(values[column], values[column])
        if kind.is_record and names[kind.key][row["id"]].startswith("«"):
            values |= dict.fromkeys(generated, "made of the number")
        values["deleted_at"] = values["deleted_at"] is not None
        yield repr(list(values.items()))


def _journal(connection: Connection, catalog: Catalog, names: Mapping[str, Mapping[int, str]], without: int | None) -> Iterator[str]:
    batches = {row.key for row in connection.execute(select(ImportBatch.__table__.c.key))}
    parents = {key: _parents(connection, kind, names) for key, kind in catalog.entities.items() if not kind.is_record}
    for row in connection.execution_options(yield_per=2000).execute(select(JOURNAL).where(JOURNAL.c.version.is_not(None)).order_by(JOURNAL.c.id)).mappings():
        if without is not None and row["actor_id"] == without:
            continue
        kind = catalog.entities[row["entity"]]
        record = (names[kind.key] if kind.is_record else parents[kind.key]).get(row["record_id"])
        changes = {key: [_value(kind, key, one, names, row["record_id"]) for one in both] for key, both in row["changes"].items()}
        imported = row["batch"] in batches
        yield repr((kind.key, record, row["version"], row["action"], row["source"], row["reason"], row["actor_id"], imported, sorted(changes.items())))


def _parents(connection: Connection, kind: Entity, names: Mapping[str, Mapping[int, str]]) -> dict[int, str]:
    spec = kind.fields[kind.parent or ""]
    table = kind.table
    return {row[0]: f"of {names[spec.target or ''].get(row[1])}" for row in connection.execute(select(table.c.id, table.c[spec.attribute]))}


def _value(kind: Entity, key: str, value: Any, names: Mapping[str, Mapping[int, str]], record_id: int) -> Any:
    spec = kind.fields.get(key)
    if spec is not None and spec.target and value is not None:
        return sorted(names[spec.target][one] for one in value) if spec.several else names[spec.target].get(value, value)
    if key == "code" and kind.is_record and names[kind.key].get(record_id, "").startswith("«"):
        return value and "made of the number"
    return value
