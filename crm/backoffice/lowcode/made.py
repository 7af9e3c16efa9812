"""Entities and fields in a configuration file, and what the whole would be with them.

What is kept of each is what the file says, in one fixed form: only what differs from the usual, in one order. So a file that is printed reads back to
no change, and two files that say the same are the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from crm.backoffice.catalog import Catalog, link, product
from crm.backoffice.custom.fields import DERIVED, Kept, Said, plain
from crm.backoffice.custom.naming import ADDRESSES, KEY, WORDS
from crm.backoffice.custom.reading import KeptEntity, Made, described
from crm.backoffice.entities import Entity
from crm.backoffice.fields import TYPES, expressions
from crm.backoffice.fields.rollup import FUNCTIONS
from crm.backoffice.lowcode.options import PicklistSpec, options_of
from crm.backoffice.lowcode.parsing import label_of, only, section_of, wrong
from crm.errors import BramaError, FieldError
from crm.messages import Label, Message, m

MOST_FIELDS = 500  # of one entity
CLASSES = ("open", "internal", "sensitive")
FIELD_TYPES = (*TYPES, *DERIVED)
ALWAYS = ("type", "label", "help", "class", "renamed_from")
TYPED = ("required", "indexed", "personal", "default")
NAMES: Mapping[str, tuple[str, ...]] = {  # what may be said of a type beside ALWAYS and TYPED
    "text": ("unique", "searchable", "max_length"), "long_text": ("searchable",), "rich_text": ("searchable",), "integer": ("unique",),
    "decimal": ("unique", "scale"),
    "date": ("unique",), "email": ("unique", "searchable"), "phone": ("unique", "searchable"), "url": ("unique", "searchable"), "country": (),
    "tax_code": ("unique", "searchable"), "iban": ("unique", "searchable"), "picklist": ("options", "picklist"), "multi_picklist": ("options", "picklist"),
    "reference": ("to", "reverse", "unique"), "many_to_many": ("to", "reverse"),
}
DERIVED_NAMES: Mapping[str, tuple[str, ...]] = {
    "formula": ("formula", "gives", "scale", "indexed", "personal"), "rollup": ("of", "function", "field", "by", "indexed", "personal"),
    "auto_number": ("mask", "searchable", "indexed"),
}
NO_DEFAULT = frozenset({"reference", "many_to_many", "file", "image"})
NOT_INDEXED = frozenset({"many_to_many", "multi_picklist", "file", "image", "long_text", "rich_text"})
ORDER = (
    "type", "label", "help", "class", "required", "unique", "searchable", "indexed", "personal", "default", "max_length", "scale", "picklist", "to", "reverse",
    "formula", "gives", "of", "function", "field", "by", "mask",
)


CURRENCY: Said = {"type": "currency", "label": {"uk": "Валюта", "en": "Currency"}, "class": "open"}  # what money is in, where the entity has none yet


@dataclass(frozen=True)
class EntitySpec:
    """An entity as a file says it, without its fields."""

    key: str
    said: Said


@dataclass(frozen=True)
class FieldSpec:
    """A field as a file says it; without a class it keeps the one it has. `options` stand in the file beside it."""

    entity: str
    key: str
    said: Said
    options: PicklistSpec | None = None
    renamed_from: str = ""


@dataclass(frozen=True)
class Standing:
    """How a made entity or field stood before a version: by its number, under which it is still kept. `said` None: it was not there."""

    kind: str  # entity, field
    number: int
    entity: str
    key: str
    said: Said | None


def entities_of(raw: Any, own: Mapping[str, Any]) -> tuple[list[EntitySpec], list[FieldSpec]]:
    """The section `entities`: the entities and their fields. Raises BadRequest."""
    entities: list[EntitySpec] = []
    fields: list[FieldSpec] = []
    for key, said in section_of(raw, "entities"):
        place = m("entity “%(key)s”", key=key)
        only(said, ("label", "plural", "area", "icon", "prefix", "fields"), place)
        if key in own:
            raise wrong(place, m("it is the product's own; what is added to it stands under “fields”"))
        if not KEY.fullmatch(key) or key in ADDRESSES:
            raise wrong(place, m("“%(key)s” is not a usable key", key=key))
        label = both(said, "label", place)
        kept: dict[str, Any] = {"label": label.as_dict(), "plural": (both(said, "plural", place) if said.get("plural") else label).as_dict()}
        for name, longest in (("area", 64), ("icon", 64), ("prefix", 12)):
            if said.get(name) is not None:
                kept[name] = _word(said[name], longest, place, name)
        entities.append(EntitySpec(key, kept))
        fields += [_field(key, name, one) for name, one in section_of(said, "fields", place)]
    return entities, fields


def fields_of(raw: Any) -> list[FieldSpec]:
    """The section `fields`: what is added to entities that stand already. Raises BadRequest."""
    found = section_of(raw, "fields")
    return [_field(entity, key, said) for entity, named in found for key, said in section_of({"fields": named}, "fields", m("entity “%(key)s”", key=entity))]


def removed_of(raw: Any) -> list[tuple[str, str, str]]:
    """The list `removed`: kind, entity, key of what goes. Raises BadRequest."""
    given = raw.get("removed") or []
    if not isinstance(given, list) or not all(isinstance(one, str) and 1 <= len(one.split(".")) <= 2 for one in given):
        raise wrong(m("the file"), m("“removed” is a list of entities and of fields, as “account.nickname”"))
    return [("field", *one.split(".", 1)) if "." in one else ("entity", one, one) for one in given]


def _field(entity: str, key: str, said: Any) -> FieldSpec:
    place = m("field “%(key)s”", key=f"{entity}.{key}")
    if not KEY.fullmatch(key) or key in WORDS:
        raise wrong(place, m("“%(key)s” is not a usable key", key=key[:60]))
    if not isinstance(said, Mapping):
        raise wrong(place, m("named values are expected"))
    type_ = said.get("type")
    if type_ not in FIELD_TYPES:
        raise wrong(place, m("the type “%(type)s” is not known", type=str(type_)[:40]))
    only(said, (*ALWAYS, *(DERIVED_NAMES[type_] if type_ in DERIVED else (*TYPED, *NAMES.get(type_, ())))), place)
    kept: dict[str, Any] = {"type": type_, "label": both(said, "label", place).as_dict()}
    if said.get("help"):
        kept["help"] = both(said, "help", place).as_dict()
    if said.get("class") is not None:
        if said["class"] not in CLASSES:
            raise wrong(place, m("a class is open, internal or sensitive"))
        kept["class"] = said["class"]
    for name in ("required", "unique", "searchable", "indexed", "personal"):
        if not isinstance(said.get(name, False), bool):
            raise wrong(place, m("“%(name)s” is true or false", name=name))
        if said.get(name):
            kept[name] = True
    for name, least, most in (("max_length", 1, 255), ("scale", 0, 8)):
        if said.get(name) is not None:
            if type(said[name]) is not int or not least <= said[name] <= most:
                raise wrong(place, m("“%(name)s” is a whole number from %(least)s to %(most)s", name=name, least=least, most=most))
            kept[name] = said[name]
    if kept.get("indexed") and type_ in NOT_INDEXED:
        raise wrong(place, m("a field of this type has no index"))
    for name in ("to", "formula", "gives", "of", "function", "field", "by", "mask"):
        if said.get(name) is not None:
            kept[name] = _word(said[name], 1000, place, name)
    if said.get("reverse") is not None:
        only(said["reverse"], ("key", "label"), place)
        kept["reverse"] = {"key": _word(said["reverse"].get("key"), 48, place, "key"), "label": both(said["reverse"], "label", place).as_dict()}
    _complete(type_, kept, place)
    options = _options(entity, key, type_, said, kept, place)
    if said.get("default") is not None:
        kept["default"] = _default(type_, said["default"], kept, place)
    renamed = said.get("renamed_from") or ""
    return FieldSpec(entity, key, {name: kept[name] for name in ORDER if name in kept}, options, _word(renamed, 48, place, "renamed_from") if renamed else "")


def _complete(type_: str, kept: Mapping[str, Any], place: Message) -> None:
    needed = {"reference": ("to",), "many_to_many": ("to",), "formula": ("formula",), "rollup": ("of", "function"), "auto_number": ("mask",)}
    for name in needed.get(type_, ()):
        if not kept.get(name):
            raise wrong(place, m("“%(name)s” is missing", name=name))
    if type_ == "rollup":
        if len(kept["of"].split(".")) != 2:
            raise wrong(place, m("“of” names an entity and its reference: tender.customer"))
        if kept["function"] not in FUNCTIONS:
            raise wrong(place, m("a roll-up knows no function “%(name)s”; it knows %(known)s", name=kept["function"][:40], known=", ".join(FUNCTIONS)))
        if (kept["function"] == "count") == bool(kept.get("field")):
            raise wrong(place, m("all roll-ups but “count” name a “field”"))


def _options(entity: str, key: str, type_: str, said: Mapping[str, Any], kept: dict[str, Any], place: Message) -> PicklistSpec | None:
    if type_ not in ("picklist", "multi_picklist"):
        return None
    kept["picklist"] = _word(said.get("picklist") or f"{entity}.{key}", 64, place, "picklist")
    if said.get("options") is None:
        return None
    label = label_of(said, place)
    return PicklistSpec(kept["picklist"], label, options_of(said["options"], place))


def _default(type_: str, given: Any, kept: Mapping[str, Any], place: Message) -> Any:
    """The default in the form in which it is kept: as the journal keeps values, options by key."""
    if type_ in NO_DEFAULT:
        raise wrong(place, m("a field of this type has no default"))
    if type_ in ("picklist", "multi_picklist"):
        keys = given if isinstance(given, list) else [given]
        if not all(isinstance(one, str) for one in keys) or (type_ == "picklist" and len(keys) != 1):
            raise wrong(place, m("the default is the key of an option"))
        return keys if type_ == "multi_picklist" else keys[0]
    spec = plain(TYPES[type_], kept, {"key": "value", "attribute": "value", "label": Label("", "")})
    try:
        return spec.journal(spec.clean(given if isinstance(given, bool | int) else spec.clean(str(given))))
    except FieldError as fault:
        raise wrong(place, m("the default is not accepted: %(why)s", why=fault.message)) from None


def both(said: Mapping[str, Any], name: str, place: Message) -> Label:
    """A label that must stand in both languages. Raises BadRequest."""
    given = said.get(name)
    if isinstance(given, Mapping) and set(given) == {"uk", "en"} and all(isinstance(one, str) and one.strip() for one in given.values()):
        return Label(given["uk"].strip()[:255], given["en"].strip()[:255])
    raise wrong(place, m("“%(name)s” has “uk” and “en”, neither of them empty", name=name))


def _word(given: Any, longest: int, place: Message, name: str) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > longest or not given.isprintable():
        raise wrong(place, m("“%(name)s” is a text of at most %(limit)s characters", name=name, limit=longest))
    return given.strip()


# --- the whole with them -----------------------------------------------------------------------------------------------


def made_with(
    catalog: Catalog, entities: Iterable[EntitySpec], fields: Iterable[FieldSpec], removed: Iterable[tuple[str, str, str]], standing: Iterable[Standing] = (),
) -> Made:
    """What would be made: new entities and fields under numbers below zero, since they have no tables yet. Raises BadRequest."""
    own, kinds, kept = catalog.entities, dict(catalog.made.entities), {(one.entity, one.key): one for one in catalog.made.fields}
    fresh = -1
    coming = list(entities)
    for spec in coming:
        known = kinds.get(spec.key)
        if known is None and spec.key in catalog.made.gone:
            raise wrong(m("entity “%(key)s”", key=spec.key), m("one that was removed has this key; undo its removal, or choose another key"))
        kinds[spec.key] = KeptEntity(known.number, spec.key, spec.said) if known else KeptEntity(fresh, spec.key, spec.said)
        fresh -= 1
    for kind, entity, key in removed:
        if kind in ("entity", "field") and _is_products(own.get(entity), None if kind == "entity" else key):
            raise wrong(m("the file"), m("“%(key)s” is the product's own and cannot be removed", key=entity if kind == "entity" else f"{entity}.{key}"))
        if kind == "entity":
            kinds.pop(key, None)
            kept = {place: one for place, one in kept.items() if place[0] != key}
        elif kind == "field":
            kept.pop((entity, key), None)
    for field in fields:
        place = m("field “%(key)s”", key=f"{field.entity}.{field.key}")
        if field.entity not in kinds and (field.entity not in own or own[field.entity].custom):
            raise wrong(place, m("there is no entity “%(key)s”", key=field.entity[:64]))
        if _is_products(own.get(field.entity), field.key):
            raise wrong(place, m("the entity has a field of this key that is not for you to change"))
        old = kept.get((field.entity, field.key))
        if old is None and field.renamed_from:
            old = kept.pop((field.entity, field.renamed_from), None)
            if old is not None:
                kept = {place: _following(one, field.entity, field.renamed_from, field.key) for place, one in kept.items()}
        usual = "internal" if field.entity not in own else "sensitive"
        said = {**field.said, "class": field.said.get("class") or (old.said["class"] if old else usual)}
        same = old is not None and stored_alike(old.said, said)
        number = old.number if old is not None and same else fresh
        kept[field.entity, field.key] = Kept(number, field.entity, field.key, {name: said[name] for name in ORDER if name in said})
        fresh -= 1
    _put_back(kinds, kept, standing)
    for entity in sorted({one.entity for one in kept.values() if one.said["type"] == "money"}):
        if (entity, "currency") not in kept and not (entity in own and "currency" in own[entity].fields):
            kept[entity, "currency"] = Kept(fresh, entity, "currency", CURRENCY)
            fresh -= 1
    counts: dict[str, int] = {}
    for entity, _ in kept:
        counts[entity] = counts.get(entity, 0) + 1
        if counts[entity] > MOST_FIELDS:
            raise wrong(m("entity “%(key)s”", key=entity), m("an entity holds at most %(count)s made fields", count=MOST_FIELDS))
    return Made(MappingProxyType(kinds), tuple(kept.values()), catalog.made.gone)


def _is_products(kind: Entity | None, field: str | None) -> bool:
    """Whether an entity, or a field of it, is the product's own."""
    if kind is None or field is None:
        return kind is not None and not kind.custom
    return field in kind.fields and not kind.fields[field].number


def _following(kept: Kept, entity: str, old: str, new: str) -> Kept:
    """A formula or roll-up that goes on naming a field by its new key."""
    said = dict(kept.said)
    if kept.entity == entity and said.get("formula"):
        said["formula"] = expressions.renamed(str(said["formula"]), old, new)
    if said.get("of"):
        rows, _, reference = str(said["of"]).partition(".")
        if rows == entity:
            said |= {name: new for name in ("field", "by") if said.get(name) == old}
            said["of"] = f"{rows}.{new if reference == old else reference}"
    return replace(kept, said=said) if said != kept.said else kept


def _put_back(kinds: dict[str, KeptEntity], kept: dict[tuple[str, str], Kept], standing: Iterable[Standing]) -> None:
    """Made things as they stood, found by their numbers whatever they are called now."""
    for was in standing:
        if was.kind == "entity":
            for key in [key for key, one in kinds.items() if one.number == was.number]:
                del kinds[key]
            if was.said is not None:
                if was.key in kinds:
                    raise wrong(m("entity “%(key)s”", key=was.key), m("another one has taken this key"))
                kinds[was.key] = KeptEntity(was.number, was.key, was.said)
        else:
            for place in [place for place, one in kept.items() if one.number == was.number]:
                del kept[place]
    for was in standing:
        if was.kind == "field" and was.said is not None:
            if (was.entity, was.key) in kept:
                raise wrong(m("field “%(key)s”", key=f"{was.entity}.{was.key}"), m("another one has taken this key"))
            kept[was.entity, was.key] = Kept(was.number, was.entity, was.key, was.said)


def stored_alike(old: Said, new: Said) -> bool:
    """Whether the values of a field stay in their column when it changes so."""
    return all(old.get(name) == new.get(name) for name in ("type", "scale", "to", "picklist", "gives", "of", "function", "field")) and (
        (new.get("max_length") or 255) >= (old.get("max_length") or 255)
    )


def catalog_with(catalog: Catalog, made: Made) -> Catalog:
    """The catalog as it would be. Raises BadRequest for a field that would make no sense, one that stands already too."""

    def refuse(kept: Kept, why: Exception) -> None:
        message = why.message if isinstance(why, BramaError) else m("it makes no sense")
        raise wrong(m("field “%(key)s”", key=f"{kept.entity}.{kept.key}"), m("it cannot be worked out: %(why)s", why=message))

    def option(picklist: str, key: str) -> int | None:
        known = catalog.picklists.get(picklist)
        found = known.by_key(key) if known else None
        return found.id if found else None

    entities = described(product(), made, option, refuse)
    for kept in made.fields:
        to = kept.said.get("to")
        if to is not None and to not in entities:
            raise wrong(m("field “%(key)s”", key=f"{kept.entity}.{kept.key}"), m("there is no entity “%(key)s”", key=str(to)[:64]))
    return replace(catalog, entities=MappingProxyType(link(entities)), made=made)


