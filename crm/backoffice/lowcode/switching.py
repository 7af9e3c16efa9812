"""The job of a waiting conversion: copy its values in parts, then put its file in force in one short transaction."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, and_, func, select, update
from sqlalchemy.exc import IntegrityError

from crm.backoffice import versions
from crm.backoffice.catalog import Catalog, load_catalog, read_catalog
from crm.backoffice.custom import schema
from crm.backoffice.custom.fields import Kept, field_of
from crm.backoffice.custom.models import FIELDS
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import SystemSession, system_session
from crm.backoffice.jobs import TABLE as JOBS, Work, asked_lately, enqueue, job
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.converting import Conversion, Where, after, filler
from crm.backoffice.lowcode.copying import JOB, TABLE, UNDER_WAY, changed_since
from crm.backoffice.lowcode.document import Document, from_raw
from crm.backoffice.lowcode.made_apply import Prepared
from crm.backoffice.lowcode.made_whole import stored_alike
from crm.backoffice.lowcode.reconciling import brought_over, since
from crm.backoffice.outside import read_yaml
from crm.backoffice.pace import Pace
from crm.backoffice.turning import UNDECIDED
from crm.errors import BadRequest, BramaError, Invalid
from crm.messages import freeze, m

REASON = "a field becomes one of another type"
PART = 500
FEW = 2_000  # rows that are copied again while the table is locked
ROUNDS = 5
AGAIN = timedelta(minutes=1)
State = Mapping[Any, Any]
Progress = Callable[[int, int], None]


class Over(Exception):
    """It has been stopped, or was done before."""


@dataclass(frozen=True)
class Standing:
    """A conversion under way, by the configuration in force."""

    state: State
    document: Document
    several: tuple[Conversion, ...]


@job(JOB)
def run(work: Work) -> Mapping[str, Any]:
    return carry_on(work.engine, int(work.args["conversion"]), work.progress)


def ask(engine: Engine, catalog: Catalog) -> bool:
    """Have conversions taken up again that nobody works at: whoever did has died too often, or a backup brought them back."""
    with engine.connect() as connection:
        open_ = connection.scalars(select(TABLE.c.id).where(UNDER_WAY)).all()
    if not open_:
        return False
    with system_session(engine, REASON, catalog, write=True, source="job") as session:
        if session.kernel(select(JOBS.c.id).where(asked_lately(JOB, AGAIN)).limit(1)).first() is not None:
            return False
        for number in open_:
            enqueue(session, JOB, {"conversion": number})
        session.commit()
    return True


def carry_on(engine: Engine, number: int, progress: Progress = lambda done, total: None) -> Mapping[str, Any]:
    """Do what is left of a conversion; the version that it made, None when it is over otherwise. Raises BramaError when it cannot be done."""
    try:
        for _ in range(ROUNDS):
            _copy(engine, number, progress)
            _index(engine, number)
            if _again(engine, number) <= FEW:
                break
        return {"version": _switch(engine, number)}
    except Over:
        return {"version": None}
    except schema.Busy:
        raise  # tried again by `ask`
    except BramaError as fault:
        with _session(engine, load_catalog(engine)) as session:
            failed = {"state": "failed", "error": freeze(fault.message), "ended_at": datetime.now(UTC)}
            session.kernel(update(TABLE).where(TABLE.c.id == number, UNDER_WAY).values(failed))
            session.commit()
        raise


def _session(engine: Engine, catalog: Catalog, actor: int | None = None) -> SystemSession:
    return system_session(engine, REASON, catalog, write=True, source="job", actor_id=actor)


def _copy(engine: Engine, number: int, progress: Progress) -> None:
    pace, catalog, known = Pace(most=2000), load_catalog(engine), None
    while True:
        with pace.part(engine), _session(engine, catalog) as session:
            here = _standing(session, number, known)
            going_on = _part(session, here, pace.size)
            session.commit()
            catalog, known = session.catalog, here
        progress(here.state["seen"], here.state["total"])
        if not going_on:
            return


def _standing(session: SystemSession, number: int, known: Standing | None = None) -> Standing:
    """The conversion with its row locked. Raises Over, and BadRequest when it makes no sense any more."""
    state: State | None = session.kernel(select(TABLE).where(TABLE.c.id == number).with_for_update()).mappings().first()
    if state is None or state["state"] != "copying":
        raise Over
    newer = versions.in_force(session) != session.catalog.version
    if known is not None and not newer and state["base"] == known.state["base"]:
        return Standing(state, known.document, known.several)
    if newer:
        session.go_on_with(read_catalog(session.connection()))
    raw, _ = brought_over(session, read_yaml(state["said"]), state["asked"])
    document = from_raw(raw, session.catalog)
    several = tuple(_conversion(session, document, field) for field in state["fields"])
    if state["base"] != session.catalog.version:
        state = _from_the_start(session, state, several)
    return Standing(state, document, several)


def _from_the_start(session: SystemSession, state: State, several: Sequence[Conversion]) -> State:
    """What has come into force meanwhile may be about the very values: then they are copied anew."""
    lists = {spec.picklist for one in several for spec in (one.was, one.new) if spec.picklist}
    places = {("field", one.kind.key, one.new.key) for one in several} | {("entity", one.kind.key, None) for one in several}
    touched = {place for later in since(session, state["base"]) for place in later.touched}
    again = touched & places or any(kind in ("picklist", "option") and entity in lists for kind, entity, _ in touched)
    given: dict[str, Any] = {"base": session.catalog.version}
    if again:
        given |= {"at": 0, "position": 0, "seen": 0, "since": changed_since(session)}
    session.kernel(update(TABLE).where(TABLE.c.id == state["id"]).values(given))
    return {**state, **given}


def _conversion(session: SystemSession, document: Document, field: Mapping[str, Any]) -> Conversion:
    catalog, entity, key = session.catalog, field["entity"], field["key"]
    changed = BadRequest(m("“%(place)s” has changed meanwhile, so its type stays; make the change anew.", place=f"{entity}.{key}"))
    old, said = catalog.made.of(entity).get(key), next((one for one in document.fields if (one.entity, one.key) == (entity, key)), None)
    if old is None or old.number != field["old"] or said is None or entity not in catalog.entities or key not in catalog.entities[entity].fields:
        raise changed
    new, rest = _prepared(session, field["new"]), _prepared(session, field["rest"]) if field["rest"] else None
    if new is None or not stored_alike(new[0].said, said.said):
        raise changed
    kind = catalog.entity(entity)
    return Conversion(old, kind, kind.fields[key], new[1], rest[1] if rest else None, said.decided or UNDECIDED)


def _prepared(session: SystemSession, number: int) -> tuple[Kept, Field] | None:
    row = session.kernel(select(FIELDS).where(FIELDS.c.id == number, FIELDS.c.dropped_at.is_(None))).first()
    if row is None:
        return None
    kept = Kept(row.id, row.entity, row.key, row.said)
    return kept, field_of(kept, lambda entity, key: session.catalog.entity(entity).fields[key], lambda picklist, key: None, session.catalog.saved)


def _part(session: SystemSession, here: Standing, size: int) -> bool:
    """Copy the next rows; whether there may be more."""
    state = here.state
    if state["at"] >= len(here.several):
        return False
    one = here.several[state["at"]]
    total = state["total"] or sum(session.kernel(select(func.count()).select_from(each.kind.table)).scalar_one() for each in here.several)
    last, looked = filler(session, one)(after(state["position"]), size)
    moved = {"position": last, "seen": state["seen"] + looked} if last is not None else {"at": state["at"] + 1, "position": 0}
    session.kernel(update(TABLE).where(TABLE.c.id == state["id"]).values(**moved, total=total))
    return True


def _index(engine: Engine, number: int) -> None:
    """The indexes of the new columns, while everybody writes on; SQLite has one writer, which makes them with the switch."""
    if engine.dialect.name != "postgresql":
        return
    with _session(engine, load_catalog(engine)) as session:
        here = _standing(session, number)
        session.commit()
    for one in here.several:
        schema.index_aside(engine, one.kind.table.name, one.new)


def _again(engine: Engine, number: int) -> int:
    """Copy what was saved since the copying began, in parts; how many rows."""
    copied = 0
    with _session(engine, load_catalog(engine)) as session:
        here, upto = _standing(session, number), changed_since(session)
        session.commit()
        catalog = session.catalog
    for place, one in enumerate(here.several):
        position: int | None = 0
        while position is not None:
            with _session(engine, catalog) as session:
                here = _standing(session, number, here)
                catalog, one = session.catalog, here.several[place]
                position, looked = filler(session, one)(saved(here, position), PART)
                session.commit()
            copied += looked
            time.sleep(0.01)
    with _session(engine, catalog) as session:
        session.kernel(update(TABLE).where(TABLE.c.id == number, UNDER_WAY, TABLE.c.since < upto, TABLE.c.at >= len(here.several)).values(since=upto))
        session.commit()
    return copied


def saved(here: Standing, position: int) -> Where:
    """Rows behind a number that may have been saved since they were copied."""
    return lambda table: and_(table.c.id > position, table.c.updated_at >= here.state["since"])


def _switch(engine: Engine, number: int) -> int:
    """Put the file in force. Raises Over, Busy, BramaError."""
    catalog = load_catalog(engine)
    with engine.connect() as connection:
        actor = connection.scalar(select(TABLE.c.made_by_id).where(TABLE.c.id == number))
    with _session(engine, catalog, actor) as session:
        versions.one_at_a_time(session)
        here = _standing(session, number)
        if here.state["at"] < len(here.several):
            raise schema.Busy(m("The records are in use; try again in a moment."))  # something came into force meanwhile: it is copied anew

        def the_last() -> None:
            for one in here.several:
                filler(session, one)(saved(here, 0), 10**9)

        numbers = {(field["entity"], field["key"]): field["new"] for field in here.state["fields"]}
        numbers |= {(one.kind.key, one.rest.key): one.rest.number for one in here.several if one.rest is not None}
        try:
            applied = apply(session, here.document, prepared=Prepared(numbers, the_last))
        except IntegrityError:  # a field that is to be unique and is not
            raise Invalid({"unique": m("Several records hold the same value, so the field cannot be unique.")}) from None
        session.kernel(update(TABLE).where(TABLE.c.id == number).values(state="done", ended_at=datetime.now(UTC)))
        session.commit()
        return applied.version
