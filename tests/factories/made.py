"""Entities and fields made at random, as a configuration file says them: what is true of the built shall be true of the made."""

import random
from typing import Any

from crm.backoffice.catalog import Catalog
from crm.backoffice.lowcode.document import from_raw
from crm.backoffice.lowcode.made_whole import catalog_with, made_with

REGISTERS = ("register", "ledger")
SIMPLE = (
    "text", "long_text", "rich_text", "integer", "decimal", "money", "percent", "date", "moment", "duration", "boolean", "picklist", "multi_picklist",
    "email", "phone", "url", "country", "tax_code", "iban",
)
REFERRED = ("account", "contact", "product", "deal", "user")
ODD = ("select", "class", "metadata", "errors", "data", "value", "self", "order", "group", "table", "index", "keys")  # words of SQL and of Python are keys too


def configuration(catalog: Catalog, seed: int) -> dict[str, Any]:
    """Two registers with a field of every type, which refer to each other and to the product's entities; and two fields, sometimes three, on each of
    the product's own."""
    chance = random.Random(seed)
    registers = {key: _register(key, other, chance) for key, other in zip(REGISTERS, reversed(REGISTERS), strict=True)}
    added = {key: _added(chance) for key, kind in catalog.entities.items() if not kind.declared.configuration}
    added["account"] |= {
        "registers_count": {**_named("registers_count"), "type": "rollup", "of": "register.firm", "function": "count"},
        "registers_sum": {**_named("registers_sum"), "type": "rollup", "of": "register.firm", "function": "sum", "field": "f_money"},
    }
    return {"entities": registers, "fields": added}


def described(catalog: Catalog, seed: int) -> Catalog:
    """The catalog with all of it, without a database."""
    document = from_raw(configuration(catalog, seed), catalog)
    return catalog_with(catalog, made_with(catalog, document.entities, document.fields, ()))


def _register(key: str, other: str, chance: random.Random) -> dict[str, Any]:
    fields: dict[str, Any] = {f"f_{type_}": _field(f"f_{type_}", type_, chance) for type_ in SIMPLE}
    fields |= {
        "firm": {**_named("firm"), "type": "reference", "to": "account"},
        "beside": {**_named("beside"), "type": "reference", "to": other},
        "several": {**_named("several"), "type": "many_to_many", "to": chance.choice(REFERRED)},
        "doubled": {**_named("doubled"), "type": "formula", "formula": "f_money * 2 + coalesce(f_money, 0)"},
        "share": {**_named("share"), "type": "formula", "formula": "f_decimal / 100", "gives": "percent"},
        "late": {**_named("late"), "type": "formula", "formula": "f_date + f_integer"},
        "beside_count": {**_named("beside_count"), "type": "rollup", "of": f"{other}.beside", "function": "count", "class": "sensitive"},
        "beside_last": {
            **_named("beside_last"), "type": "rollup", "of": f"{other}.beside", "function": "last", "field": "f_text", "by": "f_date", "class": "sensitive",
        },
    }
    return {**_named(key), "plural": _named(f"{key}s")["label"], "prefix": key[:2].upper(), "fields": fields}


def _added(chance: random.Random) -> dict[str, Any]:
    keys = chance.sample(ODD, chance.choice((2, 2, 3)))
    return {key: {**_field(key, chance.choice(SIMPLE), chance), "class": "internal"} for key in keys}


def _field(key: str, type_: str, chance: random.Random) -> dict[str, Any]:
    said: dict[str, Any] = {**_named(key), "type": type_}
    if type_ in ("picklist", "multi_picklist"):
        colours = ("", "green", "red")
        said["options"] = [{"key": f"o{n}", "label": {"uk": f"Вибір {n}", "en": f"Option {n}"}, "colour": chance.choice(colours)} for n in range(3)]
    if type_ in ("text", "integer", "date", "money") and chance.random() < 0.5:
        said["indexed"] = True
    return said


def _named(key: str) -> dict[str, Any]:
    return {"label": {"uk": f"Поле {key}", "en": f"Field {key}"}}
