"""Computed fields kept for all records by formulas that have changed since: computed anew in the background, in short transactions.

The door keeps every saved record right; this brings the others to the formulas in force. Nobody has edited anything then: versions, moments of change
and the journal of records stay as they are, so nobody's open form is refused and no history is filled with rows that say nothing. One event in
the journal tells of the whole. How far it has come stands in the transaction of the rows: killed, it goes on from there.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine, func, select, update

from crm.backoffice import journal, versions
from crm.backoffice.catalog import Catalog, read_catalog
from crm.backoffice.computed_state import FRESH, TABLE, made_known
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.formula import sources
from crm.backoffice.guard import DataSession, SystemSession, system_session
from crm.backoffice.jobs import TABLE as JOBS, Work, asked_lately, enqueue, job
from crm.backoffice.pace import Pace
from crm.backoffice.saving import counters, rollups
from crm.backoffice.saving.quietly import put

JOB = "recompute"
AGAIN = timedelta(minutes=10)  # between two attempts
FEW = 1_000  # records that are computed anew while others wait
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Recomputed:
    """How many records were looked at, and how many held another value."""

    records: int
    changed: int


@dataclass(frozen=True)
class Step:
    """What one transaction did: the records it looked at, and of the whole how many have changed, are done and there are."""

    looked: int
    changed: int
    seen: int
    total: int


def formulas_of(kind: Entity) -> str:
    """A digest of the formulas of an entity and of what their results are rounded to, of its roll-ups and of what has numbers by a mask."""
    told: dict[str, Any] = {spec.key: [spec.formula, spec.type, str(getattr(spec, "scale", ""))] for spec in kind.computed}
    told |= {spec.key: [str(spec.rollup), spec.attribute] for spec in kind.added_up}
    told |= {spec.key: ["numbers", spec.attribute] for spec in kind.numbered}
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def lagging(session: DataSession) -> list[Entity]:
    """The entities of whose records stored values may be of other formulas than those in force."""
    kinds = [kind for kind in session.catalog.entities.values() if kind.worked_out]
    if not kinds:
        return []
    known = {row.entity: row.formulas for row in session.kernel(select(TABLE.c.entity, TABLE.c.formulas))}
    behind = [kind for kind in kinds if known.get(kind.key) != formulas_of(kind)]
    return [kind for kind in behind if session.kernel(select(kind.table.c.id).limit(1)).first() is not None]


def outdated(session: DataSession, entity: str, keys: Collection[str]) -> None:
    """Have computed what rests on fields of `entity` that were put quietly: formulas over them, and roll-ups. The worker asks for it within a minute."""
    behind = [
        kind.key for kind in session.catalog.entities.values()
        if (kind.key == entity and any(name in keys for spec in kind.computed for name in sources(spec.formula)))
        or any(spec.rollup is not None and spec.rollup.entity == entity and spec.rollup.field in keys for spec in kind.added_up)
    ]
    if behind:
        session.kernel(update(TABLE).where(TABLE.c.entity.in_(behind)).values(**FRESH))


def ask(engine: Engine, catalog: Catalog) -> bool:
    """Ask for what lags, unless that was asked for lately or is under way."""
    if not any(kind.worked_out for kind in catalog.entities.values()):
        return False
    with system_session(engine, "formulas that have changed", catalog, write=True, source="job") as session:
        if not lagging(session) or session.kernel(select(JOBS.c.id).where(asked_lately(JOB, AGAIN)).limit(1)).first() is not None:
            return False
        enqueue(session, JOB, {})
        session.commit()
    return True


@job(JOB)
def run(work: Work) -> Mapping[str, Any]:
    with system_session(work.engine, "formulas that have changed", work.catalog, source="job") as session:
        kinds = lagging(session)
    done = {kind.key: recompute(work.engine, work.catalog, kind.key, work.progress) for kind in kinds}
    return {key: {"records": one.records, "changed": one.changed} for key, one in done.items()}


def recompute(engine: Engine, catalog: Catalog, entity: str, progress: Progress = lambda done, total: None) -> Recomputed:
    """Bring the computed fields of all records of an entity, removed ones too, to the formulas in force; goes on where it was cut off. A
    configuration that comes into force meanwhile is followed."""
    pace, looked = Pace(most=4000), 0
    while True:
        with pace.part(engine), system_session(engine, "a formula has changed", catalog, write=True, source="job") as session:
            step = _part(session, entity, pace.size)
            session.commit()
            catalog = session.catalog
        looked += step.looked
        if step.looked == 0:
            return Recomputed(looked, step.changed)
        progress(step.seen, step.total)


def at_once(session: SystemSession, kind: Entity, columns: Iterable[str] = ()) -> None:
    """The same inside the caller's transaction where the records are few; of more a job is asked for, and until it has ended `columns` hold nothing
    right."""
    if len(session.kernel(select(kind.table.c.id).limit(FEW + 1)).all()) > FEW:
        waiting = sorted({*columns, *_locked(session, kind.key)["waiting"]})
        # What comes back may be of the same formulas, and has missed changes.
        session.kernel(update(TABLE).where(TABLE.c.entity == kind.key).values(**FRESH, waiting=waiting))
        if session.kernel(select(JOBS.c.id).where(JOBS.c.kind == JOB, JOBS.c.state == "queued").limit(1)).first() is None:
            enqueue(session, JOB, {})
        return
    while _part(session, kind.key, FEW + 1).looked:
        pass


def _locked(session: DataSession, entity: str) -> Mapping[Any, Any]:
    """How far the values of an entity have come; nobody else moves them on until the transaction ends."""
    session.kernel(made_known(session.get_bind().dialect.name, entity))
    return session.kernel(select(TABLE).where(TABLE.c.entity == entity).with_for_update()).mappings().one()


def _part(session: SystemSession, entity: str, size: int) -> Step:
    """The next rows; without any left the work is done."""
    state = _locked(session, entity)
    if versions.in_force(session) != session.catalog.version:
        session.go_on_with(read_catalog(session.connection()))
    kind = session.catalog.entities.get(entity)
    if kind is None:
        return Step(0, 0, 0, 0)
    aim, table, now = formulas_of(kind), kind.table, datetime.now(UTC)
    going_on = state["towards"] == aim
    position, changed, seen, total = (state[name] if going_on else 0 for name in ("position", "changed", "seen", "total"))
    if not going_on:
        total = session.kernel(select(func.count()).select_from(table)).scalar_one()
    read = _read(kind)
    query = select(table.c.id, table.c.created_at, *(table.c[spec.attribute] for spec in read)).where(table.c.id > position).order_by(table.c.id).limit(size)
    rows = session.kernel(query.with_for_update()).mappings().all()
    sums = {spec.key: rollups.added_up(session, session.catalog, kind, spec, [row["id"] for row in rows]) for spec in kind.added_up} if rows else {}
    sums |= counters.kept_numbers(session, kind, rows)
    anew = ((row["id"], _anew(kind, read, row, {key: found[row["id"]] for key, found in sums.items()})) for row in rows)
    fresh = {number: values for number, values in anew if values}
    put(session, table, fresh)
    changed, seen = changed + len(fresh), seen + len(rows)
    done: dict[str, Any] = {"towards": aim, "position": rows[-1]["id"], "changed": changed, "seen": seen, "total": max(total, seen)} if rows else {}
    if not rows:
        counters.end_keeping(session, kind)
        journal.event(session, "recomputed", kind.key, None, {"records": [None, changed]})
        done = {**FRESH, "formulas": aim, "waiting": []}
    session.kernel(update(TABLE).where(TABLE.c.entity == kind.key).values(**done, moved_at=now))
    return Step(len(rows), changed, seen, max(total, seen))


def _read(kind: Entity) -> tuple[Field, ...]:
    """The fields that formulas name, those they give, and what numbers are made of."""
    keys = {key for spec in kind.computed for key in (spec.key, *sources(spec.formula))} | {spec.key for spec in (*kind.added_up, *kind.numbered)}
    if any(counters.mask_of(spec).by_department for spec in kind.numbered):
        keys.add("department")
    return tuple(kind.fields[key] for key in kind.fields if key in keys)


def _anew(kind: Entity, read: tuple[Field, ...], row: Mapping[Any, Any], sums: Mapping[str, Any]) -> dict[str, Any]:
    """What the computed fields of a row shall hold, by attribute; nothing where they hold it already. What does not fit its field any more is empty:
    a save of the record says so."""
    values = {**{spec.key: row[spec.attribute] for spec in read}, **sums}
    for spec in kind.computed:
        values[spec.key] = rollups.worth(spec, values)
    kept = (*kind.added_up, *kind.numbered, *kind.computed)
    if all(values[spec.key] == row[spec.attribute] for spec in kept):
        return {}
    return {name: value for spec in kept for name, value in spec.stored(values[spec.key]).items()}
