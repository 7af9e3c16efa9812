"""The form of a made field: what it shows first, and what a posted one says."""

from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from crm.admin_views.configuration import field_conditions, options_form
from crm.admin_views.configuration.door import catalog_of
from crm.admin_views.configuration.entity_form import missing
from crm.admin_views.configuration.keys import proposed
from crm.admin_views.configuration.palette import FLAGS, facets
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.filters import as_json
from crm.backoffice.custom.fields import CONDITIONS, DERIVED, Kept, plain
from crm.backoffice.custom.naming import KEY, WORDS
from crm.backoffice.entities import Entity
from crm.backoffice.fields import TYPES, expressions
from crm.backoffice.fields.base import Field
from crm.errors import FieldError
from crm.messages import Label, m

Form = MultiDict[str, str]
PLAIN = ("gives", "of", "function", "by", "mask", "to", "formula")
NUMBERS = {"max_length": (1, 255), "scale": (0, 8)}


@dataclass(frozen=True)
class Read:
    """A posted form: the key, what a file would say of the field, and what is wrong by the name of the control."""

    key: str
    said: dict[str, Any]
    errors: dict[str, str]


def stored(kind: Entity, kept: Kept | None) -> Form:
    """What the form of a field shows first; of a new one what is usual."""
    if kept is None:
        return MultiDict({"class": "internal" if kind.custom else "sensitive", "opt": "0"})
    said = kept.said
    found: Form = MultiDict({"key": kept.key, "label_uk": said["label"]["uk"], "label_en": said["label"]["en"], "class": said["class"]})
    if said.get("help"):
        found.update({"help_uk": said["help"]["uk"], "help_en": said["help"]["en"]})
    found.update({name: "1" for name, _, _ in FLAGS if said.get(name)})
    found.update({name: str(said[name]) for name in (*PLAIN, *NUMBERS, "picklist") if said.get(name) is not None})
    found.update({name: as_json(said[name]) for name in CONDITIONS if said.get(name) is not None})
    if said.get("field"):
        found["field"] = f"{str(said['of']).split('.')[0]}:{said['field']}"
    if said.get("by"):
        found["by"] = f"{str(said['of']).split('.')[0]}:{said['by']}"
    if said.get("reverse"):
        found.update({"reverse_uk": said["reverse"]["label"]["uk"], "reverse_en": said["reverse"]["label"]["en"]})
    if said.get("default") is not None:
        found["default"] = shown_default(str(said["type"]), said)
    return found


def read(kind: Entity, type_: str, form: Form, old: Kept | None) -> Read:
    """What was typed of a field of `type_`; `old` is the field as it stands. What the form does not ask stays as it is."""
    errors = missing(form, "label_uk", "label_en")
    asked = facets(type_)
    said: dict[str, Any] = {name: value for name, value in (old.said if old else {}).items() if old and old.said["type"] == type_ and name not in _CONTROLLED}
    said |= {"type": type_, "label": {"uk": form.get("label_uk", "").strip(), "en": form.get("label_en", "").strip()}, "class": form.get("class", "")}
    help_ = {language: form.get(f"help_{language}", "").strip() for language in ("uk", "en")}
    if any(help_.values()):
        errors |= missing(form, *(f"help_{language}" for language in help_))
        said["help"] = help_
    said |= {name: True for name, _, _ in FLAGS if name in asked and form.get(name)}
    for name, (least, most) in NUMBERS.items():
        text = form.get(name, "").strip()
        if name in asked and text:
            if text.isascii() and text.isdecimal() and least <= int(text[:9]) <= most:
                said[name] = int(text)
            else:
                errors[name] = say(m("A whole number from %(least)s to %(most)s is expected here.", least=least, most=most))
    for name in PLAIN:
        if name in asked and form.get(name, "").strip():
            said[name] = form[name].strip()
    if asked.issuperset(CONDITIONS):
        said |= field_conditions.said(kind, form, old, errors)
    _sources(form, asked, said, errors)
    _relation(kind, form, asked, said, errors)
    key = _key(kind, form, old, errors)
    _list(kind, key, form, asked, said, errors, old)
    if "default" in asked and form.get("default", "").strip():
        _default(type_, form["default"].strip(), said, errors)
    if old is not None and key != old.key:
        said["renamed_from"] = old.key
    return Read(key, said, errors)


_CONTROLLED = frozenset({
    "type", "label", "help", "class", "default", "picklist", "reverse", "field", *CONDITIONS, *PLAIN, *NUMBERS, *(name for name, _, _ in FLAGS),
})


def _key(kind: Entity, form: Form, old: Kept | None, errors: dict[str, str]) -> str:
    key = form.get("key", "").strip() or (old.key if old else proposed(form.get("label_en", ""), form.get("label_uk", "")))
    if not KEY.fullmatch(key) or key in WORDS:
        errors["key"] = say(m("A key begins with a Latin letter and has only small letters, digits and “_”, at most 48."))
    elif (old is None or key != old.key) and _taken(kind, key):
        errors["key"] = say(m("This entity has a field of this key already; choose another one."))
    return key


def _taken(kind: Entity, key: str) -> bool:
    """Whether a field has the key; one that is only kept gives its place to a new one."""
    if kind.key in context.catalog().entities:
        return key in kind.fields or key in context.catalog().made.of(kind.key)
    return key in kind.fields and key not in catalog_of(kind).made.of(kind.key)


def _sources(form: Form, asked: frozenset[str], said: dict[str, Any], errors: dict[str, str]) -> None:
    """What a formula or a roll-up is worked out from: nothing of it may be missing."""
    for name in ("formula", "of", "function", "mask"):
        if name in asked and not said.get(name):
            errors[name] = say(m("This is needed."))
    if "formula" in asked and said.get("formula"):
        try:
            expressions.parse(said["formula"])
        except FieldError as fault:
            errors["formula"] = say(fault.message)
    if "of" not in asked:
        return
    entity = str(said.get("of", "")).split(".")[0]
    for name in ("field", "by"):
        said.pop(name, None)
        where, _, key = form.get(name, "").partition(":")
        if not key or (name == "field" and said.get("function") == "count") or (name == "by" and said.get("function") != "last"):
            continue
        if where != entity:
            errors[name] = say(m("This is a field of other records than those that are added up."))
        said[name] = key
    if said.get("function") not in (None, "count") and not said.get("field"):
        errors.setdefault("field", say(m("Say which field is added up.")))


def _relation(kind: Entity, form: Form, asked: frozenset[str], said: dict[str, Any], errors: dict[str, str]) -> None:
    if "to" not in asked:
        return
    if not said.get("to"):
        errors["to"] = say(m("Say which records it refers to."))
    names = {language: form.get(f"reverse_{language}", "").strip() for language in ("uk", "en")}
    if any(names.values()):
        errors |= missing(form, *(f"reverse_{language}" for language in names))
        said["reverse"] = {"key": proposed(names["en"], names["uk"]) or kind.key, "label": names}


def _list(kind: Entity, key: str, form: Form, asked: frozenset[str], said: dict[str, Any], errors: dict[str, str], old: Kept | None) -> None:
    """A picklist of the field's own with the options that were typed, or one that stands already."""
    if "picklist" not in asked:
        return
    if form.get("picklist"):
        said["picklist"] = form["picklist"]
        return
    if old is not None and old.said.get("picklist"):
        said["picklist"] = old.said["picklist"]
        return
    if f"{kind.key}.{key}" in context.catalog().picklists:
        said["picklist"] = next(name for name in (f"{kind.key}.{key}_{n}" for n in range(2, 1000)) if name not in context.catalog().picklists)
    options, wrong = options_form.said(options_form.posted(form))
    errors.update(wrong)
    if not options and not wrong:
        errors["options"] = say(m("A list needs an option at least."))
    said["options"] = options


def _default(type_: str, text: str, said: dict[str, Any], errors: dict[str, str]) -> None:
    if type_ in ("picklist", "multi_picklist"):
        said["default"] = text if type_ == "picklist" else [text]
        return
    try:
        spec = _spec(type_, said)
        said["default"] = spec.journal(spec.clean(spec.parse(text, context.reader())))
    except FieldError as fault:
        errors["default"] = say(fault.message)


def shown_default(type_: str, said: dict[str, Any] | Any) -> str:
    """The default as it stands in the form."""
    given = said["default"]
    if type_ in ("picklist", "multi_picklist"):
        return str(given[0] if isinstance(given, list) else given)
    if isinstance(given, bool):
        return "true" if given else "false"
    spec = _spec(type_, said)
    return str(spec.input_text(spec.unjournal(given), context.reader()))


def _spec(type_: str, said: dict[str, Any] | Any) -> Field:
    return plain(TYPES["text" if type_ in DERIVED else type_], said, {"key": "value", "attribute": "value", "label": Label("", "")})
