"""A person erased: values of his records, of rows about him and of their journal, his name in other texts, files, letters, imports: where they are
surely about him, or whoever erases has chosen so (see `choosing`).

What refers to him goes on referring to a record without a name. The erasure is journaled without the values; nothing brings them back.
Mentions go first and the person's own record last: an erasure that was cut off knows what to look for when it is begun again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, func, select, update

from crm.backoffice import journal, outbox
from crm.backoffice.catalog import Catalog
from crm.backoffice.custom.everything import removed_fields
from crm.backoffice.custom.tables import columns_of, widened
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.journal import Entry, JournalRow
from crm.backoffice.likeness import evidence
from crm.backoffice.likeness.index import KEYS
from crm.backoffice.parts import in_parts
from crm.backoffice.personal import journaled, mentions, names, traces
from crm.backoffice.personal.belonging import Place, person_kind, places, the_same
from crm.backoffice.personal.beside import beside
from crm.backoffice.personal.choosing import Choice, Listing
from crm.backoffice.personal.names import BLANK, ERASED, Sought
from crm.backoffice.personal.sweeping import sweep
from crm.backoffice.saving import numbers, rights
from crm.backoffice.types import FileRef
from crm.errors import Invalid, NotFound
from crm.messages import m, render

ROUNDS = 10_000  # of two thousand mentions each


@dataclass(frozen=True)
class Touch:
    """What an erasure touches, or has touched: rows by entity, rows of the journal, mentions by table and column, files. `shared` are names that
    other people bear too: they stay where they stand in texts of others. `listing` is of the places among which one chooses beforehand."""

    code: str
    rows: Mapping[str, int]
    journal: int
    beside: Mapping[str, int] = field(default_factory=dict)
    mentions: Mapping[str, int] = field(default_factory=dict)
    files: int = 0
    shared: tuple[str, ...] = ()
    swept: bool | None = None
    listing: Listing = field(default_factory=Listing)

    def as_dict(self) -> dict[str, Any]:
        found = {"code": self.code, "rows": dict(self.rows), "journal": self.journal, "beside": dict(self.beside), "mentions": dict(self.mentions),
                 "files": self.files, "shared_names": len(self.shared)}
        return {**found, **self.listing.as_dict()} if self.swept is None else {**found, "swept": self.swept}


def judge(session: DataSession, entity: str, record_id: int) -> tuple[Entity, tuple[int, ...]]:
    """The person's kind and numbers, when this session may erase him. Raises BadRequest, NotFound, Forbidden, and Invalid where there is a reason
    to keep him."""
    kind = person_kind(session.catalog, entity)
    _check_right(session, kind, record_id)
    ids = the_same(session, kind, record_id)
    table = kind.table
    for row in session.kernel(select(table.c.keep_reason, table.c.keep_until).where(table.c.id.in_(ids))):
        if row.keep_reason and (row.keep_until is None or row.keep_until >= session.reader.today):
            fields = kind.fields
            raise Invalid({"keep_reason": m(
                "There is a reason to keep the data of this person: see “%(reason)s” and “%(until)s”.", reason=fields["keep_reason"].label,
                until=fields["keep_until"].label)})
    if (kept := beside(entity)) is not None:
        kept.judge(session, ids)
    return kind, ids


def _check_right(session: DataSession, kind: Entity, record_id: int) -> None:
    """A removed person is erased too, by who may."""
    if session.access is None:
        return
    try:
        rights.check_existing(session, kind, [record_id], "erase")
    except NotFound:
        rights.check_existing(session, kind, [record_id], "erase", deleted=True)


def outlook(session: DataSession, entity: str, record_id: int) -> Touch:
    """What a person who may not see everything is told that he would erase: the rows that he sees. Raises as `judge` does."""
    kind, ids = judge(session, entity, record_id)
    rows: dict[str, int] = {}
    for place in places(session, kind, ids):
        if not session.sight.may(place.kind.key, "read"):
            continue
        for deleted in (False, True):
            source = session.table(place.kind.key, deleted=deleted)
            for part in in_parts(place.ids):
                seen = session.execute(select(func.count()).select_from(source.table).where(source.visible, source.id.in_(part))).scalar_one()
                rows[place.kind.key] = rows.get(place.kind.key, 0) + seen
    return Touch(_code(session, kind, record_id), {key: number for key, number in rows.items() if number}, 0)


def rehearse(engine: Engine, catalog: Catalog, entity: str, record_id: int, *, instance: Path, kept: Path, choice: Choice | None = None) -> Touch:
    """What `erase` would touch. Raises as `judge` does."""
    with system_session(engine, "personal data: rehearsal", catalog) as session:
        kind, ids = judge(session, entity, record_id)
        found = places(session, kind, ids)
        sought = names.looked_for(session, found)
        takes = (choice or Choice()).takes(mentions.grades(session, sought, found))
        met = mentions.count(session, sought, found, takes)
        everything = names.everything(session, found, sought.words)
        letters = [trace for trace in traces.named_in(instance, kept, session, everything) if takes(trace.place, trace.grade)]
        own = beside(entity)
        gathered = own.gather(session, ids) if own is not None else {}
        return Touch(
            _code(session, kind, record_id), {p.kind.key: len(p.ids) for p in found}, len(journaled.of(session, found, everything)),
            {name: len(rows) for name, rows in gathered.items()}, _named(met), len(letters) + len(_files(session, found)), sought.shared,
        )


def erase(
    engine: Engine, catalog: Catalog, entity: str, record_id: int, *, instance: Path, kept: Path, jobs: Path, actor_id: int | None, source: str,
    choice: Choice | None = None,
) -> Touch:
    """Erase the person, in the name of `actor_id`, who has been judged, as has what he chose (`choosing.settled`). Raises as `judge` does."""

    def session(write: bool) -> DataSession:
        return system_session(engine, "personal data: erasure", catalog, write=write, source=source, actor_id=actor_id)

    with session(False) as reading:
        kind, ids = judge(reading, entity, record_id)
        found = places(reading, kind, ids)
        sought = names.looked_for(reading, found)
        everything = names.everything(reading, found, sought.words)
        takes = (choice or Choice()).takes(mentions.grades(reading, sought, found))
    met: dict[tuple[str, str], int] = {}
    for _ in range(ROUNDS):
        with session(True) as writing:
            done = mentions.erase(writing, sought, found, takes)
            writing.commit()
        if not done:
            break
        met = {place: met.get(place, 0) + done.get(place, 0) for place in {*met, *done}}
    with session(True) as writing:
        kind, ids = judge(writing, entity, record_id)
        letters = [trace.path for trace in traces.named_in(instance, kept, writing, everything) if takes(trace.place, trace.grade)]
        touch = _erase(writing, kind, ids, everything, letters, kept)
        traces.strike(instance / "demo.txt", everything)
        writing.commit()
    return Touch(touch.code, touch.rows, touch.journal, touch.beside, _named(met), touch.files, sought.shared, sweep(engine, jobs))


def _erase(session: DataSession, kind: Entity, ids: Sequence[int], everything: Sought, letters: Sequence[Path], kept: Path) -> Touch:
    found = places(session, kind, ids)
    code, keys = _code(session, kind, ids[0]), _files(session, found)
    left = journaled.of(session, found, everything)
    journaled.blank(session, left)
    own = beside(kind.key)
    gathered = own.gather(session, ids) if own is not None else {}
    if own is not None:
        own.erase(session, ids)
    for place in found:
        _erase_rows(session, place, everything, person=place.kind is kind)
    traces.remove(session, letters)
    traces.remove_kept(kept, keys)
    return Touch(
        code, {p.kind.key: len(p.ids) for p in found}, len(left), {name: len(rows) for name, rows in gathered.items()}, {}, len(letters) + len(keys))


def _erase_rows(session: DataSession, place: Place, everything: Sought, *, person: bool) -> None:
    kind, table, now = place.kind, place.kind.table, datetime.now(UTC)
    entries: list[Entry] = []
    gone = removed_fields(session.connection(), kind.key)
    for ids in in_parts(place.ids):
        for spec in gone:
            _forget(session, kind, spec, ids)
        session.kernel(delete(KEYS).where(KEYS.c.entity == kind.key, KEYS.c.record_id.in_(ids)))
        evidence.erase(session, kind.key, ids)
        for row in session.kernel(select(table).where(table.c.id.in_(ids)).with_for_update()).mappings().all():
            values = _without(session, kind, row, everything, person=person)
            stamps = {"row_version": row["row_version"] + 1, "updated_at": now, "updated_by_id": session.actor_id}
            session.kernel(update(table).where(table.c.id == row["id"]).values({**values, **stamps, **({"erased_at": now} if person else {})}))
            entries.append(Entry(kind.key, row["id"], "erase", row["row_version"] + 1, {}))
    journal.record(session, entries)
    outbox.post(session, "changed", [
        (f"{e.entity}:{e.record_id}:{e.version}", {"entity": e.entity, "id": e.record_id, "action": e.action, "fields": []}) for e in entries
    ])


def _forget(session: DataSession, kind: Entity, spec: Field, ids: Sequence[int]) -> None:
    """What a removed field holds of these rows: nobody sees it, and it would come back with the field."""
    table = widened(kind.table, [spec])
    if spec.several:
        links = table.metadata.tables[f"{table.name}__{spec.attribute}"]
        session.kernel(delete(links).where(links.c.owner_id.in_(ids)))
        return
    session.kernel(update(table).where(table.c.id.in_(ids)).values({column.name: None for column in columns_of(spec)}))


def _without(session: DataSession, kind: Entity, row: Mapping[Any, Any], everything: Sought, *, person: bool) -> dict[str, Any]:
    """What the row holds afterwards, where that is something else."""
    values: dict[str, Any] = {}
    for key, spec in kind.in_columns():
        held = row[spec.attribute]
        if held is None:
            continue
        if person and key == kind.declared.title:
            values |= spec.stored(render(ERASED, session.catalog.company.language))
        elif spec.personal and not spec.target:
            values |= spec.stored(BLANK if spec.required else None)
        elif isinstance(held, str) and not spec.system and (new := everything.blanked(held)) != held:
            values |= spec.stored(numbers.code(kind, row["id"]) if key == "code" else new)
    return values


def _files(session: DataSession, found: Sequence[Place]) -> set[str]:
    """The keys of his files, those too that were replaced."""
    keys: set[str] = set()
    for place in found:
        for spec in (spec for spec in place.fields if spec.type in ("file", "image")):
            table, past = place.kind.table, JournalRow.__table__
            for ids in in_parts(place.ids):
                held: list[Any] = list(session.kernel(select(table.c[spec.attribute]).where(table.c.id.in_(ids))).scalars())
                for (changes,) in session.kernel(select(past.c.changes).where(past.c.entity == place.kind.key, past.c.record_id.in_(ids))):
                    held += (spec.unjournal(v) for v in (changes.get(spec.kept_as) or ()))
                keys |= {key for ref in held if isinstance(ref, FileRef) for key in (ref.key, ref.small) if key}
    return keys


def _code(session: DataSession, kind: Entity, record_id: int) -> str:
    table = kind.table
    return str(session.kernel(select(table.c.code).where(table.c.id == record_id)).scalar_one())


def _named(met: Mapping[tuple[str, str], int]) -> dict[str, int]:
    return {f"{table}.{column}": number for (table, column), number in sorted(met.items())}

