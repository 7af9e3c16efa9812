"""The database's schema: brought to the newest migration, or compared with it."""

from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from config import ROOT
from crm.backoffice.custom.naming import is_made
from crm.backoffice.database import LARGE
from crm.backoffice.entities import Base


def alembic_config(url: str) -> Config:
    """Alembic's configuration for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Runs the migrations that the database has not seen: all of them or none. Two processes doing so at once wait for each other."""
    command.upgrade(alembic_config(url), "head")


def newest() -> str | None:
    """The revision that the code expects."""
    return ScriptDirectory.from_config(alembic_config("")).get_current_head()


def current(engine: Engine) -> str | None:
    """The revision that the database stands at, None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def known() -> frozenset[str]:
    """Every revision that the code can start from."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(alembic_config("")).walk_revisions())


def _of_one_database() -> frozenset[str]:
    return frozenset(str(index.name) for table in Base.metadata.tables.values() for index in table.indexes if index.info.get(LARGE))


def ours(item: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    """Not of ours are the tables that the job queue keeps in a PostgreSQL database, and what administrators have made. Indexes that only one of the databases
    has are left out of the comparison."""
    if kind == "index" and name in _of_one_database():
        return False
    names = [*item.columns.keys()] if kind in ("index", "foreign_key_constraint", "unique_constraint") else [str(name)]
    return not (kind == "table" and str(name).startswith("huey_")) and not any(is_made(one) for one in names)
