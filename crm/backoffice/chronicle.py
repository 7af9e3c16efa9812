"""The journal of the whole company as one reader may see it: by who, when, which records, which field, which door.

What a record's own journal tells him, this tells too and no more. What happened without changing a record (sign-ins, exports, reports) is for
who may see everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, false, or_, select

from crm.backoffice.access import Action
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.history import CHUNK, SHOWN, Changed, Happening, as_met, met_in_sets, telling_of, told_of
from crm.backoffice.journal import JOURNAL
from crm.backoffice.resuming import Place, Telling, from_place
from crm.backoffice.saving.drafts import visible
from crm.errors import UnknownName

RESTORABLE: frozenset[Action] = frozenset({"read", "delete"})
EVENTS = "event"
ACTIONS = (*SHOWN, EVENTS)


@dataclass(frozen=True)
class Asked:
    """What of the journal is asked for; None and "" are everything. `since` inclusive, `until` exclusive. A field needs its entity."""

    who: int | None = None
    entity: str = ""
    record: int | None = None
    field: str = ""
    action: str = ""
    source: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Event:
    """What happened without changing a record, as it was written down."""

    id: int
    at: datetime
    actor_id: int | None
    source: str
    action: str
    entity: str | None
    record_id: int | None
    changes: Mapping[str, Any]


def sees_events(session: UserSession) -> bool:
    """Whether this reader sees everything, and so what changed no record too."""
    return session.access is None or session.access.unlimited


def chronicle(session: UserSession, asked: Asked, *, before: Place | None = None, size: int = 50) -> tuple[list[Happening | Event], Place | None]:
    """The newest `size` of them from `before` on; and the place of the rest, None at the end.

    Raises UnknownName for an entity or a field that this reader does not know.
    """
    kinds = _kinds(session, asked)
    where = _where(session, asked, kinds)
    telling: dict[str, frozenset[str]] = {}
    found, last = Telling[Happening | Event](before, size), None
    while True:
        newest = select(*JOURNAL).where(where, *from_place(before, last)).order_by(JOURNAL.at.desc(), JOURNAL.id.desc())
        rows = session.kernel(newest.limit(CHUNK)).all()
        told: list[list[Changed]] = []
        for row in rows:
            if row.version is None or row.entity not in kinds:
                told.append([])
                continue
            if row.entity not in telling:
                telling[row.entity] = telling_of(session, kinds[row.entity])
            told.append(told_of(kinds[row.entity], row.changes, telling[row.entity]))
        known = met_in_sets(session, told)
        for row, whole in zip(rows, told, strict=True):
            last = row.at, row.id
            if row.version is None:
                found.add(Event(row.id, row.at, row.actor_id, row.source, row.action, row.entity, row.record_id, row.changes))
            elif row.entity in kinds:
                changes = tuple(seen for one in whole if (seen := as_met(one, known)) is not None)
                if (row.action != "update" or changes) and (not asked.field or asked.field in {c.field.key for c in changes}):
                    found.add(Happening(row.id, row.at, row.actor_id, row.source, row.action, kinds[row.entity], row.record_id, changes))
            if found.full:
                return found.told, found.rest
        if len(rows) < CHUNK:
            return found.told, None


def _kinds(session: UserSession, asked: Asked) -> dict[str, Entity]:
    """The kinds of records that are asked for and that this reader knows."""
    known = {e.key: e for e in session.catalog.entities.values() if session.sight.may(e.key, "read")}
    if not asked.entity:
        if asked.field:
            raise UnknownName(asked.field)
        return known
    if asked.entity not in known:
        raise UnknownName(asked.entity, hidden=asked.entity in session.catalog.entities)
    if asked.field and asked.field not in session.sight.filterable(asked.entity):
        raise UnknownName(asked.field, hidden=asked.field in known[asked.entity].fields)
    return {asked.entity: known[asked.entity]}


def _where(session: UserSession, asked: Asked, kinds: Mapping[str, Entity]) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [_scope(session, asked, kinds)]
    if asked.who is not None:
        conditions.append(JOURNAL.actor_id == asked.who if visible(session, "user", {asked.who}) else false())
    if asked.record is not None:
        conditions.append(JOURNAL.record_id == asked.record)
    if asked.field:
        conditions.append(cast(JOURNAL.changes, Text).contains(f'"{kinds[asked.entity].fields[asked.field].kept_as}": ', autoescape=True))
    if asked.action == EVENTS:
        conditions.append(JOURNAL.version.is_(None))
    elif asked.action:
        conditions.append(and_(JOURNAL.action == asked.action, JOURNAL.version.is_not(None)))
    if asked.source:
        conditions.append(JOURNAL.source == asked.source)
    if asked.since is not None:
        conditions.append(JOURNAL.at >= asked.since)
    if asked.until is not None:
        conditions.append(JOURNAL.at < asked.until)
    return and_(*conditions)


def _scope(session: UserSession, asked: Asked, kinds: Mapping[str, Entity]) -> ColumnElement[bool]:
    """The records that this reader may know of, those in the bin where he may take them back."""
    if sees_events(session):
        return JOURNAL.entity == asked.entity if asked.entity else JOURNAL.id > 0
    places: list[ColumnElement[bool]] = []
    for key, kind in kinds.items():
        live = session.table(key)
        places.append(and_(JOURNAL.entity == key, JOURNAL.record_id.in_(select(live.id).where(live.visible))))
        if not session.sight.records(kind, RESTORABLE).never:
            removed = session.table(key, actions=RESTORABLE, deleted=True)
            places.append(and_(JOURNAL.entity == key, JOURNAL.record_id.in_(select(removed.id).where(removed.visible))))
    return and_(JOURNAL.version.is_not(None), JOURNAL.action.in_(SHOWN), or_(false(), *places))
