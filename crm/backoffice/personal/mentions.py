"""Where a person is named in texts of the whole database, whatever table keeps them: records of others, the journal, jobs, imports, settings.

A *place* is a field of a record with its history (`deal.17.name`), or a row of a table of the product (`job.5`). It is taken as a whole or not at
all, by its grade: *sure* (see `Sought.surely`), *likely* where the record refers to the person, or a *word* that he may be called by.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal, NamedTuple

from sqlalchemy import JSON, Column, ColumnElement, String, Table, Text, cast, func, literal, or_, select, true, tuple_, update

from crm.backoffice.custom.everything import every_table
from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.journal import JournalRow
from crm.backoffice.parts import in_parts
from crm.backoffice.personal.belonging import Place
from crm.backoffice.personal.journaled import Left, blank
from crm.backoffice.personal.names import BLANK, Sought
from crm.backoffice.saving import numbers
from crm.backoffice.types import FileRef, NumberSet

ASKED = "brama_names_person"  # our function, where the database calls us
CHUNK = 20_000  # rows looked through by one statement
APART = frozenset({"likeness_key", "merged_record", "journal_seal"})  # they keep no words, or go with their records
JOURNAL = JournalRow.__table__
Found = dict[tuple[str, str], int]
Grade = Literal["sure", "likely", "word"]
GRADES: tuple[Grade, ...] = ("sure", "likely", "word")
Takes = Callable[[str, Grade], bool]


class Hit(NamedTuple):
    """A text that names the person: in which column, for the journal of which field, of which place, and what it says without him."""

    column: str
    key: str | None
    place: str
    grade: Grade
    said: Any
    new: Any


def tables(session: DataSession) -> Iterator[tuple[Table, list[Column[Any]]]]:
    """Every table that keeps words, and the columns in which it does. Companions of a field follow it."""
    for table in every_table(session.connection()):
        columns = [
            c for c in table.columns
            if isinstance(c.type, JSON | String) or isinstance(getattr(c.type, "impl", None), String)
            if not c.name.endswith(("__sort", "__find")) and not isinstance(c.type, NumberSet) and not c.primary_key and not c.foreign_keys
        ]
        if table is JOURNAL:
            columns = [table.c.changes]  # the other words of the journal are the product's own, and its digests cover them
        if columns and table.name not in APART:
            yield table, columns


def find(session: DataSession, sought: Sought, own: Sequence[Place]) -> Iterator[tuple[Table, Mapping[Any, Any], list[Hit]]]:
    """Rows in which the person is named, but his own and those about him. Read in parts, so that no statement is long."""
    if not sought.in_sql:
        return
    his = {(place.kind.table.name, i) for place in own for i in place.ids}
    past = {(place.kind.key, i) for place in own for i in place.ids}
    related = _related(session, own[0])
    kinds = {kind.table.name: kind for kind in session.catalog.entities.values()}
    for table, columns in tables(session):
        keys = list(table.primary_key.columns)
        named = _named(session, columns, sought)
        for within in _ranges(session, table, keys):
            wanted = dict.fromkeys((*keys, *columns, *((JOURNAL.c.entity, JOURNAL.c.record_id, JOURNAL.c.version) if table is JOURNAL else ())))
            rows = session.kernel(select(*wanted).where(within, named)).mappings().all()
            for row in rows:
                if (table.name, row.get("id")) in his or (table is JOURNAL and row["version"] is not None and (row["entity"], row["record_id"]) in past):
                    continue
                hits = list(_hits(table, columns, row, kinds.get(table.name), sought, related))
                if hits:
                    yield table, row, hits


def _related(session: DataSession, person: Place) -> set[tuple[str, int]]:
    """The records that refer to the person."""
    found: set[tuple[str, int]] = set()
    for kind in session.catalog.entities.values():
        table = kind.table
        for spec in kind.fields.values():
            if spec.target == person.kind.key and not spec.several and not spec.system and spec.key != kind.declared.own:
                for ids in in_parts(person.ids):
                    found |= {(kind.key, i) for i in session.kernel(select(table.c.id).where(table.c[spec.attribute].in_(ids))).scalars()}
    return found


def _hits(
    table: Table, columns: list[Column[Any]], row: Mapping[Any, Any], kind: Entity | None, sought: Sought, related: set[tuple[str, int]],
) -> Iterator[Hit]:
    def hit(column: str, key: str | None, place: str, record: tuple[str, int] | None, said: Any) -> Iterator[Hit]:
        new = _without(said, sought)
        if new != said:
            yield Hit(column, key, place, "sure" if sought.surely(words(said)) else "likely" if record in related else "word", said, new)

    if table is JOURNAL and row["version"] is not None:
        for key, pair in row["changes"].items():
            yield from hit("changes", key, f"{row['entity']}.{row['record_id']}.{key}", (row["entity"], row["record_id"]), pair)
        return
    keys = {spec.attribute: key for key, spec in kind.in_columns()} if kind is not None else {}
    for column in columns:
        if kind is not None:
            place = f"{kind.key}.{row['id']}.{keys.get(column.name, column.name)}"
            yield from hit(column.name, None, place, (kind.key, row["id"]), row[column.name])
        else:
            number = ":".join(str(row[key.name]) for key in table.primary_key.columns)
            yield from hit(column.name, None, f"{table.name}.{number}", None, row[column.name])


def _named(session: DataSession, columns: list[Column[Any]], sought: Sought) -> ColumnElement[bool]:
    """Whether a row may name the person."""
    if session.get_bind().dialect.name != "sqlite":
        return _together(columns).regexp_match(sought.in_sql)
    driver = session.connection().connection.driver_connection
    assert driver is not None
    driver.create_function(ASKED, 1, sought.may_stand_in, deterministic=True)
    json, plain = [c for c in columns if isinstance(c.type, JSON)], [c for c in columns if not isinstance(c.type, JSON)]
    asked = [cast(column, Text) for column in json] + ([_together(plain)] if plain else [])
    return or_(*(getattr(func, ASKED)(text) == 1 for text in asked))


def _together(columns: list[Column[Any]]) -> ColumnElement[str]:
    """The words of a row as one text."""
    said: ColumnElement[str] = literal("")
    for column in columns:
        said = said + "\n" + func.coalesce(cast(column, Text), "")
    return said


def _ranges(session: DataSession, table: Table, keys: list[Column[Any]]) -> Iterator[ColumnElement[bool]]:
    if len(keys) != 1 or keys[0].name != "id":
        yield true()  # few rows: tables of the product itself
        return
    after = 0
    while True:
        following = select(keys[0]).where(keys[0] > after).order_by(keys[0]).limit(CHUNK).subquery()
        last = session.kernel(select(func.max(following.c.id))).scalar()
        if last is None:
            return
        yield keys[0].between(after + 1, last)  # numbers may stand far apart
        after = last


def words(value: Any) -> Any:
    """What of a value is read: of a file its name."""
    return value.name if isinstance(value, FileRef) else value


def _without(value: Any, sought: Sought) -> Any:
    if isinstance(value, FileRef):
        named = sought.blanked(asdict(value))
        return replace(value, name=named["name"])
    new = sought.blanked(value)
    return tuple(new) if isinstance(value, tuple) else new


def grades(session: DataSession, sought: Sought, own: Sequence[Place]) -> dict[str, Grade]:
    """Every place that names the person, with the surest grade that any text of it has."""
    found: dict[str, Grade] = {}
    for _, _, hits in find(session, sought, own):
        for hit in hits:
            found[hit.place] = min(found.get(hit.place, hit.grade), hit.grade, key=GRADES.index)
    return found


def erase(session: DataSession, sought: Sought, own: Sequence[Place], takes: Takes, *, most: int = 2000) -> Found:
    """Take the person out of at most `most` rows; how many, by table and column. Call it until there are none; the caller commits."""
    found: Found = {}
    owners = {e.table.name: e for e in session.catalog.entities.values()}
    journaled: list[Left] = []
    # All are found before the first is written: a cursor over what is being changed would meet rows twice or never.
    met = []
    for table, row, hits in find(session, sought, own):
        taken = [hit for hit in hits if takes(hit.place, hit.grade)]
        if taken:
            met.append((table, row, taken))
        if len(met) >= most:
            break
    for table, row, taken in met:
        _note(found, table, taken)
        if table is JOURNAL:
            journaled.append(Left(row["id"], taken[0].new if taken[0].key is None else {**row["changes"], **{str(h.key): h.new for h in taken}}))
        else:
            _write(session, table, row, _stored(owners.get(table.name), row.get("id", 0), {hit.column: hit.new for hit in taken}))
    blank(session, journaled)
    return found


def count(session: DataSession, sought: Sought, own: Sequence[Place], takes: Takes) -> Found:
    """The same without writing."""
    found: Found = {}
    for table, _row, hits in find(session, sought, own):
        _note(found, table, [hit for hit in hits if takes(hit.place, hit.grade)])
    return found


def _note(found: Found, table: Table, taken: Sequence[Hit]) -> None:
    for column in {hit.column for hit in taken}:
        found[table.name, column] = found.get((table.name, column), 0) + 1


def _stored(kind: Entity | None, number: int, changed: dict[str, Any]) -> dict[str, Any]:
    """With what lists sort by and search."""
    specs = {spec.attribute: spec for _, spec in kind.in_columns()} if kind is not None else {}
    stored: dict[str, Any] = {}
    for column, value in changed.items():
        spec = specs.get(column)
        if spec is None:
            stored[column] = value
        elif spec.unique and kind is not None:
            stored |= spec.stored(numbers.code(kind, number))
        elif spec.type in ("text", "long_text", "rich_text", "file", "image"):
            stored |= spec.stored(value)
        else:  # an address is whole or none
            stored |= spec.stored(BLANK if spec.required else None)
    return stored


def _write(session: DataSession, table: Table, row: Mapping[Any, Any], values: Mapping[str, Any]) -> None:
    keys = list(table.primary_key.columns)
    session.kernel(update(table).where(tuple_(*keys) == tuple(row[k.name] for k in keys)).values(dict(values)))
