"""A whole import taken back: judged first as a whole, then in short transactions with pauses, like the import itself.

How far it has come stands in the transaction of the records, so that a killed one goes on from there. What others save meanwhile is asked for again
in each part: a record that was edited, or that something refers to since, stays as it is.
"""

from collections.abc import Mapping as Map
from typing import Any

from sqlalchemy import Engine, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.collecting import rarely_collected
from crm.backoffice.exchange import batches
from crm.backoffice.exchange.order import Opener, Progress
from crm.backoffice.guard import DataSession
from crm.backoffice.journal import JournalRow
from crm.backoffice.pace import Pace
from crm.backoffice.parts import in_parts
from crm.backoffice.taking_back import Kept, Touched, Undone, reasons_to_stay, staying, touched_by, with_codes
from crm.backoffice.undo import bring_back
from crm.errors import NotFound
from crm.messages import Message, m

JOURNAL = JournalRow.__table__
Wrote = Map[str, Map[int, Touched]]
Stays = dict[str, dict[int, Message]]


def take_back(
    engine: Engine, open_session: Opener, catalog: Catalog, key: str, *, to: str = "undone", progress: Progress = lambda done, total: None,
) -> Undone:
    """Undo an import with the rights that its sessions have: only one's own in a user's name. It then stands in the state `to`. Raises NotFound,
    TakenOver when another process goes on with it."""
    with open_session(catalog, True) as session:
        row = batches.find(session, key)
        if row is None or (session.access is not None and row["actor_id"] != session.actor_id):
            raise NotFound(m("There is no such import."))
        batch = batches.begin_undo(session, row, to)
        session.commit()
    with rarely_collected():
        return _go_on(engine, open_session, catalog, batch, progress)


def _go_on(engine: Engine, open_session: Opener, catalog: Catalog, batch: Map[str, Any], progress: Progress) -> Undone:
    with open_session(catalog, False) as reading:
        wrote = touched_by(reading, batch["key"])
        stays = staying(reading, wrote, by_field=False, but=batch["undo_key"])
        places = [(entity, number) for entity, touched in wrote.items() for number in touched]
        undone, kept = _before(reading, batch, places[: batch["undo_position"]], stays)
    pace, at, going = Pace(), batch["undo_position"], dict[str, set[int]]()
    while at < len(places):
        entity = places[at][0]
        part = [number for key, number in places[at : at + pace.size] if key == entity]
        if at == batch["undo_position"] or places[at - 1][0] != entity:
            going = _going(wrote, stays, entity)
        with pace.part(engine), open_session(catalog, True) as session:
            done, left = _part(session, batch, wrote[entity], stays[entity], going, entity, part)
            batches.undone_up_to(session, batch, at + len(part))
            session.commit()
        undone, kept, at = undone + done, kept + left, at + len(part)
        progress(at, len(places))
    with open_session(catalog, True) as session:
        named = tuple(with_codes(session, kept))
        batches.close(session, batch, batch["undo_to"])
        session.commit()
    return Undone(undone, named, batch["undo_key"])


def _part(
    session: DataSession, batch: Map[str, Any], wrote: Map[int, Touched], known: dict[int, Message], going: Map[str, set[int]], entity: str, part: list[int],
) -> tuple[int, list[Kept]]:
    """Some records of one entity; those that others have touched since the whole was judged stay too."""
    kind = session.catalog.entity(entity)
    ready = {number: wrote[number] for number in part if number not in known}
    known |= reasons_to_stay(session, kind, ready, going, False, but=batch["undo_key"])
    session.batch, session.undoing = batch["undo_key"], True
    undone, kept = bring_back(session, kind, {number: one for number, one in ready.items() if number not in known})
    return undone, kept + [Kept(entity, str(number), known[number]) for number in part if number in known]


def _going(wrote: Wrote, stays: Stays, entity: str) -> dict[str, set[int]]:
    """The records that go before those of an entity, and they: what refers to these only is no reason to stay."""
    keys = list(wrote)
    return {key: {n for n, one in wrote[key].items() if one.made and n not in stays[key]} for key in keys[: keys.index(entity) + 1]}


def _before(session: DataSession, batch: Map[str, Any], places: list[tuple[str, int]], stays: Stays) -> tuple[int, list[Kept]]:
    """What an earlier one that was cut off has done of these records, and what it left as it was."""
    done: set[tuple[str, int]] = set()
    for part in in_parts(places):
        numbers = [number for _, number in part]
        rows = select(JOURNAL.c.entity, JOURNAL.c.record_id).where(JOURNAL.c.batch == batch["undo_key"], JOURNAL.c.record_id.in_(numbers))
        done |= {(row.entity, row.record_id) for row in session.kernel(rows)}
    left = [place for place in places if place not in done]
    return len(places) - len(left), [Kept(key, str(n), stays[key].get(n, m("It has been changed since."))) for key, n in left]
