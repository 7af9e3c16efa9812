"""Whether a person may make what a document of configuration says: nobody widens his own reach by it."""

from collections.abc import Iterator
from dataclasses import replace

from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.custom.fields import Kept
from crm.backoffice.custom.reading import Made
from crm.backoffice.fields.formula import sources
from crm.backoffice.lowcode.document import Document
from crm.backoffice.lowcode.made import CLASSES
from crm.backoffice.lowcode.options import PicklistSpec, standing
from crm.backoffice.lowcode.pipelines import pipeline_of
from crm.backoffice.sight import Sight
from crm.errors import Forbidden
from crm.messages import m
from crm.rights.known import sees_all
from crm.rights.made_rules import checks_kept, rules_seen


def may_configure_picklist(access: Access, catalog: Catalog, key: str) -> bool:
    """Whoever may configure every entity that uses it; one that nobody uses, who may make new entities."""
    users = {kind.key for kind in catalog.entities.values() for spec in kind.fields.values() if spec.picklist == key}
    return all(map(access.configures, users)) if users else access.configures()


def entity_led(catalog: Catalog, pipeline: str) -> str | None:
    """Whose records a pipeline leads, by its key; None for one that is not there."""
    known = pipeline_of(catalog, pipeline)
    return str(known.values["entity"]) if known is not None else None


def seen_whole(sight: Sight, entity: str, *keys: str) -> bool:
    """Whether somebody reads these fields wholly: on every record, without a condition."""
    return sees_all(sight, entity, keys)


def judge(sight: Sight, document: Document, after: Catalog) -> None:
    """Raises Forbidden where a person may not make what a document says, or would learn by it what he does not see."""
    access = sight.access
    if access is None or access.unlimited:
        return
    if document.roles or document.views or document.reports or document.dashboards or document.conflicts:
        raise Forbidden()
    before = sight.catalog
    led = {entity for spec in document.pipelines for entity in (spec.entity, entity_led(before, spec.key) or spec.entity)}
    led |= {entity for kind, entity, _ in document.removed if kind in ("pipeline", "stage")}
    if not all(access.configures(entity if entity in before.entities else "*") for entity in led):
        raise Forbidden(m("You do not have the right to configure this."))
    if not all(access.configures(entity) for entity in _entities(before.made, after.made)):
        raise Forbidden(m("You do not have the right to configure this."))
    laid_out = {spec.entity for spec in document.layouts} | {entity for kind, entity, _ in document.removed if kind == "layout"}
    if not all(access.configures(entity if entity in before.entities else "*") for entity in laid_out):
        raise Forbidden(m("You do not have the right to configure this."))
    lists = {one.picklist for one in document.merges} | {one.picklist for one in document.unmerged}
    lists |= {spec.key for spec in document.options if spec != _stands(before, spec)} | {entity for kind, entity, _ in document.removed if kind == "option"}
    if not all(may_configure_picklist(access, some, key) for key in lists for some in (before, after) if some is before or key not in before.picklists):
        raise Forbidden(m("Others use this picklist too: you do not have the right to configure all of them."))
    for old, new in _differing(before.made, after.made):
        _judge_field(sight, after, old, new)
    if not rules_seen(sight, after):
        raise Forbidden(m("You may ask for conditions only of fields that you see on every record."))
    if not checks_kept(sight, after):
        raise Forbidden(m("A check that looks at what you do not see on every record stays as it is."))


def _stands(catalog: Catalog, spec: PicklistSpec) -> PicklistSpec | None:
    """The picklist as its document would say it now, as far as it says something of it."""
    known = catalog.picklists.get(spec.key)
    if known is None:
        return None
    stands = standing(known)
    return replace(stands, label=stands.label if spec.label is not None else None, options=stands.options if spec.options else ())


def _entities(before: Made, after: Made) -> Iterator[str]:
    """What one must be allowed to configure: "*" stands for new entities."""
    known, later = ({one.number: one for one in made.entities.values()} for made in (before, after))
    for kind in after.entities.values():
        if kind.number not in known:
            yield "*"
        elif known[kind.number] != kind:
            yield kind.key
    yield from (kind.key for kind in before.entities.values() if kind.number not in later)
    new = {kind.key for kind in after.entities.values() if kind.number not in known}
    yield from (one.entity for pair in _differing(before, after) for one in pair if one is not None and one.entity not in new)
    checks = (one for here, there in ((before, after), (after, before)) for one in here.checks if one not in there.checks)
    yield from (one.entity for one in checks if one.entity not in new)


def _differing(before: Made, after: Made) -> Iterator[tuple[Kept | None, Kept | None]]:
    """Fields that change, as they stand and as they would; one that is converted stands beside what takes its place."""
    staying = {one.number for one in after.fields}
    numbers, places = {one.number: one for one in before.fields}, {(one.entity, one.key): one for one in before.fields if one.number not in staying}
    for field in after.fields:
        old = numbers.get(field.number) or places.get((field.entity, field.key))
        if old != field:
            yield old, field
    taken = {(one.entity, one.key) for one in after.fields}
    yield from ((field, None) for field in before.fields if field.number not in staying and (field.entity, field.key) not in taken)


def _judge_field(sight: Sight, after: Catalog, old: Kept | None, new: Kept | None) -> None:
    if new is None:
        return
    known = sight.catalog.entities
    if old is not None and old.entity in known and old.key in known[old.entity].fields:
        changed = old.key != new.key or any(old.said.get(name) != new.said.get(name) for name in ("class", "unique", "personal"))
        if changed and not seen_whole(sight, old.entity, old.key):
            raise Forbidden(m(
                "You do not see the field “%(key)s” on every record, so its key, its class and its uniqueness are not for you to change.", key=old.key,
            ))
    for entity, key in made_of(new):
        spec = after.entity(entity).fields.get(key)
        if spec is not None and CLASSES.index(spec.sensitivity) > CLASSES.index(new.said["class"]):
            raise Forbidden(m("What is made of the field “%(key)s” may not be more open than it is.", key=key))
        stands = entity in known and key in known[entity].fields
        if stands and not seen_whole(sight, entity, key):
            raise Forbidden(m("You may use only fields that you see on every record, and “%(key)s” is none.", key=key))


def made_of(kept: Kept) -> list[tuple[str, str]]:
    """The fields, by entity and key, that a formula or a roll-up is worked out from."""
    said = kept.said
    if said["type"] == "formula":
        return [(kept.entity, key) for key in sources(str(said["formula"]))]
    if said["type"] != "rollup":
        return []
    entity, reference = str(said["of"]).split(".")
    return [(entity, reference), *((entity, str(said[name])) for name in ("field", "by") if said.get(name))]
