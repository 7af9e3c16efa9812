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
def app(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings)
    yield made
    made.extensions["brama"].engine.dispose()


@pytest.fixture
def flask(app: Flask) -> Callable[..., Result]:
    """Runs a command as `flask …` does, its standard input given as `typed`."""

    def run(*args: str, typed: str | None = None) -> Result:
        return app.test_cli_runner().invoke(args=list(args), input=typed)

    return run
