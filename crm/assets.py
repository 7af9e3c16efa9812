"""Addresses of static files carry a mark of all that stands in `static`: browsers keep a file for a year and still see every new one at once.

The mark is a part of the path, so that what a file itself refers to – a module that it imports, a font – has it too, and no page asks whether
its forty files are still the same.
"""

import os
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from flask import Flask


@lru_cache(maxsize=8)
def mark_of(folder: str) -> str:
    """A short digest of every name and content in it: the same on each machine that has the same files."""
    digest = blake2b(digest_size=6)
    for file in sorted(Path(place, name) for place, _, names in os.walk(folder, followlinks=True) for name in names):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def stays(app: Flask, path: str) -> bool:
    """Whether this address of a static file never leads to another content: it has the mark of what stands there now."""
    return path.startswith(f"/static/v-{mark_of(str(app.static_folder))}/")


def init_app(app: Flask) -> None:
    app.add_url_rule("/static/v-<mark>/<path:filename>", endpoint="static")

    @app.url_defaults
    def add_mark(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("mark", mark_of(str(app.static_folder)))

    @app.url_value_preprocessor
    def take_mark(endpoint: str | None, values: dict[str, Any] | None) -> None:
        if endpoint == "static" and values:
            values.pop("mark", None)
