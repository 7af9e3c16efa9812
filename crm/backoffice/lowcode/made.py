"""Entities and fields in a configuration file.

What is kept of each is what the file says, in one fixed form: only what differs from the usual, in one order. So a file that is printed reads back to
no change, and two files that say the same are the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crm.backoffice.custom.fields import CONDITIONS, DERIVED, Said, plain
from crm.backoffice.custom.naming import ADDRESSES, KEY, WORDS
from crm.backoffice.entities import Entity
from crm.backoffice.fields import TYPES
from crm.backoffice.fields.numbering import read_mask
from crm.backoffice.fields.rollup import FUNCTIONS
from crm.backoffice.lowcode.field_rules import checks_of, conditions_of
from crm.backoffice.lowcode.icons import ICONS
from crm.backoffice.lowcode.options import PicklistSpec, options_of
from crm.backoffice.lowcode.parsing import both, label_of, only, section_of, word, wrong
from crm.backoffice.turning import UNDECIDED, Decided, Decisions
from crm.errors import FieldError
from crm.messages import Label, Message, m

CLASSES = ("open", "internal", "sensitive")
FIELD_TYPES = (*TYPES, *DERIVED)
ALWAYS = ("type", "label", "help", "class", "renamed_from")
DECIDED = ("values", "rest_in")  # what becomes of the values of a field whose type this changes
TYPED = ("required", "indexed", "personal", "default", *CONDITIONS, *DECIDED)
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
NEEDED: Mapping[str, tuple[str, ...]] = {
    "reference": ("to",), "many_to_many": ("to",), "formula": ("formula",), "rollup": ("of", "function"), "auto_number": ("mask",),
}
MOST_DECIDED = 1_000
NO_DEFAULT = frozenset({"reference", "many_to_many", "file", "image"})
NOT_INDEXED = frozenset({"many_to_many", "multi_picklist", "file", "image", "long_text", "rich_text"})
ORDER = (
    "type", "label", "help", "class", "required", "unique", "searchable", "indexed", "personal", "default", "max_length", "scale", "picklist", "to", "reverse",
    "formula", "gives", "of", "function", "field", "by", "mask", *CONDITIONS,
)


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
    decided: Decided = UNDECIDED  # what becomes of values, where the type changes


def decisions_of(fields: Iterable[FieldSpec]) -> Decisions:
    """What a file decides of values, by entity and key of their field."""
    return {(one.entity, one.key): one.decided for one in fields if one.decided != UNDECIDED}


def entities_of(raw: Any, own: Mapping[str, Entity]) -> tuple[list[EntitySpec], list[FieldSpec]]:
    """The section `entities`: the entities and their fields. Raises BadRequest."""
    entities: list[EntitySpec] = []
    fields: list[FieldSpec] = []
    for key, said in section_of(raw, "entities"):
        place = m("entity “%(key)s”", key=key)
        only(said, ("label", "plural", "area", "icon", "prefix", "fields", "checks"), place)
        if key in own:
            raise wrong(place, m("it is the product's own; what is added to it stands under “fields”"))
        if not KEY.fullmatch(key) or key in ADDRESSES:
            raise wrong(place, m("“%(key)s” is not a usable key", key=key))
        label = both(said, "label", place)
        kept: dict[str, Any] = {"label": label.as_dict(), "plural": (both(said, "plural", place) if said.get("plural") else label).as_dict()}
        for name, longest in (("area", 64), ("icon", 64), ("prefix", 12)):
            if said.get(name) is not None:
                kept[name] = word(said[name], longest, place, name)
        known = {one.declared.area for one in own.values() if one.declared.area} | {"other"}
        if kept.get("area", "other") not in known:
            raise wrong(place, m("the areas of the menu are %(known)s", known=", ".join(sorted(known))))
        if kept.get("icon", "database") not in ICONS:
            raise wrong(place, m("the icons are %(known)s", known=", ".join(ICONS)))
        demanded = checks_of(said, place)
        if demanded:
            kept["checks"] = demanded
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
    if not isinstance(given, list) or not all(isinstance(one, str) and (1 <= len(one.split(".")) <= 2 or ".checks." in one) for one in given):
        raise wrong(m("the file"), m("“removed” is a list of entities and of fields, as “account.nickname”, and of checks, as “account.checks.name”"))
    return [_gone(one) for one in given]


def _gone(named: str) -> tuple[str, str, str]:
    entity, _, check = named.partition(".checks.")
    if check:
        return "check", entity, check
    entity, _, field = named.partition(".")
    return ("field", entity, field) if field else ("entity", named, named)


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
            kept[name] = word(said[name], 1000, place, name)
    if said.get("reverse") is not None:
        only(said["reverse"], ("key", "label"), place)
        kept["reverse"] = {"key": word(said["reverse"].get("key"), 48, place, "key"), "label": both(said["reverse"], "label", place).as_dict()}
    if type_ not in DERIVED:
        kept |= conditions_of(said, place)
    _complete(type_, kept, place)
    options = _options(entity, key, type_, said, kept, place)
    if said.get("default") is not None:
        kept["default"] = _default(type_, said["default"], kept, place)
    renamed = said.get("renamed_from") or ""
    return FieldSpec(
        entity, key, {name: kept[name] for name in ORDER if name in kept}, options, word(renamed, 48, place, "renamed_from") if renamed else "",
        _decided(said, place),
    )


def _decided(said: Any, place: Message) -> Decided:
    values = said.get("values")
    if values is not None and (not isinstance(values, Mapping) or len(values) > MOST_DECIDED):
        raise wrong(place, m("“values” says of at most %(count)s values what each becomes", count=MOST_DECIDED))
    if any(isinstance(new, Mapping) for new in (values or {}).values()):
        raise wrong(place, m("a value becomes another one, or null"))
    told = {("true" if old else "false") if isinstance(old, bool) else str(old): new for old, new in (values or {}).items()}
    return Decided(told, word(said["rest_in"], 48, place, "rest_in") if said.get("rest_in") else "")


def _complete(type_: str, kept: Mapping[str, Any], place: Message) -> None:
    for name in NEEDED.get(type_, ()):
        if not kept.get(name):
            raise wrong(place, m("“%(name)s” is missing", name=name))
    if kept.get("required") and (kept.get("required_if") or kept.get("visible_if")):
        raise wrong(place, m("what is always required has no “required_if” and no “visible_if”"))
    if type_ == "auto_number":
        try:
            read_mask(kept["mask"])
        except FieldError as fault:
            raise wrong(place, fault.message) from None
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
    kept["picklist"] = word(said.get("picklist") or f"{entity}.{key}", 64, place, "picklist")
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
