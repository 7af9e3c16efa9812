"""A record as it was at a moment, worked out from what it is now and from the journal of what happened since.

Told are the fields that the reader sees on the record today, and of those only the ones whose history he may read (see `history`).
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from crm.backoffice import links
from crm.backoffice.access import Action
from crm.backoffice.entities import Entity
from crm.backoffice.fields.many_to_many import in_order
from crm.backoffice.guard import UserSession
from crm.backoffice.history import CHILDREN, children_of, rows_of, telling_of
from crm.backoffice.journal import JOURNAL
from crm.backoffice.parts import in_parts
from crm.backoffice.saving.drafts import visible

RESTORABLE: frozenset[Action] = frozenset({"read", "delete"})


@dataclass(frozen=True)
class Past:
    """`values` are those of then, `now` those of today; `erased` are fields whose old value was erased with a person. A record that did not
    exist yet, or lay in the bin, has no values."""

    entity: Entity
    id: int
    existed: bool
    removed: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    now: Mapping[str, Any] = field(default_factory=dict)
    erased: frozenset[str] = frozenset()

    @property
    def changed(self) -> frozenset[str]:
        """The fields that hold something else today."""
        return self.erased | {key for key in self.values.keys() | self.now.keys() if self.values.get(key) != self.now.get(key)}


def as_of(session: UserSession, entity: Entity, record_id: int, moment: datetime) -> tuple[Past, list[Past]]:
    """The record as it was just before `moment`, and the rows that belonged to it then. Raises NotFound outside the reader's scope."""
    told = telling_of(session, entity, record_id)
    [own] = _before(session, entity, [record_id], told, moment)
    if not own.existed or own.removed:
        return own, []
    rows: list[Past] = []
    for child in children_of(session, entity):
        parent = child.parent or ""
        ids = list(session.kernel(rows_of(session, child, record_id)).scalars())
        if parent in _in_bin(session, child):
            removed = session.table(child.key, actions=RESTORABLE, deleted=True)
            gone = select(removed.id).where(removed.visible, removed[parent] == record_id).order_by(removed.id.desc()).limit(CHILDREN)
            ids += session.kernel(gone).scalars()
        then = _before(session, child, sorted(ids), telling_of(session, child), moment)
        rows += [row for row in then if row.existed and not row.removed and row.values.get(parent, record_id) == record_id]
    return own, rows


def _before(session: UserSession, kind: Entity, ids: Sequence[int], told: Container[str], moment: datetime) -> list[Past]:
    keys = [key for key, spec in kind.fields.items() if key in told and not spec.system]
    now, removed = _now(session, kind, ids, keys)
    values = {i: dict(held) for i, held in now.items()}
    erased: dict[int, set[str]] = {i: set() for i in now}
    unborn: set[int] = set()
    for part in in_parts(ids):
        # By the order of writing and not by the clock alone: it may have been set back.
        here = (JOURNAL.entity == kind.key, JOURNAL.record_id.in_(part), JOURNAL.version.is_not(None))
        last = select(JOURNAL.record_id, func.max(JOURNAL.id).label("id")).where(*here, JOURNAL.at < moment).group_by(JOURNAL.record_id).subquery()
        since = (
            select(JOURNAL.record_id, JOURNAL.action, JOURNAL.changes).outerjoin(last, last.c.record_id == JOURNAL.record_id)
            .where(*here, (last.c.id.is_(None)) | (JOURNAL.id > last.c.id)).order_by(JOURNAL.id.desc())
        )
        for row in session.kernel(since):
            i = row.record_id
            if i not in values:
                continue
            if row.action == "create":
                unborn.add(i)
            if row.action in ("remove", "restore"):
                removed[i] = row.action == "restore"
            changes = kind.by_key(row.changes)
            for key in values[i].keys() & changes.keys():
                pair = changes[key]
                values[i][key] = None if pair is None else kind.fields[key].unjournal(pair[0])
                (erased[i].add if pair is None else erased[i].discard)(key)
    seen = _seen_in_sets(session, kind, keys, [*now.values(), *values.values()])
    return [
        Past(kind, i, i not in unborn, removed[i], {} if removed[i] or i in unborn else _met(kind, values[i], seen), _met(kind, now[i], seen),
             frozenset(erased[i]))
        for i in ids if i in now
    ]


def _now(session: UserSession, kind: Entity, ids: Sequence[int], keys: Sequence[str]) -> tuple[dict[int, dict[str, Any]], dict[int, bool]]:
    """What stands in the rows today, in the columns as this reader sees them; and whether they lie in the bin."""
    found: dict[int, dict[str, Any]] = {}
    removed: dict[int, bool] = {}
    columns = [key for key in keys if not kind.fields[key].several]
    for part in in_parts(ids):
        live = session.table(kind.key)
        for row in session.execute(select(live.id, *(live[key] for key in columns)).where(live.visible, live.id.in_(part))):
            found[row[0]], removed[row[0]] = dict(zip(columns, row[1:], strict=True)), False
        usable = [key for key in columns if key in _in_bin(session, kind)]
        if usable and len(found) < len(ids):
            gone = session.table(kind.key, actions=RESTORABLE, deleted=True)
            for row in session.execute(select(gone.id, *(gone[key] for key in usable)).where(gone.visible, gone.id.in_(part))):
                found[row[0]], removed[row[0]] = dict(zip(usable, row[1:], strict=True)), True
    if len(columns) < len(keys):
        for i, held in links.stored(session, kind, list(found)).items():
            found[i] |= {key: value for key, value in held.items() if key in keys and not removed[i]}
    return found, removed


def _in_bin(session: UserSession, kind: Entity) -> tuple[str, ...]:
    """The fields of removed rows that this reader sees: of those that he may take back."""
    return () if session.sight.records(kind, RESTORABLE).never else session.sight.filterable(kind.key, RESTORABLE)


def _seen_in_sets(session: UserSession, kind: Entity, keys: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, set[int]]:
    """Of the records that sets hold or held, those that this reader sees, by field."""
    found: dict[str, set[int]] = {}
    for key in (key for key in keys if kind.fields[key].several):
        found[key] = visible(session, kind.fields[key].target or "", {number for row in rows for number in row.get(key) or ()})
    return found


def _met(kind: Entity, values: Mapping[str, Any], seen: Mapping[str, set[int]]) -> dict[str, Any]:
    return {key: in_order(n for n in value or () if n in seen[key]) if kind.fields[key].several else value for key, value in values.items()}
