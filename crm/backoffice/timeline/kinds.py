"""Kinds of things that stand on the timelines of records. An area registers its own; which records they belong to is derived."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from crm.backoffice.sight import Source
from crm.messages import Label

Narrow = Callable[[Source], ColumnElement[bool]]
CHANGE, IMPORT = "change", "import"


@dataclass(frozen=True)
class Kind:
    """Rows of `entity` told at their moment `at`, with what the reader may see of the fields `tells`. They stand on the card of whatever
    they refer to, of what their parent refers to and of what their own rows refer to.

    `narrowed` says which rows of the entity are of this kind; it raises UnknownName where the reader may not know that. `repeats` is the
    field whose journaled change (of the row, else of its parent) says the same at the same moment."""

    key: str
    label: Label
    icon: str
    entity: str
    at: str
    tells: tuple[str, ...]
    narrowed: Narrow
    repeats: str = ""
    not_on: frozenset[str] = frozenset()  # entities on whose cards these rows would say nothing that their own list does not


_kinds: dict[str, Kind] = {}


def tells(
    key: str, label: Label, *, icon: str, entity: str, at: str, fields: tuple[str, ...], repeats: str = "", not_on: Iterable[str] = (),
) -> Callable[[Narrow], Narrow]:
    """Mark a function (source of the entity's rows) → condition as a kind of things on timelines."""

    def keep(function: Narrow) -> Narrow:
        if key in (CHANGE, IMPORT) or (key in _kinds and _kinds[key].narrowed.__qualname__ != function.__qualname__):
            raise ValueError(f"two kinds of the timeline are called {key}")
        _kinds[key] = Kind(key, label, icon, entity, at, fields, function, repeats, frozenset(not_on))
        return function

    return keep


def every() -> tuple[Kind, ...]:
    """The registered kinds in a steady order."""
    return tuple(_kinds[key] for key in sorted(_kinds))


def of_journal(wanted: Collection[str]) -> Iterator[str]:
    """Those of the journal's own kinds that are wanted; all where nothing is named."""
    return (key for key in (CHANGE, IMPORT) if not wanted or key in wanted)


