"""Every table of the database with every made column that is there, those of removed fields and entities too: for work that must miss nothing —
erasure, the search for lost files, a restored backup."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, select

from crm.backoffice.custom import schema
from crm.backoffice.custom.models import ENTITIES, FIELDS
from crm.backoffice.custom.tables import name_of, table_of, widened
from crm.backoffice.entities import Base
from crm.backoffice.fields import TYPES
from crm.backoffice.fields.base import Field


def stored_as(spec: Field) -> dict[str, Any]:
    """What the columns of a field are like, as its row keeps it."""
    return {"type": spec.type, "scale": spec.scale, "max_length": spec.max_length, "to": spec.target, "picklist": spec.picklist}


def every_table(connection: Connection) -> list[Table]:
    """The product's tables and the made ones, tables of links too."""
    made = _fields(connection)
    product = {mapper.class_.__table__.name: mapper.class_.__entity__.key for mapper in Base.registry.mappers if mapper.class_.__entity__ is not None}
    found = [widened(table, made.get(product.get(name, ""), ())) for name, table in Base.metadata.tables.items()]
    found += [table_of(row.id, made.get(row.key, ())) for row in _entities(connection)]
    names = {table.name for table in found}
    return found + [links for table in found for links in table.metadata.tables.values() if links.name not in names]


def removed_fields(connection: Connection, entity: str) -> list[Field]:
    """The fields that an entity once had: their columns still hold what they held."""
    removed = FIELDS.c.entity == entity, FIELDS.c.removed_at.is_not(None), FIELDS.c.dropped_at.is_(None)
    gone = connection.execute(select(FIELDS.c.id).where(*removed)).scalars().all()
    return [spec for spec in _fields(connection).get(entity, ()) if spec.number in gone] if gone else []


def build(connection: Connection) -> None:
    """The made part of a schema that has only the product's, from the rows that tell of it."""
    made = _fields(connection)
    tables = {mapper.class_.__entity__.key: str(mapper.class_.__table__.name) for mapper in Base.registry.mappers if mapper.class_.__entity__ is not None}
    for row in _entities(connection):
        tables[row.key] = name_of(row.id)
        schema.create_table(connection, row.id)
    for entity, fields in made.items():
        for spec in fields:
            target = tables.get(spec.target) if spec.target else "picklist_option" if spec.picklist and not spec.multiple else None
            schema.add_field(connection, tables[entity], spec, target)


def _entities(connection: Connection) -> Iterable[Any]:
    return connection.execute(select(ENTITIES.c.id, ENTITIES.c.key).order_by(ENTITIES.c.id)).all()


def _fields(connection: Connection) -> Mapping[str, list[Field]]:
    found: dict[str, list[Field]] = {}
    for row in connection.execute(select(FIELDS).where(FIELDS.c.dropped_at.is_(None)).order_by(FIELDS.c.id)):
        found.setdefault(row.entity, []).append(kept_spec(row))
    return found


def kept_spec(row: Any) -> Field:
    """What the columns of a made field are like, from its row."""
    said, stored = row.said, row.stored
    given: dict[str, Any] = {"key": row.key, "attribute": f"cf_{row.id}", "number": row.id, "target": stored["to"], "picklist": stored["picklist"]}
    given |= {name: True for name in ("unique", "indexed") if said.get(name)}
    if said.get("mask"):
        given |= {"unique": True, "numbering": said["mask"]}
    return TYPES[stored["type"]](**given, scale=stored["scale"], max_length=stored["max_length"])


