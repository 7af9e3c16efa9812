"""A company of its own for each test, on both databases, behind the whole application."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.founding import add_person
from crm.organization.models import User
from crm.organization.passwords import hash_password
from tests.application import application
from tests.kit_forms.house import PASSWORD, PEOPLE, ROLES, Browser, House


@cache
def hashed() -> str:
    return hash_password(PASSWORD)


def furnished(app: Flask, roles: str, people: Mapping[str, str]) -> House:
    """A company with roles from a configuration and people who hold one each, all with the same password."""
    made = House(app)
    with made.system() as session:
        apply(session, read(roles.encode(), session.catalog))
        session.commit()
    with made.system() as session:
        made.people = {name: add_person(session, f"{name.lower()}@firm.example", name, roles=(role,)) for name, role in people.items()}
        session.execute(update(User).values(password_hash=hashed()))
        session.commit()
    return made


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    with application(tmp_path, database_url) as app:
        yield furnished(app, ROLES, PEOPLE)


@pytest.fixture
def browser(house: House) -> Callable[..., Browser]:
    """`browser("Olena")`: signed in, reading English; `language="uk"` for Ukrainian."""

    def sign_in(name: str, language: str = "en") -> Browser:
        made = Browser(house.app.test_client())
        made.sign_in(f"{name.lower()}@firm.example", language)
        return made

    return sign_in
