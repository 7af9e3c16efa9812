"""An installation with people who sign in, and browsers to do it with."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, update
from werkzeug.test import TestResponse

from config import Settings
from crm.application import create_app
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import system_session
from crm.backoffice.journal import JournalRow
from crm.organization import passwords
from tests.application import application
from crm.organization.founding import add_person
from crm.organization.models import User

PASSWORD = "seven quiet storks"


@dataclass
class House:
    """The application with its engine and catalog."""

    app: Flask

    @property
    def engine(self) -> Engine:
        return self.app.extensions["brama"].engine

    @property
    def catalog(self) -> Catalog:
        return self.app.extensions["brama"].catalog

    def person(self, email: str = "olha@firm.example", name: str = "Ольга Коваль", password: str | None = PASSWORD, **columns: Any) -> int:
        with system_session(self.engine, "test", self.catalog, write=True) as session:
            user_id = add_person(session, email, name, password=password)
            if columns:
                session.execute(update(User).where(User.id == user_id).values(**columns))
            session.commit()
        return user_id

    def change(self, user_id: int, **columns: Any) -> None:
        with system_session(self.engine, "test", self.catalog, write=True) as session:
            session.execute(update(User).where(User.id == user_id).values(**columns))
            session.commit()

    def browser(self, **environ: Any) -> "Browser":
        return Browser(self.app.test_client(), environ)

    def rows(self, cls: type[Any]) -> list[Any]:
        with system_session(self.engine, "test", self.catalog) as session:
            return list(session.scalars(select(cls).order_by(cls.id)))

    def journaled(self, action: str) -> int:
        with system_session(self.engine, "test", self.catalog) as session:
            return session.scalar(select(func.count()).select_from(JournalRow).where(JournalRow.action == action)) or 0


@dataclass
class Browser:
    """A client that fills in the hidden token of a form, as a browser does."""

    client: FlaskClient
    environ: dict[str, Any]

    def get(self, path: str, **kw: Any) -> TestResponse:
        return self.client.get(path, environ_overrides=self.environ, **kw)

    def post(self, path: str, data: dict[str, Any] | None = None, *, page: str | None = None, **kw: Any) -> TestResponse:
        token = csrf(self.get(page or path).text)
        return self.client.post(path, data={"csrf_token": token, **(data or {})}, environ_overrides=self.environ, **kw)

    def sign_in(self, email: str = "olha@firm.example", password: str = PASSWORD, headers: dict[str, str] | None = None, **data: Any) -> TestResponse:
        return self.post("/sign-in", {"email": email, "password": password, **data}, headers=headers or {})

    def is_signed_in(self) -> bool:
        return self.get("/profile/").status_code == 200

    def cookie(self) -> str:
        return next(c.value for c in self.client._cookies.values() if c.key.endswith(("brama", "8000")))


def csrf(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page) or re.search(r'name="csrf-token" content="([^"]+)"', page)
    return found[1] if found else ""


def make_house(folder: Path, database_url: str, **settings: Any) -> House:
    return House(create_app(Settings(instance=folder, database_url=database_url, secret_key="k" * 40, testing=True, **settings)))


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    with application(tmp_path, database_url) as app:
        yield House(app)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that were compared with a password, in order."""
    seen: list[str] = []
    real = passwords.HASHER

    class Counting:
        def __getattr__(self, name: str) -> Callable[..., Any]:
            return getattr(real, name)

        def verify(self, stored: str, given: bytes) -> bool:
            seen.append(stored)
            return real.verify(stored, given)

    monkeypatch.setattr(passwords, "HASHER", Counting())
    return seen
