"""A merge taken back: values and references as they were, the merged records out of the recycle bin."""

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import delete, select

from crm.backoffice import records
from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.merging import MERGED, lock, pointing
from crm.backoffice.saving import rights
from crm.backoffice.taking_back import Kept, Touched, Undone, kept_for, staying, touched_by, values_back, with_codes
from crm.errors import BramaError


def is_merge(session: DataSession, batch: str) -> bool:
    """Whether a batch of writes was a merge."""
    return session.kernel(select(MERGED.c.record_id).where(MERGED.c.batch == batch).limit(1)).first() is not None


def unmerge(session: DataSession, batch: str, *, by_field: bool = True) -> Undone:
    """Take a merge back: values and references as they were, the others out of the recycle bin. When one of the merged records has changed
    since in what the merge wrote, nothing is; a reference that has been set anew since stays. The caller commits."""
    entities = touched_by(session, batch)
    row = session.kernel(select(MERGED.c.entity, MERGED.c.into_id).where(MERGED.c.batch == batch)).first()
    assert row is not None, "no merge"
    kind, into = session.catalog.entity(row.entity), row.into_id
    own = entities[kind.key]
    going = [i for i, one in own.items() if one.removed]
    stays = staying(session, entities, by_field)
    held = {i: why for i, why in stays[kind.key].items() if i in (into, *going)}
    if held:
        return Undone(0, tuple(with_codes(session, [Kept(kind.key, str(i), why) for i, why in held.items()])), batch)
    session.batch = uuid4().hex
    kept: list[Kept] = []
    refs = {key for key, _ in pointing(kind, kind)}
    session.undoing = True
    try:
        with session.begin_nested():
            rights.check_existing(session, kind, [into], "update")
            lock(session, kind, [into, *going])
            values = {k: v for k, v in values_back(kind, own.get(into, Touched())).items() if k not in refs}
            if values:
                records.change(session, kind.key, into, values)
            for number in _upper_first(session, kind, going):
                records.restore(session, kind.key, number)
            for key, touched in entities.items():
                other, same = session.catalog.entity(key), key == kind.key
                for number, one in touched.items():
                    if same and number == into:
                        continue
                    if number in stays[key]:
                        kept.append(Kept(key, str(number), stays[key][number]))
                        continue
                    back = {k: v for k, v in values_back(other, one).items() if not same or k in refs}
                    records.lead_elsewhere(session, key, {number: back} if back else {})
            above = {k: v for k, v in values_back(kind, own.get(into, Touched())).items() if k in refs}
            if above:
                records.lead_elsewhere(session, kind.key, {into: above})
            session.kernel(delete(MERGED).where(MERGED.c.batch == batch))
    except BramaError as refused:
        return Undone(0, tuple(with_codes(session, [kept_for(kind, into, refused)])), session.batch)
    finally:
        session.undoing = False
    # Of the records that were merged: how many others referred to them is not for everybody.
    return Undone(1 + len(going), tuple(with_codes(session, kept)), session.batch)


def _upper_first(session: DataSession, kind: Entity, going: Sequence[int]) -> list[int]:
    """In an order in which each finds the records that it refers to."""
    table, specs = kind.table, [spec for _, spec in pointing(kind, kind) if not spec.several]
    rows = session.kernel(select(table.c.id, *(table.c[spec.attribute] for spec in specs)).where(table.c.id.in_(going))).all()
    wanted = {row[0]: set(row[1:]) & set(going) for row in rows}
    ordered: list[int] = []
    while wanted:
        ready = [i for i, above in wanted.items() if not above & wanted.keys()] or list(wanted)
        ordered += ready
        wanted = {i: above for i, above in wanted.items() if i not in ready}
    return ordered
