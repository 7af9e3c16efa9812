"""Everything that is kept about a person, for him to have: his record, rows about him, their history, sign-ins, letters, and his files.

In the system's name it is whole. In the name of somebody it is what he may export: records and fields that his rules show and let out, the
history that he may read; what is kept beside records is for those who may see everything.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select

from crm.backoffice import journal, lists
from crm.backoffice.access import Action
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Ref
from crm.backoffice.guard import DataSession, UserSession
from crm.backoffice.history import history
from crm.backoffice.journal import JournalRow
from crm.backoffice.parts import in_parts
from crm.backoffice.personal.belonging import Place, person_kind, places, the_same
from crm.backoffice.personal.beside import beside
from crm.backoffice.saving import rights
from crm.backoffice.types import FileRef
from crm.errors import NotFound

JOURNAL = JournalRow.__table__
OUT: frozenset[Action] = frozenset({"read", "export"})
MOST = 5000  # rows of one kind, changes of one record


@dataclass(frozen=True)
class Gathered:
    """What was found, as JSON, and the files by the names under which they go into an archive."""

    data: Mapping[str, Any]
    files: Mapping[str, FileRef]

    def as_json(self) -> str:
        return json.dumps(self.data, ensure_ascii=False, indent=1, default=str)


def gather(session: DataSession, entity: str, record_id: int) -> Gathered:
    """Raises BadRequest where there are no persons, NotFound, Forbidden. Journaled; the caller commits."""
    kind = person_kind(session.catalog, entity)
    if session.access is not None:
        rights.check_existing(session, kind, [record_id], "export")
    ids = the_same(session, kind, record_id) if session.access is None or session.access.unlimited else (record_id,)
    found, files = [], dict[str, FileRef]()
    for place in places(session, kind, ids):
        rows = _rows(session, place, files)
        if rows:
            keys = {key for row in rows for key in row if key != "id"}
            labels = {key: place.kind.fields[key].label.as_dict() for key in sorted(keys)}
            found.append({"entity": place.kind.key, "label": place.kind.plural.as_dict(), "fields": labels, "rows": rows})
    own = beside(entity)
    whole = session.access is None or session.access.unlimited
    journal.event(session, "personal_export", entity, record_id)
    return Gathered({
        "person": {"entity": entity, "id": record_id}, "records": found,
        "history": [change for i in ids for change in _history(session, kind, i)], **(own.gather(session, ids) if own is not None and whole else {}),
    }, files)


def as_archive(gathered: Gathered, kept: Path, out: IO[bytes]) -> None:
    """A ZIP of `person.json` and the files beside it."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", gathered.as_json())
        for name, ref in gathered.files.items():
            path = kept / ref.key[:2] / ref.key
            if path.is_file():
                archive.write(path, name)


def _rows(session: DataSession, place: Place, files: dict[str, FileRef]) -> list[dict[str, Any]]:
    keys = [k for k in session.sight.filterable(place.kind.key, OUT) if not place.kind.fields[k].several]
    if session.sight.records(place.kind, OUT).never or not keys:
        return []
    found: list[dict[str, Any]] = []
    for ids in in_parts(place.ids[:MOST]):
        for deleted in (False, True):
            query = lists.ListQuery(place.kind.key, tuple(keys), Leaf(("id",), "in", list(ids)), (("id", False),), size=len(ids), actions=OUT, deleted=deleted)
            found += (_told(place.kind, row.id, row.values, files) for row in lists.page(session, query).rows)
    return found


def _told(kind: Entity, number: int, values: Mapping[str, Any], files: dict[str, FileRef]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": number}
    for key, value in values.items():
        if isinstance(value, FileRef):
            name = f"files/{kind.key}-{number}-{key}{Path(value.name).suffix[:12]}"
            files[name] = value
            told[key] = {"name": value.name, "file": name}
        elif value is not None:
            told[key] = _plain(kind.fields[key], value)
    return told


def _plain(spec: Field, value: Any) -> Any:
    if isinstance(value, Ref):
        return {"id": value.id, "name": value.text}
    return spec.journal(value)


def _history(session: DataSession, kind: Entity, record_id: int) -> Iterator[dict[str, Any]]:
    """The changes of the record; in the system's name also what happened to it without changing it."""
    if isinstance(session, UserSession):
        try:
            happenings, _ = history(session, kind, record_id, size=MOST)
        except NotFound:
            return
        out = set(session.sight.filterable(kind.key, OUT))
        for h in (h for h in happenings if h.entity.key == kind.key):
            changes = {c.field.key: [c.field.journal(c.old), c.field.journal(c.new)] for c in h.changes if c.field.key in out}
            yield {"at": h.at, "action": h.action, "source": h.source, "entity": h.entity.key, "id": h.record_id, "changes": changes}
        return
    query = select(JOURNAL).where(JOURNAL.c.entity == kind.key, JOURNAL.c.record_id == record_id).order_by(JOURNAL.c.id.desc()).limit(MOST)
    for row in session.kernel(query).mappings():
        yield {"at": row["at"], "action": row["action"], "source": row["source"], "entity": kind.key, "id": record_id, "changes": row["changes"]}
