"""The demo company behind a running application, and browsers signed in as its demo accounts."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import Settings
from crm.application import create_app
from crm.backoffice.catalog import Catalog
from crm.cli.demo import load_demo
from crm.organization import demo as organization
from tests.crawl.known import Known

PASSWORD = "Correct-horse-9-battery"
ACCOUNTS = tuple("admin" if role == "owner" else role for role in organization.ROLES)


@dataclass
class House:
    """The application with the demo company in it."""

    app: Flask
    catalog: Catalog
    known: Known

    def browser(self, account: str, language: str) -> FlaskClient:
        """A client signed in as `account`@demo.example that reads `language`."""
        client = self.app.test_client()
        page = client.get(f"/sign-in?lang={language}").get_data(as_text=True)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token, page[:500]
        answer = client.post("/sign-in", data={"email": f"{account}@demo.example", "password": PASSWORD, "csrf_token": token[1]})
        assert answer.status_code in (302, 303), answer.get_data(as_text=True)[:500]
        client.get(f"/?lang={language}")
        return client


@pytest.fixture(scope="session")
def demo_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of the demo company, made once however many processes run the tests."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "demo.db"
    with open(f"{shared}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            folder = tmp_path_factory.mktemp("demo-made")
            shutil.copy(sqlite_template, folder / "brama.db")
            settings = Settings(instance=folder, database_url=f"sqlite:///{folder / 'brama.db'}", secret_key="k" * 40, demo_password=PASSWORD, testing=True)
            app = create_app(settings)
            load_demo(app.extensions["brama"].engine, settings)
            with app.extensions["brama"].engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            app.extensions["brama"].engine.dispose()
            (folder / "brama.db").rename(shared)
    return shared


@pytest.fixture(scope="session")
def demo(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(demo_file, folder / "brama.db")
    app = create_app(Settings(instance=folder, database_url=f"sqlite:///{folder / 'brama.db'}", secret_key="k" * 40, testing=True))
    runtime = app.extensions["brama"]
    yield House(app, runtime.catalog, Known(runtime.engine, runtime.catalog))
    runtime.engine.dispose()
