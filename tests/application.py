"""The application over one database after another. A process of tests makes it once: making it and its first pages costs more than most tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from config import Settings
from crm.application import create_app
from crm.backoffice.database import make_engine
from crm.extensions import db
from crm.flask_settings import flask_settings

_idle: dict[str, list[Flask]] = {}
_config: dict[Flask, dict[str, Any]] = {}  # of each as it was made: a test may set something


@contextmanager
def application(folder: Path, database_url: str, *, of: str = "the product") -> Iterator[Flask]:
    """An application over a database, with the settings most tests ask for; the connections are closed afterwards. Whoever sets it up
    otherwise makes his own; `of` names what entities there are where they are not the product's."""
    settings = Settings(instance=folder, database_url=database_url, secret_key="k" * 40, testing=True)
    idle = _idle.setdefault(of, [])
    app = _moved(idle.pop(), settings) if idle else _made(settings)
    yield app
    app.extensions["brama"].engine.dispose()
    idle.append(app)


def _made(settings: Settings) -> Flask:
    app = create_app(settings)
    _config[app] = dict(app.config)
    return app


def _moved(app: Flask, settings: Settings) -> Flask:
    """The same application over another database: what it knew of the former is forgotten."""
    runtime = app.extensions["brama"]
    vars(runtime).clear()
    runtime.__init__(make_engine(settings.database_url), settings)
    app.config.clear()
    app.config.update(_config[app], **flask_settings(settings))
    app.instance_path = str(settings.instance)
    db._app_engines[app] = {None: runtime.engine}
    return app
