"""What belongs to a person by the descriptions: his record and those that were merged into it, the rows about him, their personal fields."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession
from crm.backoffice.merging import MERGED
from crm.errors import BadRequest, NotFound
from crm.messages import m



@dataclass(frozen=True)
class Place:
    """Rows of one kind about one person: which, and which of their fields are his."""

    kind: Entity
    ids: tuple[int, ...]
    fields: tuple[Field, ...]


def person_kind(catalog: Catalog, entity: str) -> Entity:
    """Raises UnknownName for no entity, BadRequest for one whose records are no persons."""
    kind = catalog.entity(entity)
    if not kind.is_person:
        raise BadRequest(m("%(entity)s are no people: there are no personal data to gather or erase.", entity=kind.plural))
    return kind


def personal_fields(kind: Entity) -> tuple[Field, ...]:
    """The fields that say something of a person. A reference that does is no value of his: it says that the row is about him."""
    return tuple(spec for spec in kind.fields.values() if spec.personal and not spec.target)


def about(catalog: Catalog, kind: Entity) -> Iterator[tuple[Entity, tuple[Field, ...]]]:
    """The kinds of rows that are about persons of `kind`, each with the references that say so."""
    for other in catalog.entities.values():
        links = tuple(spec for spec in other.fields.values() if spec.personal and spec.target == kind.key and not spec.several)
        if links:
            yield other, links


def the_same(session: DataSession, kind: Entity, record_id: int) -> tuple[int, ...]:
    """The numbers under which the person is kept: his record, and all that were merged into it. Raises NotFound, and BadRequest for a record
    that was itself merged into another."""
    table = kind.table
    if session.kernel(select(table.c.id).where(table.c.id == record_id)).first() is None:
        raise NotFound()
    into = session.kernel(select(MERGED.c.into_id).where(MERGED.c.entity == kind.key, MERGED.c.record_id == record_id)).scalar()
    if into is not None and session.kernel(select(table.c.deleted_at).where(table.c.id == record_id)).scalar() is not None:
        raise BadRequest(m("This record was merged into another one: name that one."))
    found, ahead = [record_id], [record_id]
    while ahead:
        query = select(MERGED.c.record_id).where(MERGED.c.entity == kind.key, MERGED.c.into_id.in_(ahead))
        ahead = [i for i in session.kernel(query).scalars() if i not in found]
        found += ahead
    return tuple(found)


def places(session: DataSession, kind: Entity, ids: Sequence[int]) -> list[Place]:
    """Everything that belongs to the person of these numbers, his own records first; removed rows too. To who may not see everything, the
    rows of which he sees that they name the person."""
    found = [Place(kind, tuple(ids), personal_fields(kind))]
    for other, links in about(session.catalog, kind):
        whole = session.access is None or session.access.unlimited
        rows = _naming(session, other, links, ids) if whole else _seen_to_name(session, other, links, ids)
        if rows:
            found.append(Place(other, tuple(dict.fromkeys(rows)), personal_fields(other)))
    return found


def _naming(session: DataSession, other: Entity, links: Sequence[Field], ids: Sequence[int]) -> list[int]:
    table = other.table
    queries = (select(table.c.id).where(table.c[spec.attribute].in_(ids)).order_by(table.c.id) for spec in links)
    return [number for query in queries for number in session.kernel(query).scalars()]


def _seen_to_name(session: DataSession, other: Entity, links: Sequence[Field], ids: Sequence[int]) -> list[int]:
    shown = [spec.key for spec in links if session.sight.may(other.key, "read") and spec.key in session.sight.filterable(other.key)]
    found: list[int] = []
    for key in shown:
        for deleted in (False, True):
            rows = session.table(other.key, deleted=deleted)
            found += session.execute(select(rows.id).where(rows.visible, rows[key].in_(ids)).order_by(rows.id)).scalars()
    return found
