"""What a process of tests makes once, although each test has a database and many an application of their own: what addresses are read and
written by, compiled templates, how statements read in SQL, and the catalogs of databases in which nothing has happened yet. Made anew, they are
more than half of what a test of the whole application costs. And passwords are kept by cheap hashes."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import CodeType
from typing import Any

import yaml
from argon2 import PasswordHasher
from flask import Flask, has_request_context
from sqlalchemy import URL, Connection, Dialect, Engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.util import LRUCache
from jinja2.bccache import BytecodeCache, Bucket
from werkzeug.routing import Rule

from crm import templating
from crm.backoffice import catalog, database
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Base
from crm.backoffice.outside import read_yaml
from crm.organization import passwords
from tests.lent import connect_by_library

STATEMENTS = 3_000
SERVER: dict[str, Any] = {}  # what a dialect knows of a PostgreSQL once it has asked
NEXT_WRITER = select(func.pg_snapshot_xmax(func.pg_current_snapshot()))


def install() -> None:
    """From here on every application shares them."""
    Rule._compile_builder = _remembered(Rule._compile_builder)  # type: ignore[method-assign]
    Rule._parse_rule = _taken_apart_once(Rule._parse_rule)  # type: ignore[method-assign]
    passwords.HASHER = Cheap(passwords.HASHER)
    set_up, compiled = templating.ByLanguage.__init__, Compiled()

    def remembering(self: templating.ByLanguage, app: Flask, **options: Any) -> None:
        set_up(self, app, **options | ({"bytecode_cache": compiled} if app.name == "crm" else {}))

    templating.ByLanguage.__init__ = remembering  # type: ignore[method-assign]
    make_engine, statements = database.create_engine, Statements(STATEMENTS)

    def sharing(url: str | URL, **options: Any) -> Engine:
        engine = make_engine(url, **options)
        engine._compiled_cache = statements
        if engine.dialect.name == "postgresql":
            connect_by_library(engine)
            engine.dialect.initialize = _asked_once(engine.dialect)  # type: ignore[method-assign]
        return engine

    database.create_engine = sharing
    catalog.read_catalog = _read_once_a_template(catalog.read_catalog)
    # Tests read and write files of configuration as the product does: by libyaml where it is there.
    yaml.safe_load, yaml.safe_dump = read_yaml, _written


def _asked_once(dialect: Dialect) -> Callable[[Connection], None]:
    """What a dialect asks the server at its first connection, its version and ways, is the same for every database of a server like ours."""
    ask = dialect.initialize

    def initialize(connection: Connection) -> None:
        if not SERVER:
            before = set(vars(dialect))
            ask(connection)
            SERVER.update({name: value for name, value in vars(dialect).items() if name not in before and isinstance(value, (bool, str, tuple))})
        vars(dialect).update(SERVER)

    return initialize


def _written(value: Any, **options: Any) -> str:
    return str(yaml.dump(value, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), **options))


def _remembered(build: Callable[..., Any]) -> Callable[..., Any]:
    """Equal rules are written by equal functions: each is bound to its own rule afterwards."""
    known: dict[Any, Any] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return build(rule, append_unknown)
        key = (append_unknown, *rule._trace)
        if key not in known:
            known[key] = build(rule, append_unknown)
        return known[key]

    return builder


def _taken_apart_once(parse: Callable[..., Any]) -> Callable[..., Any]:
    """Equal texts have equal parts; their converters know nothing of the application they were made for."""
    known: dict[tuple[str, str], Any] = {}

    def parts(rule: Rule, text: str) -> Any:
        converters = "" if rule.map is None else str(sorted(rule.map.converters))
        if (text, converters) not in known:
            begun, held = len(rule._trace), set(rule._converters)
            found = list(parse(rule, text))
            made = {name: one for name, one in rule._converters.items() if name not in held}
            known[text, converters] = (found, rule._trace[begun:], made)
            return found
        found, trace, made = known[text, converters]
        rule._trace.extend(trace)
        rule._converters.update(made)
        rule.arguments.update(made)
        return found

    return parts


@dataclass(frozen=True)
class Copy:
    """A database that was copied from a template, and how it looked before anybody wrote into it."""

    template: Any
    untouched: Any


copies: dict[str, Copy] = {}  # by the name of the database, on SQLite its file


def copied(url: str, template: Any, next_writer: int | None = None) -> None:
    """The database at `url` is a copy of `template`; on PostgreSQL `next_writer` is the number that the next transaction with a write will get."""
    name = str(make_url(url).database)
    copies[name] = Copy(template, _looks(name) if next_writer is None else next_writer)


def _looks(file: str) -> Any:
    """Which file it is and when it was written, and how much is in the log beside it, into which every commit goes first."""
    seen, log = os.stat(file), f"{file}-wal"
    return seen.st_ino, seen.st_size, seen.st_mtime_ns, os.path.getsize(log) if os.path.exists(log) else 0


def _read_once_a_template(read: Callable[[Connection], Catalog]) -> Callable[[Connection], Catalog]:
    """The catalog of a copy is that of its template until somebody writes. What follows from a catalog is remembered in it, so each has its own."""
    known: dict[Any, Catalog] = {}

    def untouched(connection: Connection, copy: Copy) -> bool:
        if connection.dialect.name == "sqlite":
            return bool(_looks(str(connection.engine.url.database)) == copy.untouched)
        return bool(int(connection.scalar(NEXT_WRITER)) == copy.untouched)

    def read_catalog(connection: Connection) -> Catalog:
        copy = copies.get(str(connection.engine.url.database))
        if copy is None or not untouched(connection, copy):
            return read(connection)
        key = (copy.template, len(Base.registry.mappers))
        if key not in known:
            found = read(connection)
            if not untouched(connection, copy):
                return found
            known[key] = found
        return replace(known[key])

    return read_catalog


class Cheap(PasswordHasher):
    """Says of itself what the product's hasher says, and hashes with a hundredth of the work; an expensive hash is verified as it is."""

    def __init__(self, real: PasswordHasher) -> None:
        super().__init__(time_cost=real.time_cost, memory_cost=real.memory_cost, parallelism=real.parallelism, type=real.type)
        self.cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, type=real.type)

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        return self.cheap.hash(password, salt=salt)

    def check_needs_rehash(self, hash: str | bytes) -> bool:
        return self.cheap.check_needs_rehash(hash)


class Compiled(BytecodeCache):
    """Templates as compiled: by name, source and what else they are compiled for (see `templating`)."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], CodeType] = {}

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return f"{name}|{filename}|{templating._language()}|{has_request_context()}"

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self.known[bucket.key, bucket.checksum] = bucket.code


class Statements(LRUCache[Any, Any]):
    """Compiled statements of all engines: those of one kind of database speak alike, whichever database they are for."""

    __slots__ = ()

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), value)
