"""A made field (or check), from what the configuration says of it to the description that everything else reads."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields as facets_of, replace
from typing import Any

from crm.backoffice.conditions.tree import Lookup, parse as parse_condition
from crm.backoffice.entities import Check
from crm.backoffice.fields import TYPES, expressions
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.formula import sources
from crm.backoffice.fields.rollup import Rollup, gives
from crm.errors import FieldError
from crm.messages import Label, m

Said = Mapping[str, Any]
Option = Callable[[str, str], int | None]  # picklist and key → the option's number
DERIVED = ("formula", "rollup", "auto_number")
CONDITIONS = ("required_if", "read_only_if", "visible_if")
PLAIN = ("required", "unique", "personal", "searchable", "indexed")
RESULTS: Mapping[expressions.Kind, str] = {"number": "decimal", "money": "money", "boolean": "boolean", "date": "date"}


@dataclass(frozen=True)
class Kept:
    """A made field, or a check under its name, as its row holds it."""

    number: int
    entity: str
    key: str
    said: Said

    @property
    def attribute(self) -> str:
        return f"cf_{self.number}"


def label_of(said: Said) -> Label:
    return Label(said["label"]["uk"], said["label"]["en"])


def checks_of(said: Iterable[Said], saved: Lookup) -> tuple[Check, ...]:
    """What records must satisfy, from what a file says of it."""
    return tuple(Check(parse_condition(one["where"], saved), Label(one["message"]["uk"], one["message"]["en"]), str(one.get("field", ""))) for one in said)


def field_of(kept: Kept, found: Callable[[str, str], Field], option: Option, saved: Lookup) -> Field:
    """The description of a made field. `found` gives a described field of an entity by keys: what formulas and roll-ups are typed by.
    Raises FieldError when what it is computed from is not there or makes no sense."""
    said, type_ = kept.said, str(kept.said["type"])
    common: dict[str, Any] = {
        "key": kept.key, "attribute": kept.attribute, "number": kept.number, "label": label_of(said), "sensitivity": said["class"],
        **{name: True for name in PLAIN if said.get(name)},
    }
    if said.get("help"):
        common["help"] = Label(said["help"]["uk"], said["help"]["en"])
    if type_ == "formula":
        return _formula(kept, common, found)
    if type_ == "rollup":
        return _rollup(kept, common, found)
    common |= {name: parse_condition(said[name], saved) for name in CONDITIONS if said.get(name) is not None}
    spec = plain(TYPES["text" if type_ == "auto_number" else type_], said, common)
    return spec if said.get("default") is None else replace(spec, default=_default(spec, said, option))


def _default(spec: Field, said: Said, option: Option) -> Any:
    given = said["default"]
    if spec.picklist is None:
        return spec.unjournal(given)
    numbers = [option(spec.picklist, key) for key in (given if spec.multiple else [given])]
    return (tuple(sorted(n for n in numbers if n is not None)) or None) if spec.multiple else numbers[0]


def plain(kind: type[Field], said: Said, common: Mapping[str, Any]) -> Field:
    """A field of a type that is typed by people, without its default."""
    known = {one.name for one in facets_of(kind)}
    given: dict[str, Any] = {name: said[name] for name in ("scale", "max_length", "picklist") if said.get(name) is not None and name in known}
    if said.get("to"):
        given["target"] = said["to"]
        given["reverse"] = reverse_of(said)
    if said.get("mask"):
        given |= {"numbering": said["mask"], "unique": True}
    return kind(**{**common, **given})


def reverse_of(said: Said) -> tuple[str, Label] | None:
    """How the relation reads from the other side; None where the entities' names say it (`catalog.link`)."""
    reverse = said.get("reverse")
    return (str(reverse["key"]), Label(reverse["label"]["uk"], reverse["label"]["en"])) if reverse else None


def _formula(kept: Kept, common: dict[str, Any], found: Callable[[str, str], Field]) -> Field:
    text = str(kept.said["formula"])
    tree = expressions.parse(text)
    read = {key: found(kept.entity, key) for key in tree.sources}
    kind = expressions.kind_of(tree, {key: spec.type for key, spec in read.items()})
    type_ = str(kept.said.get("gives") or RESULTS[kind])
    if expressions.FIELD_KINDS.get(type_) != kind:
        raise FieldError(m("The formula does not give what the field holds."))
    if common["sensitivity"] != "sensitive" and any(spec.sensitivity == "sensitive" for spec in read.values()):
        raise FieldError(m("A formula over a sensitive field is sensitive itself."))
    return replace(plain(TYPES[type_], kept.said, common), formula=text, made_of=sources(text))


def _rollup(kept: Kept, common: dict[str, Any], found: Callable[[str, str], Field]) -> Field:
    said = kept.said
    entity, reference = str(said["of"]).split(".")
    if found(entity, reference).target != kept.entity:
        raise FieldError(m("“%(path)s” does not refer to “%(entity)s”.", path=said["of"], entity=kept.entity))
    added = found(entity, str(said["field"])) if said.get("field") else None
    if added is not None and added.sensitivity == "sensitive" and common["sensitivity"] != "sensitive":
        raise FieldError(m("A roll-up of a sensitive field is sensitive itself."))
    rollup = Rollup(entity, reference, str(said["function"]), added.key if added else "", str(said.get("by") or ""))
    return replace(gives(rollup, added), **common, rollup=rollup)
