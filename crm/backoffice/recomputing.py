"""Computed fields kept for all records by formulas that have changed since: computed anew in the background, in short transactions.

The door keeps every saved record right; this brings the others to the formulas in force. Nobody has edited anything then: versions, moments of change
and the journal of records stay as they are, so nobody's open form is refused and no history is filled with rows that say nothing. One event in
the journal tells of the whole. How far it has come stands in the transaction of the rows: killed, it goes on from there.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine, String, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice import journal
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Base, Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.formula import sources
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.jobs import TABLE as JOBS, Work, asked_lately, enqueue, job
from crm.backoffice.pace import Pace
from crm.backoffice.saving import counters, rollups
from crm.backoffice.saving.quietly import put
from crm.backoffice.types import UtcMoment

JOB = "recompute"
AGAIN = timedelta(minutes=10)  # between two attempts
FEW = 1_000  # records that are computed anew while others wait
Progress = Callable[[int, int], None]


class ComputedState(Base):
    """By which formulas the stored values of an entity were computed. `towards` are those of work under way, which has done the rows up to
    `position`."""

    __tablename__ = "computed_state"

    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    formulas: Mapped[str] = mapped_column(String(64), default="")
    towards: Mapped[str] = mapped_column(String(64), default="")
    position: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    moved_at: Mapped[datetime] = mapped_column(UtcMoment())


TABLE = ComputedState.__table__


@dataclass(frozen=True)
class Recomputed:
    """How many records were looked at, and how many held another value."""

    records: int
    changed: int


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
    """Bring the computed fields of all records of an entity, removed ones too, to the formulas in force; goes on where it was cut off."""
    kind, pace, seen = catalog.entity(entity), Pace(most=4000), 0
    with engine.connect() as connection:
        total = connection.scalar(select(func.count()).select_from(kind.table)) or 0
    while True:
        with pace.part(engine), system_session(engine, "a formula has changed", catalog, write=True, source="job") as session:
            looked, state = _part(session, kind, pace.size)
            session.commit()
        seen += looked
        if looked == 0:
            return Recomputed(seen, state)
        progress(seen, total)


def at_once(session: DataSession, kind: Entity) -> None:
    """The same inside the caller's transaction where the records are few; of more the job is asked for when it sees that they lag."""
    if len(session.kernel(select(kind.table.c.id).limit(FEW + 1)).all()) > FEW:
        session.kernel(delete(TABLE).where(TABLE.c.entity == kind.key))  # what comes back may be of the same formulas, and has missed changes
        return
    while _part(session, kind, FEW + 1)[0]:
        pass


def _part(session: DataSession, kind: Entity, size: int) -> tuple[int, int]:
    """The next rows, and how many have changed altogether; without any left the work is done."""
    aim, table, now = formulas_of(kind), kind.table, datetime.now(UTC)
    state = session.kernel(select(TABLE).where(TABLE.c.entity == kind.key).with_for_update()).mappings().first()
    position, changed = (state["position"], state["changed"]) if state is not None and state["towards"] == aim else (0, 0)
    read = _read(kind)
    query = select(table.c.id, table.c.created_at, *(table.c[spec.attribute] for spec in read)).where(table.c.id > position).order_by(table.c.id).limit(size)
    rows = session.kernel(query.with_for_update()).mappings().all()
    sums = {spec.key: rollups.added_up(session, kind, spec, [row["id"] for row in rows]) for spec in kind.added_up} if rows else {}
    sums |= counters.kept_numbers(session, kind, rows)
    anew = ((row["id"], _anew(kind, read, row, {key: found[row["id"]] for key, found in sums.items()})) for row in rows)
    fresh = {number: values for number, values in anew if values}
    put(session, table, fresh)
    changed += len(fresh)
    done: dict[str, Any] = {"towards": aim, "position": rows[-1]["id"], "changed": changed} if rows else {"formulas": aim, "towards": "", "position": 0}
    if not rows:
        counters.end_keeping(session, kind)
        journal.event(session, "recomputed", kind.key, None, {"records": [None, changed]})
    kept = {"formulas": state["formulas"] if state is not None else "", "changed": 0, **done}
    session.kernel(delete(TABLE).where(TABLE.c.entity == kind.key))
    session.kernel(insert(TABLE).values(entity=kind.key, moved_at=now, **kept))
    return len(rows), changed


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
