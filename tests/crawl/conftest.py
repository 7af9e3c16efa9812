"""The demo company behind a running application, and browsers signed in as its demo accounts."""

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
from crm.organization import demo as organization
from tests.crawl.known import Known
from tests.demo_company import PASSWORD

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
def demo(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(demo_folder / "brama.db", folder)
    app = create_app(Settings(instance=folder, database_url=f"sqlite:///{folder / 'brama.db'}", secret_key="k" * 40, testing=True))
    runtime = app.extensions["brama"]
    yield House(app, runtime.catalog, Known(runtime.engine, runtime.catalog))
    runtime.engine.dispose()
