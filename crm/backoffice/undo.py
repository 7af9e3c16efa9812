"""Taking a batch of writes back by journaled writes: what it made goes to the recycle bin, what it changed gets its old values.

Records edited since, and made ones that something refers to since, stay as they are and are named with the reason. A person who
takes back what he has just done in a list or a form goes by fields: what others did to the same records meanwhile stays, and so does
what he did to them later, so that several deeds are taken back one after the other.
"""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from crm.backoffice import records
from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.backoffice.taking_back import Kept, Touched, Undone, erased, kept_for, staying, touched_by, values_back, with_codes
from crm.backoffice.unmerging import is_merge, unmerge
from crm.errors import BadRequest, BramaError, Conflict, Forbidden, Invalid, NotFound
from crm.messages import m


def undo(session: DataSession, batch: str, *, by_field: bool = False) -> Undone:
    """Take the batch back with this session's rights. `by_field`: a changed record counts as edited since only when one of the fields
    that the batch changed is. Raises NotFound when there is no such batch; the caller commits."""
    entities = touched_by(session, batch)
    if not entities:
        raise NotFound(m("There is nothing to undo."))
    if erased(session, batch):
        raise BadRequest(m("What was erased cannot be brought back."))
    if is_merge(session, batch):
        return unmerge(session, batch, by_field=by_field)
    session.batch = uuid4().hex
    session.undoing = True
    try:
        return _undone(session, entities, by_field)
    finally:
        session.undoing = False


def _undone(session: DataSession, entities: Mapping[str, Mapping[int, Touched]], by_field: bool) -> Undone:
    undone = 0
    kept: list[Kept] = []
    stays = staying(session, entities, by_field)  # asked before the first write: what follows a removal is no change by somebody else
    for key, touched in entities.items():
        kind, reasons = session.catalog.entity(key), stays[key]
        for record_id in touched.keys() & reasons.keys():
            kept.append(Kept(key, str(record_id), reasons[record_id]))
        done, left = bring_back(session, kind, {i: t for i, t in touched.items() if i not in reasons})
        undone += done
        kept += left
    return Undone(undone, tuple(with_codes(session, kept)), session.batch)


def bring_back(session: DataSession, kind: Entity, ready: Mapping[int, Touched]) -> tuple[int, list[Kept]]:
    """Records as they were; how many, and those that were refused."""
    undone, kept = 0, list[Kept]()
    for part in in_parts([i for i, t in ready.items() if t.made]):
        done, left = _together(session, kind, part)
        undone += done
        kept += left
    for record_id, one in ready.items():
        if not one.made:
            refused = _back(session, kind, record_id, one)
            undone += not refused
            kept += refused
    return undone, kept


def _together(session: DataSession, kind: Entity, ids: Sequence[int]) -> tuple[int, list[Kept]]:
    try:
        return len(records.remove_many(session, kind.key, ids)), []
    except (NotFound, Forbidden, Conflict, Invalid):
        pass
    done, kept = 0, []
    for record_id in ids:
        try:
            records.remove(session, kind.key, record_id)
            done += 1
        except BramaError as refused:
            kept.append(kept_for(kind, record_id, refused))
    return done, kept


def _back(session: DataSession, kind: Entity, record_id: int, one: Touched) -> list[Kept]:
    try:
        if one.removed:
            records.restore(session, kind.key, record_id)
        values = values_back(kind, one)
        if values:
            records.change(session, kind.key, record_id, values)
    except BramaError as refused:
        return [kept_for(kind, record_id, refused)]
    return []
