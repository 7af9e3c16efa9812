"""`/health`: whether this worker answers, which version and configuration it runs, and whether the database does."""

from typing import Any

from flask import Flask, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from crm.backoffice.release import VERSION
from crm.runtime import Runtime


def init_app(app: Flask) -> None:
    version = VERSION

    @app.get("/health")
    def health() -> tuple[dict[str, Any], int]:
        runtime: Runtime = current_app.extensions["brama"]
        try:
            with runtime.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
            configuration = runtime.refresh().version
        except SQLAlchemyError:
            return {"status": "failed", "version": version, "configuration": None, "database": "unreachable"}, 503
        return {"status": "ok", "version": version, "configuration": configuration, "database": "ok"}, 200
