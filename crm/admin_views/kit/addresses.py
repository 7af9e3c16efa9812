"""Addresses of lists: what the reader has chosen, changed in one place and kept in all others. A list that stands on a card (`of`) has its
words in the address of the card, in one of them (`grid`), since the card's own may be those of the list it was opened from."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote_plus

from crm.backoffice.belonging import WORD

KEPT = ("where", "sort", "columns", "search", "group", "size", "unread", "of")
STANDARD = "standard"  # the view that is none: the list as it comes


def list_arguments(args: Mapping[str, str]) -> dict[str, str]:
    """The parts of an address that say what a list shows, without the place where its page begins."""
    return {key: args[key] for key in (*KEPT, "view") if args.get(key)}


def says_nothing(args: Mapping[str, str | None]) -> bool:
    """Whether nothing in an address says what the list shows, but perhaps a view."""
    return not any(args.get(key) for key in KEPT)


def query_string(args: Mapping[str, str], **changes: str | None) -> str:
    """The query of an address with `changes` made; None drops a part. A change of anything but the page begins at the first page."""
    merged: dict[str, str | None] = {**list_arguments(args), **changes}
    if says_nothing(merged):
        merged["view"] = changes.get("view") or (STANDARD if merged.get("view") else None)  # the last part dropped is not the view anew
    elif merged.get("view") == STANDARD:
        merged["view"] = None
    return "&".join(f"{key}={_quoted(value)}" for key, value in merged.items() if value)


# A page has two dozen addresses made of the same few words.
_quoted = lru_cache(maxsize=512)(quote_plus)


def address(entity_key: str, args: Mapping[str, str], **changes: str | None) -> str:
    """The list's address with `changes` made: that of its card where it stands on one."""
    on = WORD.fullmatch(args.get("of", ""))
    if on is not None:
        words = query_string(args, **changes, of=None)
        return f"/{on[1]}/{on[2]}/?tab={on[3]}" + (f"&grid={_quoted(words)}" if words else "")
    query = query_string(args, **changes)
    return f"/{entity_key}/?{query}" if query else f"/{entity_key}/"
