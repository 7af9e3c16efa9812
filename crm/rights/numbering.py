"""Numbers by a mask, to whoever configures them: how far they have come tells how many records there are, so only who sees all of them is told."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine

from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.numbering import read_mask
from crm.backoffice.guard import SystemSession, system_session
from crm.backoffice.lowcode.document import Document
from crm.backoffice.saving.next_numbers import Counter, Next, ahead, counters
from crm.backoffice.saving.setting_next import set_next
from crm.backoffice.sight import Sight
from crm.errors import Forbidden, NotFound
from crm.messages import m
from crm.permissions import access_now
from crm.rights.configuring_judged import seen_whole


@dataclass(frozen=True)
class Numbered:
    """A field with a mask; `next` and `counters` None where they are not the reader's to know."""

    kind: Entity
    spec: Field
    next: list[Next] | None
    counters: list[Counter] | None


def fields_numbered(catalog: Catalog, access: Access) -> list[tuple[Entity, Field]]:
    """The fields with masks that somebody may configure."""
    return [(kind, spec) for kind in catalog.entities.values() if access.configures(kind.key) for spec in kind.numbered]


def numbered(session: SystemSession, sight: Sight, some: Iterable[tuple[Entity, Field]]) -> list[Numbered]:
    """How far these fields have come."""
    found = []
    for kind, spec in some:
        told, mask = seen_whole(sight, kind.key, spec.key), read_mask(spec.numbering)
        found.append(Numbered(kind, spec, ahead(session, kind, spec, mask) if told else None, counters(session, spec, mask) if told else None))
    return found


def next_numbers(session: SystemSession, sight: Sight, document: Document) -> dict[tuple[str, str], list[Next]]:
    """What fields give next whose mask a document changes, where the reader sees all that they gave."""
    found: dict[tuple[str, str], list[Next]] = {}
    for one in document.fields:
        kind = session.catalog.entities.get(one.entity)
        spec = kind.fields.get(one.renamed_from or one.key) if kind is not None else None
        mask = one.said.get("mask")
        if kind is not None and spec is not None and spec.numbering and mask and mask != spec.numbering and seen_whole(sight, kind.key, spec.key):
            found[one.entity, one.key] = ahead(session, kind, spec, read_mask(str(mask)))
    return found


def set_next_number(engine: Engine, catalog: Catalog, user_id: int, entity: str, key: str, scope: str, number: int) -> str | None:
    """Let a counter go on with a number, by the rights of this moment; what it gives next, None where nothing changes. Raises NotFound for a field
    that has no mask or is not for this person to configure, Forbidden where he does not see all of its numbers, FieldError."""
    access = access_now(engine, user_id, catalog)
    spec = catalog.entity(entity).fields.get(key) if entity in catalog.entities and access.configures(entity) else None
    if spec is None or not spec.numbering:
        raise NotFound(m("There is no such page."))
    with system_session(engine, "setting the next number", catalog, write=True, source="ui", actor_id=user_id) as session:
        if not seen_whole(Sight(access, catalog, session.reader), entity, key):
            raise Forbidden(m("How far the numbers have come is not yours to know: you do not see all of them."))
        found = set_next(session, catalog.entity(entity), spec, scope, number)
        if found is not None:
            session.commit()
    return found
