"""An installation with its application and its command line."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from config import Settings
from crm.application import create_app


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
def app(settings: Settings, install: Callable[[Settings], Flask]) -> Flask:
    return install(settings)


@pytest.fixture
def flask(app: Flask) -> Callable[..., Result]:
    """Runs a command as `flask …` does, its standard input given as `typed`."""

    def run(*args: str, typed: str | None = None) -> Result:
        return app.test_cli_runner().invoke(args=list(args), input=typed)

    return run
