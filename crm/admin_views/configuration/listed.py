"""Lists of what is configured: entities by area, the fields of one, picklists."""

from dataclasses import dataclass

from crm.admin_views.configuration.door import catalog_of
from crm.admin_views.configuration.palette import CLASSES, KINDS
from crm.admin_views.kit import context
from crm.admin_views.kit.menu import AREAS, ORDER
from crm.backoffice.custom.fields import Kept
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.lowcode.made import CLASSES as RANKED
from crm.messages import Label
from crm.rights.configuring_judged import may_configure_picklist

OTHER_TYPES = {"code": Label("Код", "Code"), "condition": Label("Умова", "Condition")}


@dataclass(frozen=True)
class EntityLine:
    key: str
    label: str
    icon: str
    made_here: bool
    fields: int
    made: int


@dataclass(frozen=True)
class EntityGroup:
    label: str
    lines: list[EntityLine]


@dataclass(frozen=True)
class FieldLine:
    """A field of an entity; `made` when it may be changed here, `broken` when what it is worked out from is gone."""

    key: str
    label: str
    type: str
    sensitivity: str
    class_label: str
    required: bool
    made: bool
    source: str = ""
    broken: bool = False


@dataclass(frozen=True)
class PicklistLine:
    key: str
    label: str
    options: int
    retired: int
    users: list[str]


def entities() -> list[EntityGroup]:
    """What one may configure, by area of the menu; rows of a parent below it."""
    catalog, access, language = context.catalog(), context.access(), context.reader().language
    position = {key: n for n, key in enumerate(ORDER)}
    known = sorted((kind for kind in catalog.entities.values() if access.configures(kind.key)),
                   key=lambda kind: (position.get(kind.key, len(ORDER)), kind.plural.text(language)))
    groups: dict[str, list[EntityLine]] = {key: [] for key, _, _ in AREAS}
    for kind in known:
        home = kind
        if kind.parent is not None:
            home = catalog.entities.get(kind.fields[kind.parent].target or "", kind)
        area = home.declared.area if home.declared.area in groups else "other"
        made = len(catalog.made.of(kind.key))
        groups[area].append(EntityLine(
            kind.key, kind.plural.text(language), kind.declared.icon, kind.custom, sum(not spec.system for spec in kind.fields.values()), made,
        ))
    return [EntityGroup(label.text(language), groups[key]) for key, label, _ in AREAS if groups[key]]


def fields(kind: Entity) -> list[FieldLine]:
    """The fields of an entity, made ones first, in the order of the form."""
    made = catalog_of(kind).made.of(kind.key)
    own = [_own(spec) for spec in kind.fields.values() if not spec.system and not spec.number]
    return [_made(kept, kind.fields.get(kept.key)) for kept in made.values()] + own


def type_name(type_: str) -> str:
    """The name of a type of fields."""
    label = KINDS[type_].name if type_ in KINDS else OTHER_TYPES.get(type_, Label(type_, type_))
    return label.text(context.reader().language)


def _made(kept: Kept, spec: Field | None) -> FieldLine:
    language, said = context.reader().language, kept.said
    source = str(said.get("formula") or said.get("mask") or said.get("to") or "")
    if said["type"] == "rollup":
        source = f"{said['function']} {said['of']}" + (f" · {said['field']}" if said.get("field") else "")
    label, needed = Label(said["label"]["uk"], said["label"]["en"]).text(language), bool(said.get("required"))
    return FieldLine(kept.key, label, type_name(str(said["type"])), said["class"], _class(said["class"]), needed, True, source, spec is None)


def _own(spec: Field) -> FieldLine:
    type_ = "formula" if spec.formula else "rollup" if spec.rollup else "auto_number" if spec.numbering else spec.type
    return FieldLine(spec.key, spec.label.text(context.reader().language), type_name(type_), spec.sensitivity, _class(spec.sensitivity), spec.required, False)


def _class(key: str) -> str:
    assert key in RANKED
    return next(label.text(context.reader().language) for known, label, _ in CLASSES if known == key)


def picklists() -> list[PicklistLine]:
    """The picklists that one may configure, with the fields that use them."""
    catalog, access, language = context.catalog(), context.access(), context.reader().language
    found = []
    for one in catalog.picklists.values():
        if may_configure_picklist(access, catalog, one.key):
            users = [f"{kind.plural.text(language)} · {spec.label.text(language)}" for kind in catalog.entities.values() for spec in kind.fields.values()
                     if spec.picklist == one.key]
            found.append(PicklistLine(one.key, one.label.text(language), len(one.options), sum(o.retired for o in one.options), users))
    return sorted(found, key=lambda one: one.label)
