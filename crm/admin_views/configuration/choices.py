"""What the forms of configuration offer to choose from: only what the one who configures may use."""

from dataclasses import dataclass

from crm.admin_views.configuration.door import own
from crm.admin_views.kit import context
from crm.backoffice.entities import Entity
from crm.backoffice.fields.expressions import FIELD_KINDS
from crm.backoffice.fields.rollup import ORDERED
from crm.backoffice.sight import Sight
from crm.rights.configuring_judged import may_configure_picklist, seen_whole

NOT_ADDED = frozenset({"file", "image", "rich_text", "long_text"})


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True)
class Group:
    """Choices of one kind of records, by its key."""

    key: str
    label: str
    choices: list[Choice]


def sight() -> Sight:
    """The eyes of whoever asks, outside any session: a request that publishes keeps none of its own."""
    return Sight(context.access(), context.catalog(), context.reader())


def seen(eyes: Sight, entity: str, key: str) -> bool:
    """Whether whoever asks sees a field on every record; of a kind that he has only kept he sees all."""
    return entity not in eyes.catalog.entities or seen_whole(eyes, entity, key)


def targets() -> list[Choice]:
    """Entities to which a reference may lead: those of which one sees something, those that one configures, and those that one has only kept."""
    access, language = context.access(), context.reader().language
    kinds = [kind for kind in own().catalog.entities.values() if kind.is_record
             and (kind.key in own().kinds or access.may(kind.key, "read") or access.configures(kind.key))]
    return sorted((Choice(kind.key, kind.plural.text(language)) for kind in kinds), key=lambda one: one.label)


def picklists() -> list[Choice]:
    """Picklists that one may configure: a field may use them as they stand."""
    access, catalog, language = context.access(), context.catalog(), context.reader().language
    known = [one for one in catalog.picklists.values() if may_configure_picklist(access, catalog, one.key)]
    return sorted((Choice(one.key, one.label.text(language)) for one in known), key=lambda one: one.label)


def reckoned(kind: Entity, apart_from: str = "") -> list[Choice]:
    """The fields that a formula of this entity may use: those that can be reckoned with and that one sees on every record."""
    eyes, language = sight(), context.reader().language
    fields = [spec for spec in kind.fields.values() if spec.type in FIELD_KINDS and not spec.system and spec.key != apart_from]
    return [Choice(spec.key, spec.label.text(language), FIELD_KINDS[spec.type]) for spec in fields if seen(eyes, kind.key, spec.key)]


def relations(kind: Entity) -> list[Choice]:
    """The references that lead here, as “entity.field”: what a roll-up may add up."""
    eyes, language, found = sight(), context.reader().language, []
    for other in own().catalog.entities.values():
        for spec in other.fields.values():
            if spec.target == kind.key and not spec.several and not spec.system and seen(eyes, other.key, spec.key):
                found.append(Choice(f"{other.key}.{spec.key}", f"{other.plural.text(language)} · {spec.label.text(language)}"))
    return found


def added(kind: Entity, *, ordered: bool = False) -> list[Group]:
    """The fields of the entities that refer here, grouped by entity: what is added up, or, with `ordered`, what orders them."""
    eyes, catalog, language, found = sight(), own().catalog, context.reader().language, []
    for key in dict.fromkeys(one.value.split(".")[0] for one in relations(kind)):
        other = catalog.entity(key)
        specs = [spec for spec in other.fields.values() if not spec.several and not spec.multiple and spec.type not in NOT_ADDED
                 and (not ordered or spec.type in ORDERED) and seen(eyes, key, spec.key)]
        found.append(Group(key, other.plural.text(language), [Choice(f"{key}:{spec.key}", spec.label.text(language), spec.type) for spec in specs]))
    return found
