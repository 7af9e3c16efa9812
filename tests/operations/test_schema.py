"""Migrations lead to the schema of the models; two processes that migrate at once do it once."""

import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import inspect

from config import ROOT
from crm.backoffice.database import LARGE, make_engine
from crm.backoffice.entities import Base
from crm.serving import schema
from tests.company import Company


def test_the_newest_migration_gives_the_schema_of_the_models() -> None:
    done = subprocess.run([sys.executable, "tools/migrations.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_indexes_of_counts_over_millions_are_made_where_these_are_kept(company: Company) -> None:
    made, of_models = inspect(company.engine), [index for table in Base.metadata.tables.values() for index in table.indexes if index.info.get(LARGE)]
    wanted = {(str(index.table.name), index.name): [*index.columns.keys(), *index.dialect_options["postgresql"]["include"]] for index in of_models}
    there = {
        (table, index["name"]): [*filter(None, index["column_names"]), *index.get("dialect_options", {}).get("postgresql_include", ())]
        for table in {name for name, _ in wanted} for index in made.get_indexes(table)
    }
    assert {name: there.get(name) for name in wanted} == (wanted if company.engine.dialect.name == "postgresql" else dict.fromkeys(wanted))


def test_two_that_migrate_at_once_wait_for_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/brama.db"
    code = f"from crm.serving.schema import upgrade; upgrade({url!r})"
    faults: list[str] = []

    def migrate() -> None:
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            faults.append(done.stderr)

    threads = [Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    engine = make_engine(url)
    assert schema.current(engine) == schema.newest()
    engine.dispose()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_migration_that_fails_leaves_nothing(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/brama.db"
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE deal (id INTEGER)")
    with pytest.raises(Exception, match="deal"):
        schema.upgrade(url)
    with engine.connect() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    assert tables == ["deal"]
    engine.dispose()
