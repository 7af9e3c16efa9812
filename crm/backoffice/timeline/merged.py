"""One timeline of a record: registered kinds and the journal merged, newest first, by keyed pages.

Two streams, each with its own place in the page's key, so that equal moments and clocks that differ lose nothing between two pages. A page
is one query for each stream, however long the record's past is.
"""

import re
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.history import Happening, history
from crm.backoffice.resuming import EPOCH, MICROSECOND, Place, behind, place
from crm.backoffice.timeline import kinds, stories
from crm.backoffice.timeline.kinds import CHANGE, IMPORT
from crm.backoffice.timeline.stories import Item, Mark
from crm.errors import UnknownName

AHEAD = 5
LARGEST = 2**31 - 1
LAST = "-1"  # in a key: nothing is left of the journal
KEY = re.compile(r"(?:(-?[0-9]{1,18})\.([0-9]{1,4})\.([0-9]{1,18}))?~(-1|[0-9.]+)?", re.ASCII)


@dataclass(frozen=True)
class Page:
    """What comes next, soonest first; what happened, newest first; and the key of the rest, None at the end."""

    ahead: list[Item]
    past: list[Item | Happening]
    older: str | None


def offered(session: UserSession, entity: Entity) -> list[str]:
    """The kinds this reader may choose among on a record of the entity; whether there is anything of a kind is not asked."""
    found = dict.fromkeys(way.kind.key for way in stories.ways(session, entity, 0))
    return [*found, CHANGE, IMPORT]


def page(
    session: UserSession, entity: Entity, record_id: int, *, size: int, wanted: Collection[str] = (), after: str = "", shown: Container[str] | None = None,
) -> Page:
    """One page of the record's timeline, of the kinds `wanted` (all when empty). A key that does not parse is the first page. `shown` as
    `history` takes it. Raises UnknownName for a kind that there is not, or not for this reader; NotFound for a record outside his scope."""
    ways = stories.ways(session, entity, record_id)
    for key in wanted:
        if key not in (CHANGE, IMPORT) and key not in (way.kind.key for way in ways):
            raise UnknownName(key)
    chosen = [way for way in ways if not wanted or way.kind.key in wanted]
    mark, before, all_told = _decoded(after)
    now = datetime.now(UTC)
    ahead, told = stories.read(session, chosen, now=now, size=size + 1, ahead=0 if after else AHEAD, after=mark)
    journal = list(kinds.of_journal(wanted))
    happened: list[Happening] = []
    if journal and not all_told:
        imported = None if len(journal) == 2 else journal[0] == IMPORT
        happened, _ = history(session, entity, record_id, before=before, size=size + 1, shown=shown, imported=imported)
    past, rows, changes = _merged(told, happened, size)
    if rows == len(told) and changes == len(happened):
        return Page(ahead, past, None)
    mark = told[rows - 1][0] if rows else mark
    rest = LAST if changes == len(happened) else behind(happened[:changes], before)
    return Page(ahead, past, _encoded(mark, rest))


def _merged(told: Sequence[tuple[Mark, Item]], happened: Sequence[Happening], size: int) -> tuple[list[Item | Happening], int, int]:
    """The newest `size` of both streams, and how many were taken of each."""
    past: list[Item | Happening] = []
    rows = changes = 0
    while len(past) < size and (rows < len(told) or changes < len(happened)):
        if changes == len(happened) or (rows < len(told) and told[rows][0].at >= happened[changes].at):
            past.append(told[rows][1])
            rows += 1
        else:
            past.append(happened[changes])
            changes += 1
    return past, rows, changes


def _encoded(mark: Mark | None, rest: Place | str | None) -> str:
    place = f"{(mark.at - EPOCH) // MICROSECOND}.{mark.place}.{mark.id}" if mark else ""
    return f"{place}~{'' if rest is None else rest}"


def _decoded(text: str) -> tuple[Mark | None, Place | None, bool]:
    """The places in both streams, and whether nothing is left of the journal."""
    found = KEY.fullmatch(text)
    if found is None:
        return None, None, False
    at, order, number, rest = found.groups()
    try:
        mark = Mark(EPOCH + int(at) * MICROSECOND, int(order), min(int(number), LARGEST)) if at else None
    except OverflowError:
        return None, None, False
    return mark, place(rest or ""), rest == LAST
