"""Addresses of lists: what the reader has chosen, changed in one place and kept in all others."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote_plus

KEPT = ("where", "sort", "columns", "search", "size")


def list_arguments(args: Mapping[str, str]) -> dict[str, str]:
    """The parts of an address that say what a list shows, without the place where its page begins."""
    return {key: args[key] for key in KEPT if args.get(key)}


def query_string(args: Mapping[str, str], **changes: str | None) -> str:
    """The query of an address with `changes` made; None drops a part. A change of anything but the page begins at the first page."""
    merged: dict[str, str | None] = {**list_arguments(args), **changes}
    return "&".join(f"{key}={_quoted(value)}" for key, value in merged.items() if value)


# A page has two dozen addresses made of the same few words.
_quoted = lru_cache(maxsize=512)(quote_plus)


def address(entity_key: str, args: Mapping[str, str], **changes: str | None) -> str:
    """The list's address with `changes` made."""
    query = query_string(args, **changes)
    return f"/{entity_key}/?{query}" if query else f"/{entity_key}/"
