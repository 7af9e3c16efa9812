"""The fields that a kept report names beside its condition, under other keys."""

from collections.abc import Callable, Mapping
from typing import Any

NAMED = ("by", "measure", "sort", "date")  # parameters that name fields


def renamed(asks: Mapping[str, Any], of: Callable[[str], str]) -> dict[str, Any]:
    """What it asks, with the keys that `of` gives: of `amount`, `sum:amount` and `closed_on:quarter` the field's part. Reports whose dimensions are
    their own name no field; what is none stays."""
    new = dict(asks)
    if "entity" not in asks:
        return new
    for name in (name for name in NAMED if asks.get(name)):
        new[name] = ",".join(_one(part.strip(), of, measure=name in ("measure", "sort")) for part in str(asks[name]).split(","))
    return new


def _one(part: str, of: Callable[[str], str], *, measure: bool) -> str:
    sign, bare = ("-", part[1:]) if part.startswith("-") else ("", part)
    first, colon, second = bare.partition(":")
    if colon and measure and first in ("sum", "avg", "min", "max"):
        return f"{sign}{first}:{of(second)}"
    return f"{sign}{of(first)}{colon}{second}"
