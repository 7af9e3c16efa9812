"""The numbers that a mask would give next: told before it is in force, given to nobody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from crm.backoffice.custom.models import COUNTERS
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.numbering import Mask
from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts

PART, PARTS = 500, 20  # texts that are asked for at once, and how often before it is given up
MOST = 12  # departments or counters that are told of one field


@dataclass(frozen=True)
class Next:
    """The next number of one counter; `taken` are those before it that records hold already, so that they are passed over. `text` "": so many are
    taken that the next free one was not looked for."""

    department: str
    text: str
    taken: int


@dataclass(frozen=True)
class Counter:
    """How far a counter of the mask in force has come: over what it runs ("2026/SALES"), the last number and the one after it."""

    scope: str
    last: str
    next: str


def ahead(session: DataSession, kind: Entity, spec: Field, mask: Mask) -> list[Next]:
    """Today's next numbers of a field, were `mask` its mask: one, or one of each department that has records."""
    today, found = session.catalog.reader().today, []
    for department in _departments(session, kind) if mask.by_department else [""]:
        here = (COUNTERS.c.field == spec.number, COUNTERS.c.scope == mask.scope(today, department))
        last = session.kernel(select(COUNTERS.c.last).where(*here)).scalar() or 0
        passed, text = 0, ""
        for turn in range(PARTS):
            texts = [mask.text(today, department, last + turn * PART + n + 1) for n in range(PART)]
            taken = _taken(session, kind, spec, texts)
            text = next((one for one in texts if one not in taken), "")
            passed += texts.index(text) if text else PART
            if text:
                break
        found.append(Next(department, text, passed))
    return found


def counters(session: DataSession, spec: Field, mask: Mask) -> list[Counter]:
    """The counters that have begun, the latest first; those of former masks are left out."""
    rows = session.kernel(select(COUNTERS.c.scope, COUNTERS.c.last).where(COUNTERS.c.field == spec.number).order_by(COUNTERS.c.scope.desc())).all()
    return list(_counted(mask, rows))[:MOST]


def _counted(mask: Mask, rows: Sequence[Any]) -> Iterator[Counter]:
    for scope, last in rows:
        texts = [mask.text_in(scope, number) for number in (last, last + 1)]
        if all(one is not None for one in texts):
            yield Counter(scope, *map(str, texts))


def _departments(session: DataSession, kind: Entity) -> list[str]:
    """The codes of the departments that have records of a kind, "" where none has."""
    table, of = session.catalog.entity(kind.fields["department"].target or "").table, kind.table.c[kind.fields["department"].attribute]
    query = select(table.c.code).where(table.c.id.in_(select(of).where(of.is_not(None), kind.table.c.deleted_at.is_(None)))).order_by(table.c.code)
    return list(session.kernel(query.limit(MOST)).scalars()) or [""]


def _taken(session: DataSession, kind: Entity, spec: Field, texts: Sequence[str]) -> set[str]:
    column = kind.table.c[spec.attribute]
    return {text for part in in_parts(texts) for text in session.kernel(select(column).where(column.in_(part))).scalars()}
