"""The JSON Schema (draft 2020-12) of configuration files: what an editor completes and marks. It says of a file all but what depends on what else
there is; whether names lead anywhere, `flask config plan` tells."""

from collections.abc import Iterable, Mapping
from typing import Any

from crm.backoffice.access import ACTIONS, MODES, SCOPES
from crm.backoffice.colours import COLOURS
from crm.backoffice.conditions.tree import AGGREGATE_OPS, FUNCTIONS, LONGEST_KEY, OPS
from crm.backoffice.custom.fields import CONDITIONS, DERIVED
from crm.backoffice.custom.naming import KEY as FIELD_KEY
from crm.backoffice.fields.rollup import FUNCTIONS as ROLLUPS
from crm.backoffice.dashboards.panels import KINDS as PANEL_KINDS, MOST as MOST_PANELS, WIDTHS as PANEL_WIDTHS
from crm.backoffice.kept_reports.asks import CHARTS, LONGEST_WORD
from crm.backoffice.lists import MAX_COLUMNS, SIZES
from crm.backoffice.lowcode import conflicts, emergencies
from crm.backoffice.lowcode.field_rules import MOST_CHECKS
from crm.backoffice.lowcode.icons import ICONS
from crm.backoffice.lowcode.layouts import LAST_PLACE, MOST_SECTIONS
from crm.backoffice.lowcode.made import ALWAYS, CLASSES, DERIVED_NAMES, FIELD_TYPES, MOST_DECIDED, NAMES, NEEDED, TYPED
from crm.backoffice.lowcode.options import MOST
from crm.backoffice.lowcode.saved_conditions import LONGEST_NOTE
from crm.backoffice.lowcode.packages import LATEST
from crm.backoffice.lowcode.pipelines import CATEGORIES, HEAVIEST, KINDS, MOST as MOST_STAGES, MOST_LEAST, SOURCES
from crm.backoffice.lowcode.stage_requirements import LONGEST_STAY, MOST as MOST_REQUIREMENTS, MOST_ITEMS
from crm.backoffice.stage_rules import SIDES
from crm.backoffice.views.shows import NARROWEST, WIDEST

Schema = dict[str, Any]
TEXT: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}


def schema() -> Schema:
    """The whole, as JSON."""
    entity = _things({
        "label": _ref("both"), "plural": _ref("both"), "area": TEXT, "icon": {"enum": list(ICONS)}, "prefix": {**TEXT, "maxLength": 12},
        "fields": _named(_ref("field"), FIELD_KEY.pattern), "checks": {"type": "array", "maxItems": MOST_CHECKS, "items": _ref("check")},
    }, ["label"])
    sections = {
        "package": _package(), "entities": _named(entity, FIELD_KEY.pattern), "fields": _named(_named(_ref("field"), FIELD_KEY.pattern)),
        "checks": _named(_named(_ref("check"))), "removed": _list(TEXT),
        "conditions": _named(_saved()), "roles": _named(_role()), "pipelines": _named(_pipeline()),
        "picklists": _named(_things({"label": _ref("label"), "options": _ref("options")})), "views": _named(_view()),
        "reports": _named(_report()), "dashboards": _named(_dashboard()),
        "conflicts": _named(_things({"roles": _list(TEXT, most=conflicts.MOST), "with_reason": FLAG}, ["roles"])), "layouts": _named(_layouts()),
        "merged": _named(_named(TEXT)), "merged_stages": _named(_named(TEXT)),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Brama: configuration", **_things(sections), "$defs": {
            "both": _things({"uk": TEXT, "en": TEXT}, ["uk", "en"]),
            "label": {"anyOf": [TEXT, {**_things({"uk": {"type": "string"}, "en": {"type": "string"}}), "minProperties": 1}]},
            "field": {"oneOf": [_field(type_) for type_ in FIELD_TYPES]},
            "check": _things({"where": _ref("condition"), "message": _ref("both"), "field": TEXT}, ["where", "message"]),
            "options": {"type": "array", "maxItems": MOST, "items": _things(
                {"key": TEXT, "label": _ref("label"), "colour": {"enum": [*COLOURS, None]}, "retired": FLAG}, ["key", "label"],
            )},
            "condition": _condition(),
        },
    }


def _field(type_: str) -> Schema:
    names = (*ALWAYS, *(DERIVED_NAMES[type_] if type_ in DERIVED else (*TYPED, *NAMES.get(type_, ()))))
    known: Schema = {
        "type": {"const": type_}, "label": _ref("both"), "help": _ref("both"), "class": {"enum": list(CLASSES)}, "renamed_from": TEXT, "default": {},
        "values": {"type": "object", "maxProperties": MOST_DECIDED, "additionalProperties": {"not": {"type": "object"}}}, "rest_in": TEXT,
        "max_length": _number(1, 255), "scale": _number(0, 8), "options": _ref("options"),
        "reverse": _things({"key": TEXT, "label": _ref("both")}, ["key", "label"]), "function": {"enum": list(ROLLUPS)},
        "of": {**TEXT, "pattern": r"^[^.]+\.[^.]+$"}, **dict.fromkeys(("required", "unique", "searchable", "indexed", "personal"), FLAG),
        **dict.fromkeys(CONDITIONS, _ref("condition")),
    }
    return _things({name: known.get(name, TEXT) for name in names}, ["type", "label", *NEEDED.get(type_, ())])


def _condition() -> Schema:
    some, value = _list(_ref("condition")), {"type": ["string", "number", "boolean", "array", "null"]}
    leaf = _things({"field": TEXT, "op": {"enum": sorted(OPS)}, "value": value}, ["field", "op"])
    compared: Schema = {"of": TEXT, "where": _ref("condition"), "op": {"enum": sorted(AGGREGATE_OPS)}, "value": value}
    sums = [_things({function: {"type": ["string", "boolean"]}, **compared}, [function, "op", "value"]) for function in FUNCTIONS]
    saved = _things({"saved": {**TEXT, "maxLength": LONGEST_KEY}}, ["saved"])
    return {"anyOf": [saved, _things({"all": some}, ["all"]), _things({"any": some}, ["any"]), _things({"not": _ref("condition")}, ["not"]), leaf, *sums]}


def _saved() -> Schema:
    note = {"anyOf": [{"type": "string", "maxLength": LONGEST_NOTE}, _things({key: {"type": "string", "maxLength": LONGEST_NOTE} for key in ("uk", "en")})]}
    one = _things({"entity": TEXT, "label": _ref("label"), "note": note, "where": _ref("condition")}, ["entity", "label", "where"])
    return {"anyOf": [one, {"type": "null"}]}


def _role() -> Schema:
    mode = {"anyOf": [{"enum": list(MODES)}, _things({"mode": {"enum": list(MODES)}, "where": _ref("condition")}, ["mode"])]}
    rule = _things({
        "entity": TEXT, "effect": {"enum": ["allow", "deny"]}, "actions": {**_list({"enum": list(ACTIONS)}), "minItems": 1}, "scope": {"enum": list(SCOPES)},
        "where": _ref("condition"), "fields": {"anyOf": [_named(mode), _list(TEXT)]},
    }, ["entity", "actions"])
    emergency = _things({"roles": _list(TEXT, most=emergencies.MOST), "hours": _number(1, emergencies.LONGEST)})
    return _things({"label": _ref("label"), "rules": _list(rule), "builtin": FLAG, "second_factor": FLAG, "emergency": emergency}, ["label"])


def _pipeline() -> Schema:
    probability = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, TEXT]}
    item = _things({"key": TEXT, "label": _ref("both"), "required": FLAG}, ["key", "label"])
    duty = _things({"key": TEXT, "role": TEXT, "label": _ref("both"), "days": {**_number(1, LONGEST_STAY), "type": ["integer", "null"]}, "required": FLAG},
                   ["key", "role", "label"])
    requirement = _things({"where": _ref("condition"), "message": _ref("both")}, ["where", "message"])
    stage = _things({
        "key": TEXT, "label": _ref("label"), "type": {"enum": list(KINDS)}, "probability": probability,
        "colour": {"enum": [*COLOURS, None]}, "retired": FLAG, "days": {**_number(1, LONGEST_STAY), "type": ["integer", "null"]},
        "forecast": {"enum": [*CATEGORIES, None]}, "moves": {"anyOf": [_list(TEXT), {"type": "null"}]}, "checklist": _list(item, most=MOST_ITEMS),
        "duties": _list(duty, most=MOST_ITEMS), "team": _list(TEXT),
        **dict.fromkeys(SIDES, _list(requirement, most=MOST_REQUIREMENTS)),
    }, ["key", "label"])
    likelihood = _things({"source": {"enum": list(SOURCES)}, "weight": _number(1, HEAVIEST), "least": _number(1, MOST_LEAST)})
    return _things({"label": _ref("label"), "entity": TEXT, "stages": _list(stage, most=MOST_STAGES), "probability": likelihood}, ["label"])


def _view() -> Schema:
    widths = {"type": "object", "additionalProperties": _number(NARROWEST, WIDEST)}
    return _things({
        "entity": TEXT, "label": _ref("label"), "roles": _list(TEXT), "default_for": _list(TEXT), "widths": widths, "where": _ref("condition"),
        "columns": _list(TEXT, most=MAX_COLUMNS), "size": {"enum": list(SIZES)}, "unread": {"const": True},
        "sort": {"type": "string"}, "search": {"type": "string"}, "group": {"type": "string"},
    }, ["entity", "label"])


def _report() -> Schema:
    word = {"type": ["string", "integer"], "maxLength": LONGEST_WORD}
    asks = {"type": "object", "properties": {"where": _ref("condition")}, "additionalProperties": word}
    return _things({"label": _ref("label"), "report": TEXT, "asks": asks, "chart": {"enum": list(CHARTS)}, "roles": _list(TEXT)}, ["label", "report"])


def _dashboard() -> Schema:
    panel: Schema = {"type": "object", "properties": {
        "kind": {"enum": list(PANEL_KINDS)}, "width": {"enum": list(PANEL_WIDTHS)}, "title": _ref("label"), "report": TEXT, "kept": TEXT, "entity": TEXT,
        "what": TEXT, "as": TEXT, "chart": {"enum": list(CHARTS)}, "asks": {"type": "object", "properties": {"where": _ref("condition")}},
    }, "required": ["kind"], "additionalProperties": False}
    return _things({"label": _ref("label"), "roles": _list(TEXT), "panels": {"type": "array", "maxItems": MOST_PANELS, "items": panel}}, ["label", "panels"])


def _layout() -> Schema:
    broad = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": {"enum": ["wide", "half"]}}
    section = _things({"label": _ref("both"), "fields": {**_list({"anyOf": [TEXT, broad]}), "minItems": 1}}, ["label", "fields"])
    menu = _things({"area": TEXT, "order": _number(1, LAST_PLACE), "icon": {"enum": list(ICONS)}, "hidden": FLAG})
    return {"type": ["object", "null"], "properties": {
        "columns": _list(TEXT, most=MAX_COLUMNS), "sort": {"type": "string"}, "sections": _list(section, most=MOST_SECTIONS),
        "rest": {"enum": ["shown", "hidden"]}, "help": _named(_ref("both")), "related": _list(TEXT), "quick": _list(TEXT), "menu": menu, "face": _list(TEXT),
    }}


def _layouts() -> Schema:
    layout = _layout()
    of_roles = _named({**layout, "additionalProperties": False})
    return {**layout, "properties": layout["properties"] | {"roles": of_roles}, "additionalProperties": False}


def _package() -> Schema:
    return _things(
        {"key": TEXT, "version": _number(1, LATEST), "needs": {"type": ["string", "number"]}, "label": _ref("both"), "about": _ref("both")},
        ["key", "label", "about"],
    )


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _things(properties: Mapping[str, Any], needed: Iterable[str] = ()) -> Schema:
    """An object with these names and no others."""
    return {"type": "object", "properties": dict(properties), "required": list(needed), "additionalProperties": False}


def _named(of: Schema, key: str = "") -> Schema:
    """An object whose keys its writer chooses."""
    named: Schema = {"type": ["object", "null"], "additionalProperties": of}
    return named | ({"propertyNames": {"pattern": f"^(?:{key})$"}} if key else {})


def _list(of: Schema, most: int = 0) -> Schema:
    return {"type": "array", "items": of} | ({"maxItems": most} if most else {})


def _number(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}
