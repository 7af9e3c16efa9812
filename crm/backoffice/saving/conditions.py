"""What a configuration demands of records by conditions: checks of an entity; fields that are required, visible or for reading only at times;
what is asked of moves between stages (`moves`).

A condition is asked of the database alone: over the rows as they were written, before the save is done with them; `read_only_if` over those that
stood before it. All rows of a save are asked together, in the system's sight and the company's time: what a rule says does not depend on who
saves, but for `@me`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, case, cast, column, literal, select, values
from sqlalchemy.types import TypeEngine

from crm.backoffice.conditions.compiler import compile_condition
from crm.backoffice.conditions.tree import All, Any_, names
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.backoffice.rules import Draft
from crm.backoffice.saving import moves
from crm.backoffice.saving.demands import Demand, Problems, knows
from crm.backoffice.sight import READ, Sight, Source
from crm.messages import Message, m

UNTOLD = m("The record cannot be saved so: a rule of the company is against it.")


def broken(session: DataSession, kind: Entity, drafts: Sequence[Draft]) -> Problems:
    """What is wrong with records whose rows are written, by position."""
    return _asked_of(session, kind, drafts, tuple(_demands(session, kind, drafts)))


def would_break(session: DataSession, kind: Entity, drafts: Sequence[Draft], rows: Sequence[Mapping[str, Any]]) -> Problems:
    """The same of records that are not written, `rows` being what their columns would hold. Rows of others that refer to them, and sets, are
    asked for as they are now."""
    found: Problems = {}
    for place, one in unmet(session, kind, drafts, rows):
        one.tell(found.setdefault(place, {}))
    return found


def unmet(session: DataSession, kind: Entity, drafts: Sequence[Draft], rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Demand]]:
    """Each demand that such records would break, with the position of the record."""
    demands = tuple(_demands(session, kind, drafts))
    used = [kind.fields[key] for key in sorted({name for one in demands for name in names(one.condition)} & kind.fields.keys())]
    for part in in_parts(range(len(drafts))) if demands else ():
        within = [replaced for one in demands if (replaced := _within(one, part)).places]
        if within:
            given = _given(session, kind, [spec for spec in used if not spec.several], [rows[place] for place in part])
            yield from _wrong(session, drafts, within, Source(_sight(session), kind, given, READ))


def unchangeable(session: DataSession, kind: Entity, drafts: Sequence[Draft]) -> Problems:
    """Changes of fields that the records, as they stand before the save, have for reading only."""
    demands = []
    for spec in kind.conditional:
        key = spec.key
        places = tuple(n for n, draft in enumerate(drafts) if draft.old and draft.changed(key)) if spec.read_only_if is not None else ()
        if spec.read_only_if is not None and places:
            demands.append(Demand(spec.read_only_if, True, places, key, m("“%(field)s” cannot be changed any more.", field=spec.label)))
    return _asked_of(session, kind, drafts, demands)


@dataclass(frozen=True)
class State:
    """Whether a field belongs to a record, and whether it must be filled in."""

    visible: bool = True
    required: bool = False


def states(session: DataSession, kind: Entity, record_id: int | None, given: Mapping[str, Any]) -> dict[str, State]:
    """How the fields that depend on conditions would stand, were `given` (accepted values by key) the record's: the rest is as it is stored, and
    of a new record (None) empty. Nothing is written. Rows of others that refer to it, and sets, are asked for as they are now."""
    asked = [spec for spec in kind.conditional if spec.visible_if is not None or spec.required_if is not None]
    if not asked:
        return {}
    named = {name for spec in asked for node in (spec.visible_if, spec.required_if) if node is not None for name in names(node)}
    used = [kind.fields[key] for key in sorted(named & kind.fields.keys()) if not kind.fields[key].several]
    told = {name: value for spec in used if spec.key in given for name, value in spec.stored(given[spec.key]).items()}
    columns = [kind.table.c[spec.attribute + suffix] for spec in used for suffix in ("", *spec.companions)]
    own = record_id is not None
    stored = (one.label(one.key) if own and one.key not in told else _typed(session, told.get(one.key), one.type).label(one.key) for one in columns)
    row = select((kind.table.c.id if own else literal(0)).label("id"), *stored)
    source = Source(_sight(session), kind, (row.where(kind.table.c.id == record_id) if own else row).subquery(), READ)
    conditions = [spec.visible_if or All(()) for spec in asked] + [spec.required_if or Any_(()) for spec in asked]
    answers = session.kernel(select(*(case((compile_condition(one, source), 1), else_=0) for one in conditions)).select_from(source.table)).first()
    half = len(asked)
    return {spec.key: State(bool(answers[n]), bool(answers[n] and answers[n + half])) for n, spec in enumerate(asked)} if answers is not None else {}


def _demands(session: DataSession, kind: Entity, drafts: Sequence[Draft]) -> Iterator[Demand]:
    for spec in kind.conditional:
        key = spec.key
        if spec.required_if is not None:
            lacking = tuple(n for n, draft in enumerate(drafts) if draft[key] in (None, ()))
            asked = spec.required_if if spec.visible_if is None else All((spec.visible_if, spec.required_if))
            yield Demand(asked, True, lacking, *_told(session, kind, spec, m("“%(field)s” is required.", field=spec.label)))
        if spec.visible_if is not None:
            given = tuple(n for n, draft in enumerate(drafts) if _gives(draft, spec))
            yield Demand(spec.visible_if, False, given, key, m("“%(field)s” does not belong to such a record; leave it empty.", field=spec.label))
    everyone = tuple(range(len(drafts)))
    for check in kind.checks:
        at = kind.fields.get(check.field)
        key = check.field if at is not None and knows(session, kind, at) else ""
        yield Demand(check.where, False, everyone, key, Message("%(message)s", {"message": check.message}))
    yield from moves.demands(session, kind, drafts)


def _gives(draft: Draft, spec: Field) -> bool:
    """Whether the writer puts something into a field; what a form offers by itself for a new record is nothing of his."""
    value = draft[spec.key]
    return spec.key in draft.given and draft.changed(spec.key) and value not in (None, ()) and not (draft.is_new and value == spec.default)


def _told(session: DataSession, kind: Entity, spec: Field, message: Message) -> tuple[str, Message]:
    """Where and how a writer is told what is wrong: a field that he does not know is not named."""
    return (spec.key, message) if knows(session, kind, spec) else ("", UNTOLD)


# --- asking ------------------------------------------------------------------------------------------------------


def _asked_of(session: DataSession, kind: Entity, drafts: Sequence[Draft], demands: Sequence[Demand]) -> Problems:
    """Ask of rows that are in the table."""
    found: Problems = {}
    for part in in_parts(range(len(drafts))) if demands else ():
        within = [replaced for one in demands if (replaced := _within(one, part)).places]
        if within:
            source = _sight(session).table(kind.key)
            for place, one in _wrong(session, drafts, within, source, source.table.c.id.in_([drafts[place].id for place in part])):
                one.tell(found.setdefault(place, {}))
    return found


def _within(demand: Demand, part: Sequence[int]) -> Demand:
    return replace(demand, places=tuple(place for place in demand.places if place in part))


def _wrong(session: DataSession, drafts: Sequence[Draft], demands: Sequence[Demand], source: Source, *where: Any) -> Iterator[tuple[int, Demand]]:
    """The demands that come out wrong, each with the position of the record."""
    if session.undoing:
        return  # what was, may be again
    answers = [case((compile_condition(one.condition, source), 1), else_=0) for one in demands]
    rows = session.kernel(select(source.table.c.id, *answers).select_from(source.table).where(*where))
    held = {row[0]: row[1:] for row in rows}
    for number, one in enumerate(demands):
        for place in one.places:
            if bool(held[drafts[place].id][number]) == one.wrong:
                yield place, one


def _sight(session: DataSession) -> Sight:
    return Sight(None, session.catalog, session.catalog.reader(), session.actor_id)


def _given(session: DataSession, kind: Entity, used: Sequence[Field], rows: Sequence[Mapping[str, Any]]) -> FromClause:
    """Rows that stand nowhere, as a table with the columns of the fields that are used."""
    names_ = ["id", *(spec.attribute + suffix for spec in used for suffix in ("", *spec.companions))]
    types = [kind.table.c[name].type for name in names_]
    columns = (column(name, type_) for name, type_ in zip(names_, types, strict=True))
    told = [tuple(_typed(session, row.get(name), type_) for name, type_ in zip(names_, types, strict=True)) for row in rows]
    return values(*columns, name="given").data(told).cte("given_rows")


def _typed(session: DataSession, value: Any, type_: TypeEngine[Any]) -> ColumnElement[Any]:
    """PostgreSQL takes a value of no stated type for a text; SQLite would turn a day into a number when told its type."""
    given = literal(value, type_)
    return cast(given, type_) if session.get_bind().dialect.name == "postgresql" else given
