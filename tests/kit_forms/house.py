"""A small company with people of different rights, and browsers signed in as them."""

import html
import json
import re
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from crm.backoffice import lists, records
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession, system_session
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw

PASSWORD = "seven quiet storks"
PEOPLE = {"Olena": "owner", "Andrii": "administrator", "Sofiia": "seller", "Bohdan": "blind", "Stepan": "stranger"}

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
        return self.app.extensions["brama"].refresh()

    def system(self, write: bool = True) -> SystemSession:
        return system_session(self.engine, "test", self.catalog, write=write)

    def make(self, entity: str, **values: Any) -> int:
        with self.system() as session:
            number = records.create(session, entity, values)
            session.commit()
        return number

    def make_many(self, entity: str, rows: list[dict[str, Any]]) -> list[int]:
        with self.system() as session:
            numbers = records.create_many(session, entity, rows)
            session.commit()
        return numbers

    def change(self, entity: str, number: int, **values: Any) -> None:
        with self.system() as session:
            records.change(session, entity, number, values)
            session.commit()

    def configure(self, said: dict[str, Any]) -> int:
        """Put what a configuration file says in force; the version."""
        with self.system() as session:
            version = apply(session, from_raw(said, session.catalog)).version
            session.commit()
        return version

    def remove(self, entity: str, number: int) -> None:
        with self.system() as session:
            records.remove(session, entity, number)
            session.commit()

    def stored(self, entity: str, number: int) -> dict[str, Any]:
        with self.system(write=False) as session:
            row = lists.record(session, entity, number)
            return {**row.values, "row_version": row.row_version}

    def is_there(self, entity: str, number: int) -> bool:
        with self.system(write=False) as session:
            return bool(lists.ids(session, lists.parse_query(session, entity, {"where": json.dumps({"field": "id", "op": "eq", "value": number})}), 1))

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
    token: str

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def form(self, path: str) -> dict[str, Any]:
        """What the form at `path` would post untouched."""
        return controls(self.get(path).get_data(as_text=True))

    def submit(self, path: str, changes: dict[str, Any] | None = None, *, untouched: dict[str, Any] | None = None) -> TestResponse:
        data = {**(untouched if untouched is not None else self.form(path)), **(changes or {})}
        return self.client.post(path, data={k: v for k, v in data.items() if v is not None})

    def post(self, path: str, data: dict[str, Any]) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **data})


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
            if re.match(r"<select[^>]*\bmultiple\b", text):
                found[html.unescape(name[1])] = ["", *chosen]
                continue
        else:
            if ('type="checkbox"' in text or 'type="radio"' in text) and " checked" not in text:
                continue
            at = re.search(r'\bvalue="([^"]*)"', text)
            value = at[1] if at else ""
            if 'type="hidden"' in text and name[1] in found:
                before = found[html.unescape(name[1])]
                found[html.unescape(name[1])] = [*(before if isinstance(before, list) else [before]), html.unescape(value)]
                continue
        found[html.unescape(name[1])] = html.unescape(value)
    return found
