"""Which version of Brama this is."""

from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parents[2]
VERSION = str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
PRODUCT = tuple(int(part) for part in VERSION.split("."))
