"""The company of the tests of forms, with the sample entity in it; and a desk of imports in the same company."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.backoffice.database import make_engine
from tests.company import Company
from tests.exchange.conftest import Desk
from tests.application import application
from tests.field_types.sample import known
from tests.kit_forms.conftest import browser, housed, people_with_roles
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
    with known(engine), application(tmp_path, database_url, of="the product and the sample") as app:
        people_with_roles(app.extensions["brama"].engine, ROLES, PEOPLE)
        yield housed(app)
    engine.dispose()


@pytest.fixture
def desk(house: House, tmp_path: Path) -> Desk:
    return Desk(Company(house.engine), tmp_path)
