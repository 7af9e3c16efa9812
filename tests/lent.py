"""PostgreSQL databases that are lent to one test after another. A copy of a template is a thousand files to make and to throw away, and a new
connection knows nothing of the tables yet. So a database that a test gives back is put into its first state instead: the server counts what was
written into each table, rows go and come back accordingly, sequences say again what they said. Where more than rows was changed (a table was
made or looked over), where much was written or somebody is still connected, the database is dropped."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

USES = 60  # of a database: rows that are gone leave room behind them
ROWS = 5_000  # written by one test: to put more back is dearer than a copy
IDLE = 4  # connections kept for the next test
LOOKS, PAUSE = 100, 0.002  # for connections that were closed to be gone
TABLES = """
SELECT oid::regclass::text, relnamespace = 'public'::regnamespace,
    pg_stat_get_tuples_inserted(oid), pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid)
FROM pg_class WHERE relkind = 'r' AND NOT relisshared
"""
SEQUENCES = "SELECT oid::regclass::text, pg_sequence_last_value(oid) FROM pg_class WHERE relkind = 'S'"
CONNECTED = "SELECT pg_stat_get_db_numbackends(oid) FROM pg_database WHERE datname = current_database()"
TELL = "SELECT pg_stat_force_next_flush()"  # what this connection wrote is counted at once, not a second later
Connection = psycopg.Connection[Any]
libraries: list["Library"] = []  # of this process


@dataclass
class Template:
    """What a template holds, as far as it was needed to put a copy back."""

    sequences: dict[str, int | None]
    rows: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # of a table: how many, and they themselves as COPY writes them


@dataclass
class Lent:
    """A database, who is connected to it, and what is known of it."""

    name: str
    template: str
    keeper: Connection  # which puts it back
    first_writer: int = 0  # the number of the first transaction of the test that has it: smaller ones are not the test's
    uses: int = 0
    counted: dict[str, tuple[int, int]] = field(default_factory=dict)  # rows of each table ever inserted, and changed or deleted, before the test
    idle: dict[str, list[Connection]] = field(default_factory=dict)  # by what they were asked for with


class Library:
    """The databases of one server that the tests of this process use, one test after another."""

    def __init__(self, server: str, prefix: str) -> None:
        self.server, self.prefix, self.made, self.process = make_url(server), prefix, 0, os.getpid()
        self.admin = self._connect(str(self.server.database))
        self.shelf: dict[str, list[Lent]] = {}  # by template
        self.out: dict[str, Lent] = {}  # by name
        self.templates: dict[str, Template] = {}
        self.users: WeakKeyDictionary[Connection, tuple[Lent, str]] = WeakKeyDictionary()
        libraries.append(self)

    @contextmanager
    def lend(self, template: str) -> Iterator[Lent]:
        """A database that is as the template is, for the time of a test."""
        shelf = self.shelf.setdefault(template, [])
        lent = shelf.pop() if shelf else self._copied(template)
        lent.uses += 1
        lent.first_writer = int(self.admin.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchall()[0][0])
        self.out[lent.name] = lent
        yield lent
        del self.out[lent.name]
        if lent.uses < USES and self._put_back(lent):
            shelf.append(lent)
        else:
            self._drop(lent)

    def close(self) -> None:
        libraries.remove(self)
        for lent in (*self.out.values(), *(one for shelf in self.shelf.values() for one in shelf)):
            self._drop(lent)
        self.admin.close()

    def take(self, options: dict[str, Any]) -> Connection | None:
        """A connection as a new one would be with these options; None where the database is none of ours, or a test has forked and we are the child."""
        lent = self.out.get(str(options.get("dbname")))
        if lent is None or os.getpid() != self.process:
            return None
        key = repr(sorted((name, value) for name, value in options.items() if name != "context"))
        idle = lent.idle.setdefault(key, [])
        connection = idle.pop() if idle else psycopg.connect(**options)
        self.users[connection] = lent, key
        return connection

    def give_back(self, connection: Connection) -> None:
        """The connection is closed, or kept for the next one who asks for such a one."""
        lent, key = self.users.pop(connection)
        at_work = connection.info.transaction_status in (TransactionStatus.ACTIVE, TransactionStatus.UNKNOWN)
        if at_work or os.getpid() != self.process or self.out.get(lent.name) is not lent or len(lent.idle[key]) >= IDLE:
            connection.close()
            return
        connection.rollback()
        connection.autocommit, connection.isolation_level, connection.read_only, connection.deferrable = True, None, None, None
        connection.execute("DISCARD ALL")
        connection.execute(TELL)
        connection.autocommit = False
        connection._notice_handlers.clear()
        lent.idle[key].append(connection)

    def _connect(self, name: str) -> Connection:
        address = self.server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
        return psycopg.connect(address, autocommit=True)

    def _copied(self, template: str) -> Lent:
        if template not in self.templates:
            with self._connect(template) as reading:
                self.templates[template] = Template(dict(reading.execute(SEQUENCES).fetchall()))
        self.made += 1
        name = f"{self.prefix}_{self.made}"
        self.admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY".encode())
        return Lent(name, template, self._connect(name))

    def _drop(self, lent: Lent) -> None:
        for connection in (lent.keeper, *(one for idle in lent.idle.values() for one in idle)):
            connection.close()
        self.admin.execute(f"DROP DATABASE {lent.name} WITH (FORCE)".encode())

    def _put_back(self, lent: Lent) -> bool:
        """Whether the database is as its template again."""
        if not _alone(lent):
            return False
        written = {}
        for table, of_ours, *counts in lent.keeper.execute(TABLES):
            before = lent.counted.get(table, (0, 0))
            inserted, changed = counts[0] - before[0], counts[1] - before[1]
            if inserted or changed:
                if not of_ours:
                    return False
                written[table] = inserted, changed
        if sum(inserted + changed for inserted, changed in written.values()) > ROWS:
            return False
        with lent.keeper.transaction():
            self._restore(lent, written)
            lent.keeper.execute(TELL)
        if written:
            lent.counted = {table: (inserted, changed) for table, _, inserted, changed in lent.keeper.execute(TABLES) if inserted or changed}
        return True

    def _restore(self, lent: Lent, written: dict[str, tuple[int, int]]) -> None:
        run = lent.keeper.execute
        statements = ["SET LOCAL session_replication_role = replica"]  # no rule between tables holds meanwhile
        statements += [f"DELETE FROM {table} WHERE xmin::text::bigint >= {lent.first_writer}" for table in written]
        run("; ".join(statements).encode())
        for table in [table for table, (_, changed) in written.items() if changed]:
            many, rows = self._rows(lent.template, table)
            if run(f"SELECT count(*) FROM {table}".encode()).fetchall()[0][0] != many:
                run(f"DELETE FROM {table}".encode())
                with lent.keeper.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)".encode()) as copy:
                    copy.write(rows)
        was = self.templates[lent.template].sequences
        for sequence, value in run(SEQUENCES):
            if value != was[sequence]:
                run("SELECT setval(%s::regclass, coalesce(%s, 1), %s)", (sequence, was[sequence], was[sequence] is not None))

    def _rows(self, name: str, table: str) -> tuple[int, bytes]:
        known = self.templates[name].rows
        if table not in known:
            with self._connect(name) as reading, reading.cursor() as cursor:
                with cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)".encode()) as copy:
                    rows = b"".join(map(bytes, copy))
                known[table] = cursor.rowcount, rows
        return known[table]


def _alone(lent: Lent) -> bool:
    """Whether nobody is connected but ourselves: the server notices a moment later that a connection was closed."""
    ours = 1 + sum(map(len, lent.idle.values()))
    for _ in range(LOOKS):
        if lent.keeper.execute(CONNECTED).fetchall()[0][0] <= ours:
            return True
        time.sleep(PAUSE)
    return False


def connect_by_library(engine: Engine) -> None:
    """The engine's connections to lent databases are lent as well."""

    def connect(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> Connection | None:
        return next((one for library in libraries if (one := library.take(options)) is not None), None)

    def close(connection: Connection) -> None:
        library = next((one for one in libraries if connection in one.users), None)
        if library is None:
            connection.close()
        else:
            library.give_back(connection)

    event.listen(engine, "do_connect", connect)
    engine.dialect.do_close = close  # type: ignore[method-assign]
