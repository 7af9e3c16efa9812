"""Flask's extensions, made once and bound to an application by `create_app`."""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from alembic.config import Config as AlembicConfig
from flask import Flask, current_app
from flask_babel import Babel
from flask_mail import Mail, Message, email_dispatched
from flask_migrate import Config, Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from crm.backoffice.entities import Base
from crm.runtime import Runtime


class ClosedSession(Session):
    """`db.session` knows no rights, so there is none: `crm.backoffice.guard` opens sessions."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("db.session is closed: use user_session or system_session of crm.backoffice.guard")


class Database(SQLAlchemy):
    """Flask-SQLAlchemy over the one engine of the installation; migrations and extensions find the metadata here."""

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
        runtime: Runtime = app.extensions["brama"]
        return runtime.engine


class FolderMail(Mail):
    """Flask-Mail; without SMTP_URL a mail becomes a file INSTANCE/mail/*.eml that any mail program opens."""

    def send(self, message: Message) -> None:
        runtime: Runtime = current_app.extensions["brama"]
        if runtime.settings.smtp_url:
            super().send(message)
            return
        put(message, runtime.settings.mail)
        email_dispatched.send(current_app._get_current_object(), message=message)  # type: ignore[attr-defined]  # the proxied application, as Flask-Mail sends it


def put(message: Message, folder: Path) -> Path:
    """The mail as a file, written whole or not at all; only the owner of the process may read it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}.eml"
    draft = path.with_suffix(".tmp")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(message.as_bytes())
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return path


db = Database(metadata=Base.metadata, session_options={"class_": ClosedSession})
migrate = Migrate()
babel = Babel()
csrf = CSRFProtect()
mail = FolderMail()


@migrate.configure
def name_database(config: Config) -> Config:
    """Tells migrations run by `flask db` which database is meant."""
    cast(AlembicConfig, config).attributes["url"] = current_app.config["SQLALCHEMY_DATABASE_URI"]
    return config
