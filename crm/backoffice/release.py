"""Which version of Brama this is."""

import tomllib

from config import ROOT

VERSION = str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
PRODUCT = tuple(int(part) for part in VERSION.split("."))
