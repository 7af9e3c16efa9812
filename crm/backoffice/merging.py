"""Several records that tell of the same thing become one: its values are chosen field by field, every reference to the others leads to it,
the others go to the recycle bin. All of it is one batch and can be taken back.

References are moved in the writer's name whether he sees the rows that hold them or not: a record that went would otherwise leave them
pointing nowhere. He is told nothing of rows he does not see.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import String, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice import journal, links, records
from crm.backoffice.entities import Base, Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.many_to_many import SetChange
from crm.backoffice.guard import DataSession
from crm.backoffice.saving import rights
from crm.backoffice.types import UtcMoment
from crm.errors import BadRequest, Forbidden
from crm.messages import m

MOST = 10  # records merged at once


class MergedRecord(Base):
    """A record that was merged into another: its old address leads there."""

    __tablename__ = "merged_record"

    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    into_id: Mapped[int]
    batch: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(UtcMoment())


MERGED = MergedRecord.__table__
BeforeMerge = Callable[[DataSession, Entity, int, Sequence[int]], None]
_before: dict[str, list[BeforeMerge]] = {}


def before_merge(*entities: str) -> Callable[[BeforeMerge], BeforeMerge]:
    """Mark a function (session, kind, the record that stays, those that go) that is called before references move: what may refer to a record
    only once is told apart there. What it writes belongs to the merge and is taken back with it."""

    def keep(function: BeforeMerge) -> BeforeMerge:
        for entity in entities:
            _before.setdefault(entity, []).append(function)
        return function

    return keep


def merge(
    session: DataSession, entity: str, into: int, others: Sequence[int], values: Mapping[str, Any], *, seen_versions: Mapping[int, int] | None = None
) -> records.Saved:
    """Merge `others` into the record `into`, which gets `values`. In one savepoint: all or nothing.

    Raises BadRequest for what cannot be merged, NotFound, Forbidden without the right to change the one and remove the others, Conflict when
    one of them has changed since it was seen, Invalid.
    """
    kind = session.catalog.entity(entity)
    going = _going(kind, into, others)
    seen = dict(seen_versions or {})
    with session.begin_nested():
        rights.check_existing(session, kind, [into], "update")
        rights.check_existing(session, kind, going, "delete")
        lock(session, kind, [into, *going])
        _check_places(session, kind, into, going)
        values = _stepped_above(session, kind, into, going, values)
        _prepare(session, kind, into, going)
        _move(session, kind, into, going)
        moved = _versions_after(session, kind, going, seen)
        records.remove_many(session, entity, going, seen_versions=moved)
        own = {into: seen[into]} if into in seen else {}
        saved = records.change_many(session, entity, {into: values}, seen_versions=own)[0]
        now = datetime.now(UTC)
        session.kernel(delete(MERGED).where(MERGED.c.entity == entity, MERGED.c.record_id.in_(going)))
        session.kernel(insert(MERGED), [{"entity": entity, "record_id": i, "into_id": into, "batch": session.batch, "at": now} for i in going])
        journal.event(session, "merge", entity, into, {"merged": [None, sorted(going)]})
    return saved


def lock(session: DataSession, kind: Entity, ids: Sequence[int]) -> None:
    """Of two people who merge the same records, crosswise too, the second one waits here. What he may do is asked again when he writes."""
    table = kind.table
    session.kernel(select(table.c.id).where(table.c.id.in_(ids)).order_by(table.c.id).with_for_update())


def _check_places(session: DataSession, kind: Entity, into: int, going: Sequence[int]) -> None:
    """What refers to a record comes with it to where the other one stands, and into the sight of those who stand there: between owners,
    departments and territories that takes the right to give records away. Raises Forbidden, also where the writer does not see where they
    stand: it would tell him whether they stand together."""
    table, keys = kind.table, sorted(rights.places(kind))
    columns = [table.c[kind.fields[key].attribute] for key in keys]
    stands = {row[0]: tuple(row[1:]) for row in session.kernel(select(table.c.id, *columns).where(table.c.id.in_([into, *going])))}
    unseen = not set(keys) <= set(session.sight.filterable(kind.key))
    moving = [i for i in going if unseen or stands.get(i) != stands.get(into)]
    if rights.refused_moves(session, kind, (), moving):
        raise Forbidden(m("Records of different people, departments or territories are merged by who may give them away."))


def _going(kind: Entity, into: int, others: Sequence[int]) -> list[int]:
    if not kind.declared.mergeable:
        raise BadRequest(m("%(entity)s cannot be merged.", entity=kind.plural))
    going = [i for i in dict.fromkeys(others) if i != into]
    check_number(1 + len(going))
    return going


def check_number(count: int) -> None:
    """Raises BadRequest when so many records are not merged at once."""
    if count < 2:
        raise BadRequest(m("At least two records are needed to merge."))
    if count > MOST:
        raise BadRequest(m("At most %(limit)s records are merged at once.", limit=MOST))


def _versions_after(session: DataSession, kind: Entity, going: Sequence[int], seen: Mapping[int, int]) -> dict[int, int]:
    """The versions to remove the others by: those seen, raised by what moving references has itself written to them."""
    own = journal.JournalRow.__table__
    raised: dict[int, int] = {}
    written = select(own.c.record_id).where(own.c.batch == session.batch, own.c.entity == kind.key, own.c.record_id.in_(going), own.c.version.is_not(None))
    for number in session.kernel(written).scalars():
        raised[number] = raised.get(number, 0) + 1
    return {i: seen[i] + raised.get(i, 0) for i in going if i in seen}


# --- references ------------------------------------------------------------------------------------------------------


def _prepare(session: DataSession, kind: Entity, into: int, going: Sequence[int]) -> None:
    session.merging = True
    try:
        for function in _before.get(kind.key, ()):
            function(session, kind, into, going)
    finally:
        session.merging = False


def _move(session: DataSession, kind: Entity, into: int, going: Sequence[int]) -> None:
    """Every reference to one of `going` leads to `into`."""
    for other in session.catalog.entities.values():
        changes: dict[int, dict[str, Any]] = {}
        for key, spec in pointing(other, kind):
            query, target = links.references(other, spec)
            # Locked as they are found: what somebody else leads elsewhere at this moment stays there.
            for row_id, target_id, _ in session.kernel(query.where(target.in_(going)).with_for_update(of=other.table)):
                if spec.several:
                    _gather(changes.setdefault(row_id, {}), key, target_id, into, itself=other.key == kind.key and row_id == into)
                elif not (other.key == kind.key and row_id in (into, *going)):
                    changes.setdefault(row_id, {})[key] = into
        records.lead_elsewhere(session, other.key, changes)


def pointing(other: Entity, kind: Entity) -> list[tuple[str, Field]]:
    """The fields of `other` that refer to records of `kind`."""
    return [(key, spec) for key, spec in other.fields.items() if spec.target == kind.key and not spec.system]


def _gather(row: dict[str, Any], key: str, target_id: int, into: int, *, itself: bool) -> None:
    known: SetChange = row.get(key) or SetChange()
    row[key] = SetChange(added=frozenset() if itself else frozenset({into}), taken=known.taken | {target_id})


def _stepped_above(session: DataSession, kind: Entity, into: int, going: Sequence[int], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where the record stands, or by `values` would stand, below one of the others, however deep, it takes the place above them: it would
    else come to stand below itself. Gives the values with that place."""
    table, group = kind.table, {into, *going}
    for key, spec in pointing(kind, kind):
        if spec.several:
            continue
        column = table.c[spec.attribute]
        above = values[key] if key in values else session.kernel(select(column).where(table.c.id == into)).scalar()
        place, met, passed = above, False, set[int]()
        while above is not None and above not in passed:
            passed.add(above)
            following = session.kernel(select(column).where(table.c.id == above)).scalar()
            if above in group:
                place, met = following, True
            above = following
        if met:
            place = None if place in group else place
            records.lead_elsewhere(session, kind.key, {into: {key: place}})
            values = {**values, key: place} if key in values else values
    return values


# --- afterwards ------------------------------------------------------------------------------------------------------


def merged_into(session: DataSession, entity: str, record_id: int) -> int | None:
    """The record into which one was merged, through later merges too, as far as this reader may know of both."""
    removed = session.table(entity, deleted=True)
    if session.execute(select(removed.id).where(removed.visible, removed.id == record_id)).first() is None:
        return None
    place, passed = record_id, {record_id}
    while True:
        row = session.kernel(select(MERGED.c.into_id, MERGED.c.batch).where(MERGED.c.entity == entity, MERGED.c.record_id == place)).first()
        if row is None or row.into_id in passed or journal.last_batch(session, entity, place) != row.batch:
            break  # one that was restored and removed again since is what it is
        place = row.into_id
        passed.add(place)
    live = session.table(entity)
    known = session.execute(select(live.id).where(live.visible, live.id == place)).first()
    return None if known is None or place == record_id else place
