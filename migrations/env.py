"""Runs migrations on a connection of their own: one transaction for DDL and data alike, foreign keys checked before it is committed.

On SQLite foreign keys are off while tables are re-made (`ON DELETE` would fire on a dropped table); on PostgreSQL a lock lets one
server of many migrate while the others wait, and statements may take as long as they need.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from crm import models
from crm.backoffice.entities import Base
from crm.backoffice.types import KeptFile, KeyText, NumberSet, ScaledDecimal, UtcMoment
from crm.serving.schema import ours

LOCK = 8_412_071
REGISTRY = models


def address() -> str:
    """The database, given by whoever called Alembic (`crm.serving.schema`, or `flask db` by `crm.extensions`)."""
    return str(context.config.attributes["url"])


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(make_url(url), poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _without_foreign_keys)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL lock_timeout = '30s'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            yield connection
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first() if engine.dialect.name == "sqlite" else None
            if broken is not None:
                raise RuntimeError(f"the migration would leave a broken reference in table {broken[0]}, row {broken[1]}")
    finally:
        engine.dispose()


def _without_foreign_keys(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA busy_timeout = 30000")
    connection.execute("PRAGMA journal_mode = WAL")


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | bool:
    """Our own column types by their own names."""
    if kind == "type" and isinstance(item, KeptFile | KeyText | NumberSet | ScaledDecimal | UtcMoment):
        return repr(item)
    return False


def run() -> None:
    with connected(address()) as connection:
        context.configure(
            connection=connection, target_metadata=Base.metadata, render_item=render_item, compare_type=True, transaction_per_migration=False,
            render_as_batch=False, include_object=ours, user_module_prefix="", transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
