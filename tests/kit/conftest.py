"""A small company on SQLite with people of different rights, and browsers signed in as them."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from crm.backoffice.database import make_engine
from crm.organization.models import User
from tests.application import application
from tests.kit_forms.conftest import people_with_roles
from tests.kit_forms.house import House
from tests.signing_in import signed_in

# `blind` knows no revenue and sees phones masked; `own` sees all deals and changes his own; `reader` changes nothing.
ROLES = """
roles:
  blind:
    label: {uk: Без обороту, en: Without revenue}
    rules:
      - {entity: account, actions: [read, create, update, delete], scope: all, fields: {"*": edit, revenue: hidden, phone: masked, credit_limit: read}}
      - {entity: user, actions: [read], scope: all, fields: {"*": read}}
  own:
    label: {uk: Власні угоди, en: Own deals}
    rules:
      - {entity: deal, actions: [read], scope: all, fields: {"*": read}}
      - {entity: deal, actions: [read, update, delete], scope: own, fields: {"*": edit}}
      - {entity: account, actions: [read], scope: own, fields: {"*": read}}
      - {entity: user, actions: [read], scope: all, fields: {"*": read}}
  reader:
    label: {uk: Читач, en: Reader}
    rules:
      - {entity: account, actions: [read], scope: all, fields: {"*": read}}
"""
PEOPLE = {"Olena": "owner", "Andrii": "administrator", "Bohdan": "blind", "Oksana": "own", "Roman": "reader"}


@dataclass
class Browser:
    """A signed-in client with its token."""

    client: FlaskClient
    token: str

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (answer.status_code, answer.get_data(as_text=True)[:800])
        return answer.get_data(as_text=True)

    def post(self, path: str, data: dict[str, Any] | None = None) -> TestResponse:
        return self.client.post(path, data=data or {}, headers={"X-CSRFToken": self.token, "Accept": "application/json"})

    def send(self, path: str, body: Any) -> TestResponse:
        return self.client.post(path, json=body, headers={"X-CSRFToken": self.token, "Accept": "application/json"})

    def undo(self, answer: TestResponse) -> TestResponse:
        """Presses "undo" of the toast that came with an answer."""
        return self.post(json.loads(answer.headers["HX-Trigger"])["toast"]["undo_url"])


@contextmanager
def housed(folder: Path, people: dict[str, int]) -> Iterator[House]:
    """The application over the database that lies in `folder`."""
    with application(folder, f"sqlite:///{folder / 'brama.db'}") as app:
        yield House(app, people)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> tuple[Path, dict[str, int]]:
    """A database with the roles and people of these tests, to be copied, and the people's numbers."""
    folder = tmp_path_factory.mktemp("furnished")
    shutil.copy(sqlite_template, folder / "brama.db")
    engine = make_engine(f"sqlite:///{folder / 'brama.db'}")
    people_with_roles(engine, ROLES, PEOPLE)
    with engine.connect() as connection:
        people = {row.name: row.id for row in connection.execute(select(User.name, User.id))}
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return folder / "brama.db", people


@pytest.fixture
def house(tmp_path: Path, furnished: tuple[Path, dict[str, int]]) -> Iterator[House]:
    shutil.copy(furnished[0], tmp_path / "brama.db")
    with housed(tmp_path, dict(furnished[1])) as made:
        yield made


@pytest.fixture
def browser(house: House) -> Callable[..., Browser]:
    """`browser("Olena")`: signed in, reading English; `language="uk"` for Ukrainian."""

    def sign_in(name: str, language: str = "en") -> Browser:
        return Browser(*signed_in(house.app, f"{name.lower()}@firm.example", language))

    return sign_in


def where(key: str, op: str, value: Any = None) -> str:
    return json.dumps({"field": key, "op": op, "value": value})
