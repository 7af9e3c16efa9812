"""An installation with its application and its command line."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from config import Settings
from crm.application import create_app
from tests.application import application


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    instance = tmp_path / "instance"
    instance.mkdir(mode=0o700)
    return Settings(instance=instance, database_url=database_url, secret_key="k" * 40, testing=True)


@pytest.fixture
def install() -> Iterator[Callable[[Settings], Flask]]:
    """Makes applications; their connections are closed when the test is over."""
    made: list[Flask] = []

    def make(settings: Settings) -> Flask:
        made.append(create_app(settings))
        return made[-1]

    yield make
    for app in made:
        app.extensions["brama"].engine.dispose()


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    with application(settings.instance, settings.database_url) as app:
        yield app


@pytest.fixture
def flask(app: Flask) -> Callable[..., Result]:
    """Runs a command as `flask …` does, its standard input given as `typed`."""

    def run(*args: str, typed: str | None = None) -> Result:
        return app.test_cli_runner().invoke(args=list(args), input=typed)

    return run


@pytest.fixture
def elsewhere(database_url: str, tmp_path: Path) -> Iterator[Settings]:
    """Another installation on the same kind of database, quite empty."""
    instance = tmp_path / "elsewhere"
    instance.mkdir(mode=0o700)
    if database_url.startswith("sqlite"):
        yield Settings(instance=instance, database_url=f"sqlite:///{instance}/brama.db")
        return
    url = make_url(database_url)
    name = f"{url.database}_b"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    yield Settings(instance=instance, database_url=url.set(database=name).render_as_string(hide_password=False))
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()
