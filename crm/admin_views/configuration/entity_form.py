"""The form of a made entity: its names, key, icon, place in the menu."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from crm.admin_views.configuration.keys import proposed
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice.custom.naming import ADDRESSES, KEY
from crm.backoffice.custom.reading import KeptEntity
from crm.messages import m

Form = MultiDict[str, str]


def stored(kind: KeptEntity | None) -> Form:
    """What the form of an entity shows first."""
    if kind is None:
        return MultiDict({"icon": "file-text", "area": "contacts"})
    said = kind.said
    return MultiDict({
        "label_uk": said["label"]["uk"], "label_en": said["label"]["en"], "plural_uk": said["plural"]["uk"], "plural_en": said["plural"]["en"], "key": kind.key,
        "icon": said.get("icon", "database"), "area": said.get("area", "other"), "prefix": said.get("prefix", ""),
    })


def read(form: Form, known: KeptEntity | None) -> tuple[str, dict[str, Any], dict[str, str]]:
    """The key, what a file would say, and what is wrong by the name of the control."""
    errors = missing(form, "label_uk", "label_en")
    typed = {name: form.get(name, "").strip() for name in ("label_uk", "label_en", "plural_uk", "plural_en", "icon", "area", "prefix")}
    key = known.key if known else form.get("key", "").strip() or proposed(typed["label_en"], typed["label_uk"])
    catalog = context.catalog()
    if known is None:
        if not KEY.fullmatch(key):
            errors["key"] = say(m("A key begins with a Latin letter and has only small letters, digits and “_”, at most 48."))
        elif key in ADDRESSES or key in catalog.entities:
            errors["key"] = say(m("This key is taken; choose another one."))
        elif key in catalog.made.gone:
            errors["key"] = say(m("One that was removed has this key; undo its removal, or choose another key."))
    said: dict[str, Any] = {
        **(known.said if known else {}), "label": {"uk": typed["label_uk"], "en": typed["label_en"]},
        "plural": {"uk": typed["plural_uk"] or typed["label_uk"], "en": typed["plural_en"] or typed["label_en"]},
    }
    for name in ("icon", "area", "prefix"):
        said.pop(name, None)
        if typed[name]:
            said[name] = typed[name]
    return key, said, errors


def missing(form: Form, *names: str) -> dict[str, str]:
    """A sentence at each control that must not be empty, and at none too long."""
    empty = {name: say(m("Both languages are needed, this one too.")) for name in names if not form.get(name, "").strip()}
    return empty | {name: say(m("At most %(limit)s characters are accepted.", limit=255)) for name in names if len(form.get(name, "")) > 255}


def summary(errors: Mapping[str, str]) -> str:
    """What stands above a refused form."""
    return errors.get("") or (_("Nothing was saved: look at these fields.") if errors else "")
