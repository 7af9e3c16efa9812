"""Numbers by a mask, given by the one door in the transaction of a new record.

The counter is a row that a transaction holds until it ends, so no number is given twice, a later one is never seen before an earlier, and what is
rolled back is given again. Records that stand when a field is made have numbers kept for them below those of newer ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm.backoffice import periods
from crm.backoffice.custom.models import COUNTERS
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.numbering import Mask, read_mask
from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.backoffice.rules import Draft

PART = 500  # numbers that are looked through at once for a free one
Scopes = dict[str, tuple[date, str, list[int]]]  # what a counter runs over → a day and a department in it, and places of records


def mask_of(spec: Field) -> Mask:
    return read_mask(spec.numbering)


def give(session: DataSession, kind: Entity, drafts: Sequence[Draft]) -> None:
    """Numbers for new records, in their order."""
    today = session.catalog.reader().today
    for spec in kind.numbered:
        lacking = [draft for draft in drafts if draft[spec.key] is None]
        found = _numbers(session, kind, spec, [(today, draft["department"]) for draft in lacking], kept=False)
        for draft, text in zip(lacking, found, strict=True):
            draft[spec.key] = text


def give_what_lacks(session: DataSession, kind: Entity, drafts: Sequence[Draft]) -> None:
    """The same for records that are saved without one: a process that did not know of the field yet has made them. Those whose turn is still to
    come, while the records that stood are numbered, wait for it."""
    for spec in kind.numbered:
        lacking = [draft for draft in drafts if draft[spec.key] is None]
        if lacking and not session.kernel(select(COUNTERS.c.scope).where(COUNTERS.c.field == spec.number, COUNTERS.c.kept < COUNTERS.c.until).limit(1)).first():
            made = [(_day(session, draft.old["created_at"]), draft["department"]) for draft in lacking]
            for draft, text in zip(lacking, _numbers(session, kind, spec, made, kept=False), strict=True):
                draft[spec.key] = text


def keep_numbers(session: DataSession, kind: Entity, spec: Field) -> None:
    """Keep numbers for the records that have none, so that those made from now on come after them."""
    mask, table = mask_of(spec), kind.table
    lacking = table.c[spec.attribute].is_(None)
    first, last = session.kernel(select(func.min(table.c.created_at), func.max(table.c.created_at)).where(lacking)).one()
    if first is None:
        return
    days = _beginnings(_day(session, first), _day(session, last))
    zone = session.catalog.company.zone
    turns = [(table.c.created_at < periods.day_start(day, zone), place) for place, day in enumerate(days[1:])]
    department = table.c[kind.fields["department"].attribute] if mask.by_department else literal(None)
    rows = select((case(*turns, else_=len(days) - 1) if turns else literal(0)).label("place"), department.label("department")).where(lacking).subquery()
    counts = session.kernel(select(rows.c.place, rows.c.department, func.count()).group_by(rows.c.place, rows.c.department)).all()
    codes = _codes(session, kind, {row.department for row in counts})
    wanted: dict[str, int] = {}
    for place, number, count in counts:
        scope = mask.scope(days[place], codes.get(number, ""))
        wanted[scope] = wanted.get(scope, 0) + count
    for scope, count in sorted(wanted.items()):
        row = _insert(session).values(field=spec.number, scope=scope, last=count, kept=0, until=count)
        total = COUNTERS.c.last + count
        again = row.on_conflict_do_update(index_elements=["field", "scope"], set_={"kept": COUNTERS.c.last, "until": total, "last": total})
        session.kernel(again)


def kept_numbers(session: DataSession, kind: Entity, rows: Sequence[Mapping[Any, Any]]) -> dict[str, dict[int, Any]]:
    """By field the numbers of these rows (id, created_at and what the masks name, by attribute, in the order of their making), those that had
    none given now."""
    found: dict[str, dict[int, Any]] = {}
    for spec in kind.numbered:
        department = kind.fields["department"].attribute if mask_of(spec).by_department else None
        lacking = [row for row in rows if row[spec.attribute] is None]
        made = [(_day(session, row["created_at"]), row[department] if department else None) for row in lacking]
        given = dict(zip((row["id"] for row in lacking), _numbers(session, kind, spec, made, kept=True), strict=True))
        found[spec.key] = {row["id"]: given.get(row["id"], row[spec.attribute]) for row in rows}
    return found


def hold(session: DataSession, spec: Field, scope: str) -> int:
    """Hold a counter until the transaction ends, as whoever takes a number of it does; the last number it has given, 0 where it has not begun."""
    row = _insert(session).values(field=spec.number, scope=scope, last=0, kept=0, until=0)
    same = row.on_conflict_do_update(index_elements=["field", "scope"], set_={"last": COUNTERS.c.last})
    return int(session.kernel(same.returning(COUNTERS.c.last)).scalar_one())


def end_keeping(session: DataSession, kind: Entity) -> None:
    """All records that stood have their numbers; what was kept for one that has moved meanwhile is given to nobody."""
    numbers = [spec.number for spec in kind.numbered]
    if numbers:
        session.kernel(update(COUNTERS).where(COUNTERS.c.field.in_(numbers), COUNTERS.c.kept < COUNTERS.c.until).values(kept=COUNTERS.c.until))


# --- steps -------------------------------------------------------------------------------------------------------


def _numbers(session: DataSession, kind: Entity, spec: Field, made: Sequence[tuple[date, int | None]], *, kept: bool) -> list[str]:
    """A number for each record by the day of its making and its department, in their order."""
    mask = mask_of(spec)
    codes = _codes(session, kind, {number for _, number in made}) if mask.by_department else {}
    scopes: Scopes = {}
    for place, (day, number) in enumerate(made):
        department = codes.get(number, "")
        scopes.setdefault(mask.scope(day, department), (day, department, []))[2].append(place)
    found = [""] * len(made)
    for scope, (day, department, places) in sorted(scopes.items()):  # whoever needs several counters asks for them in one order
        free: list[str] = []
        while len(free) < len(places):
            texts = [mask.text(day, department, number) for number in _take(session, spec, scope, len(places) - len(free), kept=kept)]
            taken = _taken(session, kind, spec, texts)
            free += [text for text in texts if text not in taken]
            if taken:
                _pass_over(session, kind, spec, scope, day, department)
        for place, text in zip(places, free, strict=True):
            found[place] = text
    return found


def _take(session: DataSession, spec: Field, scope: str, count: int, *, kept: bool) -> list[int]:
    """The next numbers of a counter; with `kept` first those that are kept for records that stood."""
    numbers: list[int] = []
    here = (COUNTERS.c.field == spec.number, COUNTERS.c.scope == scope)
    if kept:
        row = session.kernel(select(COUNTERS.c.kept, COUNTERS.c.until).where(*here).with_for_update()).first()
        if row is not None and row.kept < row.until:
            numbers = list(range(row.kept + 1, min(row.kept + count, row.until) + 1))
            session.kernel(update(COUNTERS).where(*here).values(kept=numbers[-1]))
            count -= len(numbers)
    if count:
        row_ = _insert(session).values(field=spec.number, scope=scope, last=count, kept=0, until=0)
        more = row_.on_conflict_do_update(index_elements=["field", "scope"], set_={"last": COUNTERS.c.last + count})
        last = session.kernel(more.returning(COUNTERS.c.last)).scalar_one()
        numbers += range(last - count + 1, last + 1)
    return numbers


def _pass_over(session: DataSession, kind: Entity, spec: Field, scope: str, day: date, department: str) -> None:
    """Move a counter to just before its next number that no record has: many may be taken in a row, and are not tried one by one."""
    mask, stood = mask_of(spec), hold(session, spec, scope)
    last, free = stood, None
    while free is None:
        texts = [mask.text(day, department, last + n + 1) for n in range(PART)]
        taken = _taken(session, kind, spec, texts)
        free = next((n for n, text in enumerate(texts) if text not in taken), None)
        last += PART if free is None else free
    if last > stood:
        session.kernel(update(COUNTERS).where(COUNTERS.c.field == spec.number, COUNTERS.c.scope == scope).values(last=last))


def _taken(session: DataSession, kind: Entity, spec: Field, texts: Sequence[str]) -> set[str]:
    """Those that a record has already: another mask of the field may have given the same."""
    column = kind.table.c[spec.attribute]
    return {text for part in in_parts(texts) for text in session.kernel(select(column).where(column.in_(part))).scalars()}


def _codes(session: DataSession, kind: Entity, numbers: Iterable[int | None]) -> dict[int | None, str]:
    """The codes of departments."""
    wanted = [number for number in numbers if number is not None]
    if not wanted:
        return {}
    table = session.catalog.entity(kind.fields["department"].target or "").table
    return {row.id: row.code for part in in_parts(wanted) for row in session.kernel(select(table.c.id, table.c.code).where(table.c.id.in_(part)))}


def _day(session: DataSession, moment: datetime) -> date:
    return moment.astimezone(session.catalog.company.zone).date()


def _beginnings(first: date, last: date) -> list[date]:
    """The first days of the months from `first` to `last`."""
    found = [first.replace(day=1)]
    while found[-1] <= last.replace(day=1) - timedelta(days=1):
        found.append((found[-1] + timedelta(days=31)).replace(day=1))
    return found


def _insert(session: DataSession) -> Any:
    postgres = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(COUNTERS) if postgres else sqlite.insert(COUNTERS)

