"""A company of its own for each test, on both databases, behind the whole application."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update

from crm.backoffice.catalog import load_catalog
from crm.backoffice.guard import system_session
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.founding import add_person
from crm.organization.models import User
from crm.organization.passwords import hash_password
from tests.application import application
from tests.conftest import Furnish
from tests.kit_forms.house import PASSWORD, PEOPLE, ROLES, Browser, House
from tests.signing_in import signed_in


def people_with_roles(engine: Engine, roles: str, people: Mapping[str, str]) -> None:
    """Roles from a configuration and people who hold one each, all with the same password."""
    with system_session(engine, "test", load_catalog(engine), write=True) as session:
        apply(session, read(roles.encode(), session.catalog))
        session.commit()
    with system_session(engine, "test", load_catalog(engine), write=True) as session:
        for name, role in people.items():
            add_person(session, f"{name.lower()}@firm.example", name, roles=(role,))
        session.execute(update(User).values(password_hash=hash_password(PASSWORD)))
        session.commit()


def furnish_people(engine: Engine) -> None:
    people_with_roles(engine, ROLES, PEOPLE)


@pytest.fixture
def furnish() -> Furnish:
    return furnish_people


def housed(app: Flask) -> House:
    """The application over a database that is furnished with people."""
    made = House(app)
    with made.system(write=False) as session:
        made.people = {row.name: row.id for row in session.execute(select(User.name, User.id))}
    return made


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    with application(tmp_path, database_url) as app:
        yield housed(app)


@pytest.fixture
def browser(house: House) -> Callable[..., Browser]:
    """`browser("Olena")`: signed in, reading English; `language="uk"` for Ukrainian."""

    def sign_in(name: str, language: str = "en") -> Browser:
        return Browser(*signed_in(house.app, f"{name.lower()}@firm.example", language))

    return sign_in
