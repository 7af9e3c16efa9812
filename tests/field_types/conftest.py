"""The company of the tests of forms, with the sample entity in it; and a desk of imports in the same company."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from config import Settings
from crm.application import create_app
from crm.backoffice.database import make_engine
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.founding import add_person
from crm.organization.models import User
from tests.company import Company
from tests.exchange.conftest import Desk
from tests.field_types.sample import known
from tests.kit_forms.conftest import browser, hashed
from tests.kit_forms.house import House

__all__ = ["browser"]
PEOPLE = {"Olena": "owner", "Masha": "masked", "Roma": "rateless", "Sasha": "halfrate"}
ROLES = """
roles:
  masked:
    label: {uk: Під маскою, en: Masked}
    rules:
      - {entity: sample, actions: [read, update, export], scope: all, fields: {"*": masked, name: read, code: read}}
  rateless:
    label: {uk: Без ставки, en: Without rate}
    rules:
      - {entity: sample, actions: [read, create, update, export], scope: all, fields: {"*": edit, rate: hidden}}
  halfrate:
    label: {uk: Ставка часом, en: Rate at times}
    rules:
      - {entity: sample, actions: [read, update], scope: all, fields: {"*": edit, rate: {mode: read, where: {field: lasts, op: lt, value: 100}}}}
"""


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    engine = make_engine(database_url)
    with known(engine):
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
    engine.dispose()


@pytest.fixture
def desk(house: House, tmp_path: Path) -> Desk:
    return Desk(Company(house.engine), tmp_path)
