"""Marks on the cards of a board and in the cells of a list, as an area declares them: what of a record asks for attention, in a few words beside a
sign."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from flask import url_for

from crm.backoffice.guard import UserSession


@dataclass(frozen=True)
class Mark:
    """`icon` is a sign of the sprite, `words` what is read beside it; `more` says it in full to whoever points at it, `brief` in a
    cell, where there is little room. `tone` colours both."""

    icon: str
    words: str
    tone: str = ""
    more: str = ""
    brief: str = ""

Make = Callable[[UserSession, Sequence[int]], Mapping[int, Sequence[Mark]]]
_makers: dict[str, Make] = {}
_of_cells: dict[tuple[str, str], Make] = {}


def card_marks(entity: str) -> Callable[[Make], Make]:
    """Mark a function (session, numbers of records) → the marks of those that have some. It is asked once a page of cards and sends a fixed number
    of queries."""

    def keep(function: Make) -> Make:
        _makers[entity] = function
        return function

    return keep


def cell_marks(entity: str, key: str) -> Callable[[Make], Make]:
    """The same for the cells of one column: asked once a page of a list that shows it, by one query."""

    def keep(function: Make) -> Make:
        _of_cells[entity, key] = function
        return function

    return keep


def in_cells(session: UserSession, entity: str, key: str, ids: Sequence[int]) -> Mapping[int, str]:
    """What stands beside the values of a column, as HTML, by record; of those without a mark nothing."""
    make = _of_cells.get((entity, key))
    return {number: "".join(map(_in_cell, found)) for number, found in make(session, ids).items()} if make is not None and ids else {}


def _in_cell(one: Mark) -> str:
    title = f' title="{escape(one.more or one.words)}"'
    return f'<span class="b-cell-mark{" is-" + one.tone if one.tone else ""}"{title}>{_sign(one)}<span class="b-hidden">{escape(one.words)}</span>' + (
        f'<span aria-hidden="true">{escape(one.brief)}</span></span>')


def _sign(one: Mark) -> str:
    return f'<svg class="b-i b-i-s" aria-hidden="true"><use href="{url_for("static", filename="vendor/icons.svg")}#{one.icon}"/></svg>'


def marks(session: UserSession, entity: str, ids: Sequence[int]) -> Mapping[int, Sequence[Mark]]:
    """The marks of some records, in this reader's words; none for an entity of which nothing asks for attention."""
    make = _makers.get(entity)
    return make(session, ids) if make is not None and ids else {}


def drawn(found: Sequence[Mark]) -> str:
    """Marks as a list below a card; nothing where there is none."""
    items = []
    for one in found:
        tone, title = f' class="is-{one.tone}"' if one.tone else "", f' title="{escape(one.more)}"' if one.more else ""
        items.append(f"<li{tone}{title}>{_sign(one)}<span>{escape(one.words)}</span></li>")
    return f'<ul class="b-marks">{"".join(items)}</ul>' if items else ""
