"""A company of its own for each test, on both databases, behind the whole application."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import update

from config import Settings
from crm.application import create_app
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.founding import add_person
from crm.organization.models import User
from crm.organization.passwords import hash_password
from tests.kit_forms.house import PASSWORD, PEOPLE, ROLES, Browser, House


@cache
def hashed() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    made = House(create_app(Settings(instance=tmp_path, database_url=database_url, secret_key="k" * 40, testing=True)))
    with made.system() as session:
        apply(session, read(ROLES.encode(), session.catalog))
        session.commit()
    with made.system() as session:
        made.people = {name: add_person(session, f"{name.lower()}@firm.example", name, roles=(role,)) for name, role in PEOPLE.items()}
        session.execute(update(User).values(password_hash=hashed()))
        session.commit()
    yield made
    made.engine.dispose()


@pytest.fixture
def browser(house: House) -> Callable[..., Browser]:
    """`browser("Olena")`: signed in, reading English; `language="uk"` for Ukrainian."""

    def sign_in(name: str, language: str = "en") -> Browser:
        made = Browser(house.app.test_client())
        made.sign_in(f"{name.lower()}@firm.example", language)
        return made

    return sign_in
