"""Engines: transactions begin where they are said to, foreign keys hold, sessions speak UTC."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from crm.backoffice.database import make_engine


@pytest.fixture
def file_engine(tmp_path: Path) -> Engine:
    return make_engine(f"sqlite:///{tmp_path / 'x.db'}")


def test_sqlite_is_configured_for_many_readers_and_one_writer(file_engine: Engine) -> None:
    with file_engine.connect() as connection:
        settings = {name: connection.exec_driver_sql(f"pragma {name}").scalar() for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")}
    assert settings == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000, "synchronous": 1}
    file_engine.dispose()


def test_a_writer_takes_the_lock_when_it_begins_and_a_reader_does_not(file_engine: Engine, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "x.db", timeout=0, isolation_level=None)
    with file_engine.connect() as reading:
        reading.execute(text("select 1"))
        other.execute("begin immediate")
        other.execute("rollback")
    with file_engine.execution_options(writer=True).connect() as writing:
        writing.execute(text("select 1"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("begin immediate")
    other.close()
    file_engine.dispose()


def test_a_writer_gets_in_through_the_short_gaps_of_long_work(file_engine: Engine, tmp_path: Path) -> None:
    with file_engine.execution_options(writer=True).begin() as connection:
        connection.execute(text("create table t (round integer)"))
    asks, rounds = threading.Event(), []
    long_work = sqlite3.connect(tmp_path / "x.db", timeout=10, isolation_level=None, check_same_thread=False)

    def work() -> None:
        for number in range(8):
            long_work.execute("begin immediate")
            asks.set()
            time.sleep(0.4)
            rounds.append(number)
            long_work.execute("commit")
            time.sleep(0.04)

    worker = threading.Thread(target=work)
    worker.start()
    asks.wait()
    with file_engine.execution_options(writer=True).begin() as connection:
        connection.execute(text("insert into t values (1)"))
        done = len(rounds)
    worker.join()
    long_work.close()
    file_engine.dispose()
    assert done <= 3, "it slept through the gaps"


def test_a_writer_that_waits_in_vain_says_so(file_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.backoffice.database.BUSY_SECONDS", 0)
    other = sqlite3.connect(tmp_path / "x.db", timeout=0, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(OperationalError, match="locked"), file_engine.execution_options(writer=True).connect() as writing:
        writing.execute(text("select 1"))
    other.execute("rollback")
    with file_engine.execution_options(writer=True).connect() as writing:
        assert writing.scalar(text("select 1")) == 1
    other.close()
    file_engine.dispose()


def test_a_table_made_in_a_transaction_goes_with_it(file_engine: Engine) -> None:
    with file_engine.connect() as connection:
        connection.execute(text("create table t (a integer)"))
        connection.rollback()
    with file_engine.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("select * from t"))
    file_engine.dispose()


def test_postgresql_speaks_utc_and_stops_a_statement_that_runs_too_long(postgres_url: str) -> None:
    engine = make_engine(postgres_url.replace("+psycopg", ""), statement_seconds=1)
    with engine.connect() as connection:
        assert connection.scalar(text("show timezone")) == "UTC"
        assert connection.scalar(text("show application_name")) == "brama"
        with pytest.raises(OperationalError, match="statement timeout"):
            connection.execute(text("select pg_sleep(3)"))
    engine.dispose()
