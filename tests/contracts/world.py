"""One installation for a module of tests: people of different rights, signed in, and any record of any entity on demand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

import crm.models
from crm.backoffice import lists
from crm.backoffice.catalog import Catalog, load_catalog, shape
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.text import TextField
from crm.backoffice.guard import SystemSession, UserSession, system_session, user_session
from crm.backoffice.journal import JournalRow
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw, read
from crm.organization.founding import add_person
from crm.organization.models import User
from crm.permissions import access_for
from tests.factories.anything import Anything
from tests.factories.made import configuration, described

assert crm.models
SEED = 11  # of what administrators are taken to have made
DESCRIBED = described(shape(), SEED)
ENTITIES = tuple(DESCRIBED.entities)
PASSWORD = "seven quiet storks"
PEOPLE = ("owner", "looker", "stranger")
ALL = ["read", "create", "update", "delete", "export", "assign"]


def roles(catalog: Catalog) -> str:
    """`looker` reads everything and changes nothing; `stranger` may do everything with his own, and there is nothing of his."""
    looking = [{"entity": e, "actions": ["read"], "scope": "all", "fields": {"*": "read"}} for e in catalog.entities]
    own = [{"entity": e, "actions": ALL, "scope": "own", "fields": {"*": "edit"}} for e in catalog.entities]
    made = {key: {"label": {"uk": key, "en": key}, "rules": rules} for key, rules in (("looker", looking), ("stranger", own))}
    return yaml.safe_dump({"roles": made})


def furnish_world(engine: Engine) -> None:
    """What administrators may have made, and people of different rights."""
    with system_session(engine, "test", load_catalog(engine), write=True) as session:
        apply(session, from_raw(configuration(session.catalog, SEED), session.catalog))
        session.commit()
    with system_session(engine, "test", load_catalog(engine), write=True) as session:
        apply(session, read(roles(session.catalog).encode(), session.catalog))
        session.commit()
    with system_session(engine, "test", load_catalog(engine), write=True) as session:
        for role in PEOPLE:
            add_person(session, f"{role}@firm.example", role, roles=(role,), password=PASSWORD)
        session.commit()


@dataclass
class Client:
    """A browser with its session and token."""

    client: FlaskClient
    token: str

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, data: Mapping[str, Any] | None = None, body: Any = None, *, page: bool = False) -> TestResponse:
        headers = {"X-CSRFToken": self.token, "Accept": "text/html" if page else "application/json"}
        return self.client.post(path, json=body, headers=headers) if body is not None else self.client.post(path, data=dict(data or {}), headers=headers)


@dataclass
class World:
    app: Flask
    folder: Path
    people: dict[str, int] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    targets: dict[Any, int] = field(default_factory=dict)  # what records of tests refer to; nothing happens to these
    bystanders: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)  # see `refusing`

    @property
    def engine(self) -> Any:
        return self.app.extensions["brama"].engine

    @property
    def catalog(self) -> Catalog:
        found: Catalog = self.app.extensions["brama"].refresh()
        return found

    def enter(self) -> None:
        """Whoever is there signs in."""
        with self.system(write=False) as session:
            self.people = {name: number for name, number in session.execute(select(User.name, User.id).order_by(User.id)) if name in PEOPLE}
        self.clients = {role: self.sign_in(role) for role in self.people}

    def sign_in(self, role: str) -> Client:
        client = self.app.test_client()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
        assert token
        answer = client.post("/sign-in", data={"email": f"{role}@firm.example", "password": PASSWORD, "csrf_token": token[1]})
        assert answer.status_code in (302, 303), answer.get_data(as_text=True)[:300]
        page = client.get("/profile/?lang=en").get_data(as_text=True)
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found, page[:300]
        return Client(client, found[1])

    # --- records ---------------------------------------------------------------------------------------------------

    def system(self, write: bool = True) -> SystemSession:
        return system_session(self.engine, "test", self.catalog, write=write, source="test")

    def session(self, role: str, source: str = "ui") -> UserSession:
        return user_session(self.engine, access_for(self.engine, self.people[role], self.catalog), self.catalog, write=True, source=source)

    def make(self, entity: str, **given: Any) -> int:
        with self.system() as session:
            number = Anything(session, self.targets).one(entity, 0, **given)
            session.commit()
        return number

    def refusing(self, entity: str) -> tuple[int, dict[str, Any]]:
        """A record of which every change shall be refused, and another value for every field that may take one: the same for all who ask, as long
        as nobody has got through."""
        known = self.bystanders.get(entity)
        if known is None or len(self.journal(entity, known[0])) != 1:
            known = self.bystanders[entity] = (self.make(entity), self.others(entity))
        return known

    def others(self, entity: str) -> dict[str, Any]:
        """Another value for every field that may take one."""
        with self.system() as session:
            anything = Anything(session, self.targets)
            kind = session.catalog.entity(entity)
            found = {spec.key: spec.clean(anything.value(kind, spec, 1)) for spec in anything.free(kind)}
            session.commit()
        return found

    def stored(self, entity: str, number: int) -> dict[str, Any]:
        """The record's values as `records` takes them, with its version and who changed it last."""
        with self.system(write=False) as session:
            row = lists.record(session, entity, number)
            return {**{k: lists.plain(v) for k, v in row.values.items()}, "row_version": row.row_version}

    def journal(self, entity: str, number: int) -> list[Any]:
        table = JournalRow.__table__
        with self.engine.connect() as connection:
            query = select(table).where(table.c.entity == entity, table.c.record_id == number, table.c.version.is_not(None)).order_by(table.c.id)
            return list(connection.execute(query))

    def code(self, entity: str, number: int) -> str:
        with self.engine.connect() as connection:
            table = self.catalog.entity(entity).table
            return str(connection.execute(select(table.c.code).where(table.c.id == number)).scalar_one())

    # --- values as doors take them ---------------------------------------------------------------------------------

    def typed(self, spec: Field, value: Any) -> Any:
        """What a control posts."""
        if spec.several or spec.multiple:
            return ["", *map(str, value or ())]
        if value is None:
            return ""
        if spec.type == "boolean":
            return "1" if value else ("" if spec.required else "0")
        if spec.picklist or spec.target or spec.type in ("currency", "country") or (isinstance(spec, TextField) and spec.words):
            return str(value)
        return spec.input_text(value, self.catalog.reader("en"))

    def written(self, spec: Field, value: Any) -> Any:
        """What stands in a spreadsheet: codes, keys, numbers as people of the language write them."""
        if spec.target:
            codes = [self.code(spec.target, n) for n in (value if spec.several else (value,))]
            return "; ".join(codes)
        if spec.picklist:
            return spec.export(value, self.catalog.reader("en"))
        return spec.input_text(value, self.catalog.reader("en"))

    def filed(self, spec: Field, value: Any) -> Any:
        """What stands in a JSONL file."""
        if spec.target:
            codes = [self.code(spec.target, n) for n in (value if spec.several else (value,))]
            return codes if spec.several else codes[0]
        return spec.export(value, self.catalog.reader("en"))
