"""Addresses of static files carry the file's age, so that browsers keep a file for a year and still see every new one at once."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask


@lru_cache(maxsize=512)
def age(path: Path) -> str:
    """A short mark of the file's last change, "" when there is no such file."""
    try:
        return format(path.stat().st_mtime_ns // 1_000_000, "x")
    except OSError:
        return ""


def init_app(app: Flask) -> None:
    folder = Path(str(app.static_folder))

    @app.url_defaults
    def add_age(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "v" not in values and "filename" in values:
            mark = age(folder / values["filename"])
            if mark:
                values["v"] = mark
