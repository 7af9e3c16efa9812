"""Duplicates as one reader may know them, and what people decide about them.

A pair shows when the reader sees both records and a field in which they are alike on both; groups are made of such pairs alone, so that
nothing is told of a record between two others that he does not see.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, and_, delete, exists, insert, not_, or_, select, union

from crm.backoffice import journal
from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.likeness.evidence import DECIDED, EVIDENCE
from crm.backoffice.merging import MOST, lock
from crm.backoffice.saving import rights
from crm.errors import BadRequest
from crm.messages import m

LOOKED_AT = 5_000  # rows of evidence, the strongest, of which groups are made; the rest follows when these are decided
OF_ONE = 60

Pair = tuple[int, int]


@dataclass(frozen=True)
class Group:
    """Records that may be the same, by number; `score` from 0 to 1 of its likeliest pair; `fields` in which some of them are alike. Of a
    decided one who decided last and when."""

    ids: tuple[int, ...]
    score: float
    fields: tuple[str, ...]
    by: int | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Found:
    """The groups of a reader, the likeliest first; `all` unless there is more than is looked at."""

    groups: list[Group]
    all: bool


def groups(session: DataSession, kind: Entity, *, decided: bool = False) -> Found:
    """Records that may be the same, in groups of ten at most; or those of which somebody has said that they are not."""
    query = _pairs(session, kind, decided=decided)
    rows = [] if query is None else session.kernel(query.order_by(EVIDENCE.c.much.desc(), *_PAIR, EVIDENCE.c.field).limit(LOOKED_AT + 1)).all()
    return Found(_grouped(kind, rows[:LOOKED_AT]), len(rows) <= LOOKED_AT)


def like(session: DataSession, kind: Entity, record_id: int) -> list[tuple[int, tuple[str, ...]]]:
    """The records that may be the same as one, with the fields in which they are alike; the likeliest first."""
    query = _pairs(session, kind)
    if query is None:
        return []
    query = query.where(or_(EVIDENCE.c.one_id == record_id, EVIDENCE.c.other_id == record_id))
    found: dict[int, list[str]] = defaultdict(list)
    worth: dict[int, float] = defaultdict(float)
    for row in session.kernel(query.order_by(EVIDENCE.c.much.desc(), *_PAIR, EVIDENCE.c.field).limit(OF_ONE)):
        other = row.other_id if row.one_id == record_id else row.one_id
        found[other].append(row.field)
        worth[other] += row.much
    return [(n, tuple(f for f in kind.declared.alike if f in found[n])) for n in sorted(found, key=lambda n: (-worth[n], n))]


def involved(session: DataSession, kind: Entity, most: int) -> list[int] | None:
    """Every record that may be the same as another, of the pairs that this reader may know of; None for more than `most`."""
    query = _pairs(session, kind)
    if query is None:
        return []
    pairs = query.subquery()
    either = union(select(pairs.c.one_id), select(pairs.c.other_id)).subquery()
    numbers = session.kernel(select(either.c.one_id).order_by(either.c.one_id).limit(most + 1)).scalars().all()
    return list(numbers) if len(numbers) <= most else None


_PAIR = (EVIDENCE.c.one_id, EVIDENCE.c.other_id)


def _pairs(session: DataSession, kind: Entity, *, decided: bool = False) -> Select[Any] | None:
    """The evidence that this reader may know of; None when he sees none of the fields."""
    usable = set(session.sight.filterable(kind.key))
    one, other = session.table(kind.key), session.table(kind.key)
    shown = [and_(EVIDENCE.c.field == name, one.shows(name), other.shows(name)) for name in kind.declared.alike if name in usable]
    if not shown:
        return None
    same = and_(DECIDED.c.entity == EVIDENCE.c.entity, DECIDED.c.one_id == EVIDENCE.c.one_id, DECIDED.c.other_id == EVIDENCE.c.other_id)
    joined = EVIDENCE.join(one.table, one.table.c.id == EVIDENCE.c.one_id).join(other.table, other.table.c.id == EVIDENCE.c.other_id)
    columns = [*_PAIR, EVIDENCE.c.field, EVIDENCE.c.much]
    if decided:
        query = select(*columns, DECIDED.c.by_id, DECIDED.c.at).select_from(joined.join(DECIDED, same))
    else:
        query = select(*columns).select_from(joined).where(not_(exists().where(same)))
    return query.where(EVIDENCE.c.entity == kind.key, one.visible, other.visible, or_(*shown))


def _grouped(kind: Entity, rows: Sequence[Any]) -> list[Group]:
    """Groups of at most as many as are merged at once: the likeliest pairs come together first."""
    pairs: dict[Pair, dict[str, Any]] = defaultdict(dict)
    for row in rows:
        pairs[row.one_id, row.other_id][row.field] = row
    scores = {pair: _score(row.much for row in why.values()) for pair, why in pairs.items()}
    member: dict[int, list[int]] = {}
    for one, other in sorted(pairs, key=lambda pair: (-scores[pair], pair)):
        here, there = member.setdefault(one, [one]), member.setdefault(other, [other])
        if here is not there and len(here) + len(there) <= MOST:
            here += there
            member |= dict.fromkeys(there, here)
    inside: dict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if member[pair[0]] is member[pair[1]]:
            inside[id(member[pair[0]])].append(pair)
    made = [_group(kind, several, pairs, scores) for several in inside.values()]
    return sorted(made, key=lambda group: (-group.score, group.ids))


def _group(kind: Entity, several: Sequence[Pair], pairs: Mapping[Pair, Mapping[str, Any]], scores: Mapping[Pair, float]) -> Group:
    fields = {field for pair in several for field in pairs[pair]}
    decisions = [(row.at, row.by_id) for pair in several for row in pairs[pair].values() if hasattr(row, "at")]
    at, by = max(decisions, key=lambda one: one[0]) if decisions else (None, None)
    ids = tuple(sorted({n for pair in several for n in pair}))
    return Group(ids, max(scores[pair] for pair in several), tuple(f for f in kind.declared.alike if f in fields), by, at)


def _score(worths: Iterable[float]) -> float:
    """Several reasons together: each takes its part of the doubt that the others left."""
    doubt = 1.0
    for worth in worths:
        doubt *= 1 - worth
    return round(1 - doubt, 4)


# --- decisions -------------------------------------------------------------------------------------------------------


def part(session: DataSession, kind: Entity, ids: Iterable[int]) -> None:
    """Somebody says that these records are not the same: for everybody, until it is taken back. Raises BadRequest for fewer than two or too
    many, NotFound, Forbidden without the right to change each of them."""
    pairs = _decidable(session, kind, ids)
    known = {(row.one_id, row.other_id) for row in session.kernel(select(DECIDED.c.one_id, DECIDED.c.other_id).where(_among(kind, pairs)))}
    now = datetime.now(UTC)
    added = [{"entity": kind.key, "one_id": a, "other_id": b, "by_id": session.actor_id, "at": now} for a, b in pairs if (a, b) not in known]
    if added:
        session.kernel(insert(DECIDED), added)
        journal.event(session, "not_duplicates", kind.key, pairs[0][0], {"records": [None, sorted({n for pair in pairs for n in pair})]})


def doubt_again(session: DataSession, kind: Entity, ids: Iterable[int]) -> None:
    """Take back that these records are not the same. Raises as `part`."""
    pairs = _decidable(session, kind, ids)
    if session.kernel(select(DECIDED.c.one_id).where(_among(kind, pairs)).limit(1)).first() is None:
        return
    session.kernel(delete(DECIDED).where(_among(kind, pairs)))
    journal.event(session, "maybe_duplicates", kind.key, pairs[0][0], {"records": [None, sorted({n for pair in pairs for n in pair})]})


def _decidable(session: DataSession, kind: Entity, ids: Iterable[int]) -> list[Pair]:
    numbers = sorted(set(ids))
    if not 2 <= len(numbers) <= MOST:
        raise BadRequest(m("Choose between two and %(limit)s records.", limit=MOST))
    rights.check_existing(session, kind, numbers, "update")
    lock(session, kind, numbers)
    return [(a, b) for n, a in enumerate(numbers) for b in numbers[n + 1 :]]


def _among(kind: Entity, pairs: Sequence[Pair]) -> Any:
    numbers = sorted({n for pair in pairs for n in pair})
    return and_(DECIDED.c.entity == kind.key, DECIDED.c.one_id.in_(numbers), DECIDED.c.other_id.in_(numbers))
