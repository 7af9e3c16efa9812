"""Who is in a dynamic segment, counted by a job over all records in the system's name; and the members of a snapshot, copied as they stood.

Members come and go by a few statements over whole sets, past the verbs of `records` and the journal: the rows with their moments are the
history themselves. What a row tells only those learn who see every field in the condition wholly (`resting`), so the count needs nobody's rights.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, insert, not_, or_, select, update

from crm.backoffice.conditions.tree import Latest, Leaf, Node, walk
from crm.backoffice.conditions.compiler import ME
from crm.backoffice.daily import daily
from crm.backoffice.fields.condition import node_of
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.jobs import Work, enqueue, job
from crm.backoffice.parts import in_parts
from crm.backoffice.saving import numbers
from crm.contacts.segments.models import ACCOUNT, CONDITION, CONTACT, DYNAMIC, FROZEN, SNAPSHOT, Segment, SegmentMember
from crm.errors import BramaError

JOB, ONE, FREEZE = "count_segments", "count_segment", "freeze_segment"
SEGMENT, MEMBER = Segment.__table__, SegmentMember.__table__
ROWS = 5000  # written by one statement


def ask(session: DataSession, segment_id: int) -> int:
    """Ask for one segment to be counted; the job's number."""
    return enqueue(session, ONE, {"segment": segment_id})


@job(ONE)
def count_one(work: Work) -> Mapping[str, Any]:
    """Count one segment; nothing where it is gone or is not dynamic any more."""
    return {"counted": int(_counted(work, int(work.args["segment"])))}


@job(JOB)
def count_all(work: Work) -> Mapping[str, Any]:
    """Count every dynamic segment, each in a transaction of its own."""
    with system_session(work.engine, "counting segments", work.catalog, source="job") as session:
        query = select(SEGMENT.c.id).where(SEGMENT.c.kind == DYNAMIC, SEGMENT.c.deleted_at.is_(None)).order_by(SEGMENT.c.id)
        ids = list(session.kernel(query).scalars())
    done = 0
    for place, number in enumerate(ids):
        done += _counted(work, number)
        work.progress(place + 1, len(ids))
    return {"counted": done, "left": len(ids) - done}


daily(JOB)


def _counted(work: Work, segment_id: int) -> bool:
    with system_session(work.engine, "counting segments", work.catalog, write=True, source="job") as session:
        done = count(session, segment_id)
        session.commit()
    return done


def count(session: DataSession, segment_id: int) -> bool:
    """Bring a dynamic segment's members up to date with its condition; whether it was counted. One whose condition names what is gone keeps its
    members. For a session of the system; the caller commits."""
    numbers.alone(session, session.catalog.entity("segment_member"))
    query = select(SEGMENT.c.of, SEGMENT.c.condition).where(SEGMENT.c.id == segment_id, SEGMENT.c.kind == DYNAMIC, SEGMENT.c.deleted_at.is_(None))
    found = session.kernel(query.with_for_update()).first()
    if found is None or found.condition is None:
        return False
    try:
        fitting = _fitting(session, found.of, node_of(found.condition, session.catalog.saved))
    except BramaError:
        return False
    now = datetime.now(UTC)
    column = MEMBER.c[f"{found.of}_id"]
    present = and_(MEMBER.c.current_id == segment_id, MEMBER.c.deleted_at.is_(None))
    gone = update(MEMBER).where(present, or_(column.is_(None), column.not_in(fitting)))
    session.kernel(gone.values(**_left(session, now, CONDITION)))
    chosen = fitting.subquery()
    known = exists(select(1).where(present, column == chosen.c.id).correlate(chosen))
    _insert(session, found.of, segment_id, CONDITION, now, select(chosen.c.id).where(not_(known)))
    measure(session, [segment_id], now)
    return True


def _fitting(session: DataSession, of: str, node: Node) -> Select[Any]:
    source = session.table(of)
    return select(source.table.c.id).where(source.visible, source.where(node))


def ask_to_freeze(session: DataSession, segment_id: int) -> int:
    """Ask for a new snapshot to be filled; the job's number."""
    return enqueue(session, FREEZE, {"segment": segment_id})


@job(FREEZE)
def fill_snapshot(work: Work) -> Mapping[str, Any]:
    """Fill a new snapshot; nothing where it is gone, or filled already."""
    with system_session(work.engine, "filling a snapshot", work.catalog, write=True, source="job") as session:
        done = freeze(session, int(work.args["segment"]))
        session.commit()
    return {"filled": int(done)}


def freeze(session: DataSession, segment_id: int) -> bool:
    """A snapshot holds whoever was in the other segment when it was made, whenever it is filled: memberships keep their moments. Whom its readers do
    not see is in it too. For a session of the system; the caller commits."""
    numbers.alone(session, session.catalog.entity("segment_member"))
    query = select(SEGMENT.c.of, SEGMENT.c.frozen_from_id, SEGMENT.c.created_at, SEGMENT.c.counted_at)
    found = session.kernel(query.where(SEGMENT.c.id == segment_id, SEGMENT.c.kind == FROZEN).with_for_update()).first()
    if found is None or found.counted_at is not None:
        return False
    column, others, at = MEMBER.c[f"{found.of}_id"], session.catalog.entity(found.of).table, found.created_at
    lasted = and_(MEMBER.c.since <= at, or_(MEMBER.c.until.is_(None), MEMBER.c.until > at))
    alive = (MEMBER.c.deleted_at.is_(None), others.c.deleted_at.is_(None))
    there = select(column).join(others, others.c.id == column).where(MEMBER.c.segment_id == found.frozen_from_id, lasted, *alive)
    _insert(session, found.of, segment_id, SNAPSHOT, at, there.distinct())
    measure(session, [segment_id], datetime.now(UTC))
    return True


def _insert(session: DataSession, of: str, segment_id: int, how: str, now: datetime, chosen: Select[Any]) -> None:
    who, kind = session.actor_id, session.catalog.entity("segment_member")
    values = {
        "segment_id": segment_id, "current_id": segment_id, "row_version": 1, "since": now, "created_at": now, "updated_at": now, "created_by_id": who,
        "updated_by_id": who, **kind.fields["how"].stored(how),
    }
    ones = session.kernel(chosen).scalars().all()
    ids = numbers.mixed_ids(session, kind, [(segment_id, *(one if key == of else None for key in (ACCOUNT, CONTACT))) for one in ones])
    for part in in_parts(sorted(zip(ids, ones, strict=True)), ROWS):
        session.kernel(insert(MEMBER), [{"id": number, f"{of}_id": one, **values} for number, one in part])


def _left(session: DataSession, now: datetime, why: str) -> dict[str, Any]:
    spec = session.catalog.entity("segment_member").fields["why_left"]
    return {"current_id": None, "until": now, "updated_at": now, "row_version": MEMBER.c.row_version + 1, **spec.stored(why)}


def measure(session: DataSession, ids: list[int], now: datetime) -> None:
    """Keep how many are in each segment now."""
    inside = select(func.count()).where(MEMBER.c.current_id == SEGMENT.c.id, MEMBER.c.deleted_at.is_(None)).correlate(SEGMENT).scalar_subquery()
    session.kernel(update(SEGMENT).where(SEGMENT.c.id.in_(ids)).values(size=inside, counted_at=now))


def asks_for_me(node: Node) -> bool:
    """Whether a condition depends on who asks."""
    return any(isinstance(part, Leaf | Latest) and ME in (part.value if isinstance(part.value, list) else [part.value]) for part in walk(node))

