"""The search for duplicates among the records that are there, in parts with pauses between them: first the keys of records that came past the
door, or by older rules, are mended; then records that share a key are compared. Interrupted, it goes on where it stood."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, case, delete, false, func, insert, null, select, tuple_, update

from crm.backoffice.catalog import Catalog
from crm.backoffice.daily import daily
from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.jobs import TABLE as JOBS, UNDER_WAY, Work, enqueue, job
from crm.backoffice.likeness import comparing
from crm.backoffice.likeness.candidates import Blocks, blocks, candidates
from crm.backoffice.likeness.evidence import EVIDENCE, SEARCHES
from crm.backoffice.likeness.index import KEYS, keys_of
from crm.backoffice.parts import PART, in_parts
from crm.errors import NotFound

JOB = "duplicates"
PAUSE = 0.05  # seconds between two parts, in which others write
Progress = Callable[[int, int], None]
Place = tuple[int, int, str]  # a row of evidence: the two records and the field
Rows = dict[int, tuple[int, dict[str, Any]]]  # record → its version and the values it is compared by


@dataclass(frozen=True)
class Searched:
    """What a search has done: records looked at, records whose keys were mended, pairs that may be the same."""

    records: int
    mended: int
    pairs: int


def compared(catalog: Catalog) -> list[Entity]:
    """The entities among whose records duplicates are looked for."""
    return [kind for kind in catalog.entities.values() if kind.declared.alike]


@job(JOB)
def run(work: Work) -> Mapping[str, Any]:
    wanted = work.args.get("entity")
    kinds = [kind for kind in compared(work.catalog) if wanted in (None, kind.key)]
    done = {kind.key: search(work.engine, work.catalog, kind.key, work.progress) for kind in kinds}
    return {key: {"records": one.records, "mended": one.mended, "pairs": one.pairs} for key, one in done.items()}


daily(JOB)


def ask(session: DataSession, entity: str) -> bool:
    """Have the worker search; False when it is searching already."""
    if under_way(session, entity):
        return False
    enqueue(session, JOB, {"entity": entity})
    return True


def under_way(session: DataSession, entity: str) -> bool:
    """Whether a search among the records of the entity waits or goes on."""
    rows = session.kernel(select(JOBS.c.args).where(JOBS.c.kind == JOB, UNDER_WAY).limit(50)).scalars()
    return any(args.get("entity") in (None, entity) for args in rows)


def last_finished(session: DataSession, entity: str) -> datetime | None:
    """When the last whole search ended."""
    return session.kernel(select(SEARCHES.c.finished_at).where(SEARCHES.c.entity == entity)).scalar()


def search(engine: Engine, catalog: Catalog, entity: str, progress: Progress = lambda done, total: None, *, pause: float = PAUSE) -> Searched:
    """Bring the evidence up to date. Raises NotFound where likeness means nothing."""
    kind = catalog.entity(entity)
    if not kind.declared.alike:
        raise NotFound()
    table = kind.table
    step, place = _begin(engine, kind)
    with engine.connect() as connection:
        total = connection.execute(select(func.count()).select_from(table)).scalar_one()
    found: Blocks | None = None
    done = 0
    while step:
        with engine.connect() as connection:
            ids = connection.execute(select(table.c.id).where(table.c.id > place).order_by(table.c.id).limit(PART)).scalars().all()
            if ids and step == "compare" and found is None:
                found = blocks(connection, kind)
        if not ids:
            step, place = ("compare", 0) if step == "keys" else ("", 0)
            _note(engine, kind, step or "done", place)
            continue
        if found is None:
            _mend(engine, kind, ids)
        else:
            _compare(engine, found, ids)
        place, done = ids[-1], done + len(ids)
        progress(min(done, 2 * total), 2 * total)
        time.sleep(pause)
    with engine.connect() as connection:
        pairs = select(EVIDENCE.c.one_id, EVIDENCE.c.other_id).where(EVIDENCE.c.entity == kind.key).distinct().subquery()
        number = connection.execute(select(func.count()).select_from(pairs)).scalar_one()
        mended = connection.execute(select(SEARCHES.c.mended).where(SEARCHES.c.entity == kind.key)).scalar_one()
    return Searched(total, mended, number)


# --- the place -------------------------------------------------------------------------------------------------------


def _begin(engine: Engine, kind: Entity) -> tuple[str, int]:
    """Where to go on: where an interrupted search stood, else at the beginning."""
    with engine.execution_options(writer=True).begin() as connection:
        row = connection.execute(select(SEARCHES).where(SEARCHES.c.entity == kind.key)).first()
        if row is None:
            connection.execute(insert(SEARCHES).values(entity=kind.key, step="keys", place=0, mended=0))
        elif row.step == "done":
            connection.execute(update(SEARCHES).where(SEARCHES.c.entity == kind.key).values(step="keys", place=0, mended=0))
        else:
            return row.step, row.place
    return "keys", 0


def _note(engine: Engine, kind: Entity, step: str, place: int) -> None:
    finished = {"finished_at": datetime.now(UTC)} if step == "done" else {}
    with engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(SEARCHES).where(SEARCHES.c.entity == kind.key).values(step=step, place=place, **finished))


def _at(connection: Connection, kind: Entity, place: int) -> None:
    """Keep the place; whoever else searches among the same records waits here until this part is written."""
    connection.execute(update(SEARCHES).where(SEARCHES.c.entity == kind.key).values(place=place))


# --- keys ------------------------------------------------------------------------------------------------------------


def _mend(engine: Engine, kind: Entity, ids: Sequence[int]) -> None:
    with engine.connect() as connection:
        wrong = _outdated(kind, _rows(connection, kind, ids), _stored(connection, kind, ids))
    with engine.execution_options(writer=True).begin() as connection:
        _at(connection, kind, ids[-1])
        if wrong:
            # Once more, locked: what somebody has saved meanwhile brought its own keys.
            wrong = _outdated(kind, _rows(connection, kind, wrong, lock=True), _stored(connection, kind, list(wrong)))
            if wrong:
                connection.execute(delete(KEYS).where(KEYS.c.entity == kind.key, KEYS.c.record_id.in_(list(wrong))))
            added = [{"entity": kind.key, "record_id": n, "field": field, "key": key} for n, keys in wrong.items() for field, key in sorted(keys)]
            if added:
                connection.execute(insert(KEYS), added)
            connection.execute(update(SEARCHES).where(SEARCHES.c.entity == kind.key).values(mended=SEARCHES.c.mended + len(wrong)))


def _outdated(kind: Entity, rows: Rows, stored: Mapping[int, set[tuple[str, str]]]) -> dict[int, set[tuple[str, str]]]:
    right = {n: {(f, key) for f in kind.declared.alike for key in keys_of(kind.fields[f], values[f])} for n, (_, values) in rows.items()}
    return {n: keys for n, keys in right.items() if keys != stored.get(n, set())}


def _stored(connection: Connection, kind: Entity, ids: Sequence[int]) -> dict[int, set[tuple[str, str]]]:
    found: dict[int, set[tuple[str, str]]] = {}
    query = select(KEYS.c.record_id, KEYS.c.field, KEYS.c.key).where(KEYS.c.entity == kind.key, KEYS.c.record_id.in_(ids))
    for row in connection.execute(query):
        found.setdefault(row.record_id, set()).add((row.field, row.key))
    return found


def _rows(connection: Connection, kind: Entity, ids: Iterable[int], *, lock: bool = False, living: bool = False) -> Rows:
    table = kind.table
    columns = [table.c[kind.fields[name].attribute] for name in kind.declared.alike]
    # Of a person who was erased nothing is found any more.
    erased = table.c.erased_at.is_not(None) if "erased_at" in table.c else false()
    query = select(table.c.id, table.c.row_version, *(case((erased, null()), else_=c) for c in columns)).where(table.c.id.in_(list(ids))).order_by(table.c.id)
    if living:
        query = query.where(table.c.deleted_at.is_(None))
    if lock:
        query = query.with_for_update()
    return {row[0]: (row[1], dict(zip(kind.declared.alike, row[2:], strict=True))) for row in connection.execute(query)}


# --- pairs -----------------------------------------------------------------------------------------------------------


def _compare(engine: Engine, found: Blocks, ids: Sequence[int]) -> None:
    kind, rows = found.kind, Rows()
    with engine.connect() as connection:
        chosen = candidates(connection, found, ids)
        wanted = sorted({*chosen, *(n for several in chosen.values() for n in several)})
        for part in in_parts(wanted):
            rows |= _rows(connection, kind, part, living=True)
    told = {n: comparing.told(kind, values) for n, (_, values) in rows.items()}
    pairs = {
        (one, other): same for other, several in chosen.items() if other in told
        for one in several if one in told and (same := comparing.alike(kind, told[one], told[other])) and found.telling(told[other], same)
    }
    with engine.execution_options(writer=True).begin() as connection:
        _at(connection, kind, ids[-1])
        involved = {n for pair in (*pairs, *((one, other) for one, other, _ in _known(connection, kind, ids))) for n in pair}
        still = _unchanged(connection, kind, rows, involved)
        _replace(connection, kind, _known(connection, kind, ids), {
            (one, other, field): much for (one, other), same in pairs.items() if one in still and other in still for field, much in same.items()
        })


def _unchanged(connection: Connection, kind: Entity, rows: Rows, numbers: set[int]) -> set[int]:
    """Those that are as they were compared; they stay so until this part is written."""
    table, wanted, still = kind.table, sorted(numbers), set[int]()
    for part in in_parts(wanted):
        query = select(table.c.id, table.c.row_version).where(table.c.id.in_(part)).order_by(table.c.id).with_for_update()
        still |= {row.id for row in connection.execute(query) if row.id in rows and row.row_version == rows[row.id][0]}
    return still


def _known(connection: Connection, kind: Entity, ids: Sequence[int]) -> dict[Place, float]:
    """What is kept of `ids` and records before them. What is removed may be restored and what was merged parted again: of those it stays."""
    living = kind.table
    gone = select(living.c.id).where(living.c.deleted_at.is_not(None))
    rows = connection.execute(select(EVIDENCE).where(
        EVIDENCE.c.entity == kind.key, EVIDENCE.c.other_id.in_(ids), EVIDENCE.c.one_id.not_in(gone), EVIDENCE.c.other_id.not_in(gone)
    ))
    return {(row.one_id, row.other_id, row.field): row.much for row in rows}


def _replace(connection: Connection, kind: Entity, known: Mapping[Place, float], now: Mapping[Place, float]) -> None:
    over = [place for place, much in known.items() if now.get(place) != much]
    place = tuple_(EVIDENCE.c.one_id, EVIDENCE.c.other_id, EVIDENCE.c.field)
    for part in in_parts(over):
        connection.execute(delete(EVIDENCE).where(EVIDENCE.c.entity == kind.key, place.in_(part)))
    added = [
        {"entity": kind.key, "one_id": one, "other_id": other, "field": field, "much": much}
        for (one, other, field), much in now.items() if known.get((one, other, field)) != much
    ]
    if added:
        connection.execute(insert(EVIDENCE), added)
