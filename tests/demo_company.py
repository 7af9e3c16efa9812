"""The demo company in a file, made once however many processes run the tests."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from config import Settings
from crm.backoffice.database import make_engine
from crm.cli.demo import load_demo

PASSWORD = "Correct-horse-9-battery"


@pytest.fixture(scope="session")
def demo_folder(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database, `brama.db`, and the accounts, `demo.txt`. It is copied, not written to."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "demo-company"
    with open(f"{shared}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            folder = tmp_path_factory.mktemp("demo-made")
            shutil.copy(sqlite_template, folder / "brama.db")
            settings = Settings(instance=folder, database_url=f"sqlite:///{folder / 'brama.db'}", demo_password=PASSWORD)
            engine = make_engine(settings.database_url)
            load_demo(engine, settings)
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            engine.dispose()
            folder.rename(shared)
    return shared
