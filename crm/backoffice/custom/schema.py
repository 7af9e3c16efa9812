"""The schema of what is made: tables, columns, foreign keys and indexes, added inside the transaction that changes the configuration.

Everything only grows here, so requests that began with the configuration of before go on undisturbed; what is removed is dropped later, by maintenance.
On PostgreSQL a change needs each table for a moment alone. Whoever waits for that makes all later comers wait too, so it waits briefly, lets go and
tries again.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Column, Connection, Engine, ForeignKey, Index, Integer, MetaData, Table, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from crm.backoffice.custom.tables import columns_of, name_of, own_fields
from crm.backoffice.database import NAMING
from crm.backoffice.entities import add_indexes
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.many_to_many import ManyToManyField
from crm.errors import BramaError
from crm.messages import m

PATIENCE = 100  # milliseconds that others wait behind one attempt
ATTEMPTS = 100
PAUSE = 0.1  # seconds between two attempts


class Busy(BramaError):
    """The tables were in use all the time."""

    code = "in_use"
    status = 503


def alone(connection: Connection, tables: Iterable[str]) -> None:
    """Until the transaction ends nobody else uses these tables. Raises Busy. SQLite has one writer anyway, and its readers look at the past."""
    wanted = ", ".join(_quoted(connection, name) for name in sorted(set(tables)))
    if connection.dialect.name != "postgresql" or not wanted:
        return
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE)
        try:
            with connection.begin_nested():
                connection.execute(text(f"SET LOCAL lock_timeout = {PATIENCE}"))
                connection.execute(text(f"LOCK TABLE {wanted} IN ACCESS EXCLUSIVE MODE"))
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                return
        except DBAPIError as fault:
            if getattr(fault.orig, "sqlstate", "") not in ("55P03", "40P01"):  # lock_not_available, deadlock_detected
                raise
    raise Busy(m("The records are in use; try again in a moment."))


def create_table(connection: Connection, number: int) -> None:
    """The table of a made entity, with what every record has."""
    metadata = MetaData(naming_convention=NAMING)
    own = own_fields()
    for target in {spec.target for spec in own if spec.target}:
        Table(target, metadata, Column("id", Integer, primary_key=True))
    table = Table(name_of(number), metadata, Column("id", Integer, primary_key=True), *(column for spec in own for column in _referring(spec, spec.target)))
    for spec in own:
        add_indexes(table, spec.attribute, spec)
    _create(connection, table)


def _create(connection: Connection, table: Table) -> None:
    connection.execute(CreateTable(table))
    for index in sorted(table.indexes, key=lambda one: str(one.name)):
        connection.execute(CreateIndex(index))


def add_field(connection: Connection, table: str, spec: Field, target: str | None, *, indexed: bool = True) -> None:
    """The columns of a made field in an entity's table, or its table of links; `target` is the table to which it refers."""
    metadata = MetaData(naming_convention=NAMING)
    owner = Table(table, metadata, Column("id", Integer, primary_key=True))
    if target is not None and target != table:
        Table(target, metadata, Column("id", Integer, primary_key=True))
    if isinstance(spec, ManyToManyField):
        _create(connection, replace(spec, target=target).link_table(metadata, table))
        return
    for column in columns_of(spec):
        column.nullable = True
        refers = f" REFERENCES {_quoted(connection, target)} (id)" if target is not None and column.name == spec.attribute else ""
        form = str(CreateColumn(column).compile(dialect=connection.dialect)).strip()
        connection.execute(text(f"ALTER TABLE {_quoted(connection, owner.name)} ADD COLUMN {form}{refers}"))
    if indexed:
        index_field(connection, table, spec)


def index_aside(engine: Engine, table: str, spec: Field) -> None:
    """The same on PostgreSQL while everybody writes on, but for what must not repeat: one that was cut off is made anew."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.detach()  # it takes as long as it takes, and nobody is served by it afterwards
        own = connection.connection.dbapi_connection
        try:
            _index_aside(connection, table, spec)
        except BaseException as fault:
            if own is not None and not isinstance(fault, Exception):
                own.close()  # a process that is told to end: SQLAlchemy lets go of a detached connection without closing it
            raise


def _index_aside(connection: Connection, table: str, spec: Field) -> None:
    connection.execute(text("SET statement_timeout = 0"))
    unfinished = text("SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid AND i.indrelid = to_regclass(:name)")
    broken = set(connection.execute(unfinished, {"name": _quoted(connection, table)}).scalars())
    there = {str(one["name"]) for one in inspect(connection).get_indexes(table)}
    for name, index in sorted(_wanted(table, spec).items()):
        if name in broken:
            connection.execute(text(f"DROP INDEX CONCURRENTLY {_quoted(connection, name)}"))
        if not index.unique and (name in broken or name not in there):
            index.dialect_options["postgresql"]["concurrently"] = True
            connection.execute(CreateIndex(index))


def _wanted(table: str, spec: Field) -> dict[str, Index]:
    metadata = MetaData(naming_convention=NAMING)
    known = Table(table, metadata, Column("id", Integer, primary_key=True), Column("deleted_at", Integer), *columns_of(spec))
    return {str(index.name): index for index in add_indexes(known, spec.attribute, spec)}


def index_field(connection: Connection, table: str, spec: Field) -> None:
    """The indexes that a field shall have in its table, and no others of its own."""
    if spec.several:
        return
    wanted = _wanted(table, spec)
    there = {str(one["name"]) for one in inspect(connection).get_indexes(table)}
    own = {f"ix_{table}_{spec.attribute}", f"ix_{table}_{spec.attribute}{spec.sort_companion()}", f"uq_{table}_{spec.attribute}"}
    for name in sorted(wanted.keys() - there):
        connection.execute(CreateIndex(wanted[name]))
    for name in sorted((own & there) - wanted.keys()):
        connection.execute(text(f"DROP INDEX {_quoted(connection, name)}"))


def drop_field(connection: Connection, table: str, spec: Field) -> None:
    """Take away what `add_field` added, with what it holds."""
    if spec.several:
        connection.execute(text(f"DROP TABLE {_quoted(connection, f'{table}__{spec.attribute}')}"))
        return
    names = {column.name for column in columns_of(spec)}
    for index in inspect(connection).get_indexes(table):
        if names & set(index["column_names"]):
            connection.execute(text(f"DROP INDEX {_quoted(connection, str(index['name']))}"))
    for name in sorted(names):
        connection.execute(text(f"ALTER TABLE {_quoted(connection, table)} DROP COLUMN {_quoted(connection, name)}"))


def _referring(spec: Field, target: str | None) -> Sequence[Column[object]]:
    columns = list(columns_of(spec))
    if target is not None:
        columns[0].append_foreign_key(ForeignKey(f"{target}.id"))
    return columns


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


