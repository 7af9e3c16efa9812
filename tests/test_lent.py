"""A database that one test gave back is, for the next one, what a fresh copy would be."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from crm.backoffice import records
from crm.backoffice.database import make_engine
from tests.company import Company
from tests.conftest import database
from tests.lent import SEQUENCES, Library

TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND NOT relisshared"


@pytest.fixture
def shelf(postgres_server: str) -> Iterator[Library]:
    """A library in which only this test borrows."""
    made = Library(postgres_server, "of_our_own")
    yield made
    made.close()


def connected(server: str, name: str) -> psycopg.Connection[Any]:
    return psycopg.connect(database(server, name).replace("+psycopg", ""), autocommit=True)


def contents(server: str, name: str) -> dict[str, Any]:
    """Every row of every table, of those too that describe the tables, in whatever order they stand; and the last value of every sequence."""
    with connected(server, name) as connection:
        found: dict[str, Any] = {f"{sequence}: last value": value for sequence, value in connection.execute(SEQUENCES)}
        for (table,) in connection.execute(TABLES).fetchall():
            found[table] = connection.execute(f"SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {table} AS t".encode()).fetchall()
        return found


def work(company: Company) -> None:
    """What tests do: new rows, changed and deleted ones, some of the template among them, and such as were never kept."""
    account, other = company.make("account", {"name": "Бета"}, {"name": "Гама"})
    company.make("deal", {"name": "Угода", "account": account})
    company.person(company.role("blind", {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}))
    with company.system() as session:
        records.change(session, "account", account, {"name": "Бета Плюс"})
        records.remove(session, "account", other)
        session.commit()
    with company.engine.begin() as connection:
        connection.execute(text("UPDATE company SET name = 'Інша'"))
        connection.execute(text("DELETE FROM access_rule WHERE id IN (SELECT max(id) - 1 FROM access_rule)"))
    with pytest.raises(IntegrityError), company.engine.begin() as connection:
        connection.execute(text("INSERT INTO product DEFAULT VALUES"))  # all it leaves is a number that nobody gets


def test_what_was_written_is_gone_and_the_connection_stays(shelf: Library, postgres_server: str, postgres_template: str) -> None:
    first, numbers = contents(postgres_server, postgres_template), set()
    for uses in (1, 2):
        with shelf.lend(postgres_template) as lent:
            engine = make_engine(database(postgres_server, lent.name))
            work(Company(engine))
            with engine.connect() as connection:
                numbers.add(connection.scalar(text("SELECT pg_backend_pid()")))
                assert connection.scalar(text("SELECT current_setting('lock_timeout') || count(*) FROM pg_locks WHERE locktype = 'advisory'")) == "00"
                connection.execute(text("SELECT set_config('lock_timeout', '5', false), pg_advisory_lock(7)"))
            engine.dispose()
            assert contents(postgres_server, lent.name) != first
        assert shelf.shelf == {postgres_template: [lent]} and lent.uses == uses
        assert contents(postgres_server, lent.name) == first
    assert len(numbers) == 1


@pytest.mark.parametrize("statement", [
    "ALTER TABLE account ADD COLUMN whatever integer", "CREATE INDEX whatever ON account (name)", "CREATE SEQUENCE whatever",
    "TRUNCATE account CASCADE", "ANALYZE company", "BEGIN; CREATE TABLE whatever (); ROLLBACK",
])
def test_one_in_which_more_than_rows_was_changed_is_dropped(shelf: Library, postgres_server: str, postgres_template: str, statement: str) -> None:
    with shelf.lend(postgres_template) as lent, connected(postgres_server, lent.name) as connection:
        connection.execute(statement.encode())
    assert shelf.shelf == {postgres_template: []}


def test_one_to_which_somebody_is_connected_is_dropped(shelf: Library, postgres_server: str, postgres_template: str) -> None:
    with shelf.lend(postgres_template) as lent:
        late = connected(postgres_server, lent.name)
    assert shelf.shelf == {postgres_template: []}
    with pytest.raises(psycopg.OperationalError):
        late.execute("SELECT 1")
