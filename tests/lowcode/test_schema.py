"""The JSON Schema of configuration files: what is applied satisfies it, and what it refuses is refused when it is read."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from crm.backoffice.catalog import shape
from crm.backoffice.lowcode.document import SECTIONS, from_raw
from crm.backoffice.lowcode.export import whole
from crm.backoffice.lowcode.made import FIELD_TYPES
from crm.backoffice.lowcode.schema import schema
from crm.errors import BramaError
from crm.packages import KEYS, text_of
from tests.company import Company

SCHEMA = Draft202012Validator(schema())
ROOT = Path(__file__).resolve().parents[2]
PRODUCT = shape()
BOTH = {"uk": "Назва", "en": "Name"}
FIELD = {"type": "text", "label": BOTH}
RULE = {"entity": "account", "actions": ["read"], "scope": "all"}
WRONG: list[dict[str, Any]] = [
    {"entitis": {}}, {"entities": ["tender"]}, {"entities": {"tender": {}}},
    {"entities": {"Tender": {"label": BOTH}}}, {"entities": {"tender": {"label": "Tender"}}},
    {"entities": {"tender": {"label": {"uk": "Тендер"}}}}, {"entities": {"tender": {"label": BOTH, "fields": {"x": {"label": BOTH}}}}},
    {"fields": {"account": {"x": {**FIELD, "type": "json"}}}}, {"fields": {"account": {"x": {**FIELD, "to": "deal"}}}},
    {"fields": {"account": {"x": {**FIELD, "type": "reference"}}}}, {"fields": {"account": {"x": {**FIELD, "max_length": 256}}}},
    {"fields": {"account": {"x": {**FIELD, "required": "yes"}}}}, {"fields": {"account": {"x": {**FIELD, "class": "secret"}}}},
    {"fields": {"account": {"x": {**FIELD, "required_if": {"field": "name"}}}}}, {"fields": {"account": {"x": {**FIELD, "type": "formula"}}}},
    {"fields": {"account": {"x": {"type": "rollup", "label": BOTH, "of": "deal", "function": "count"}}}},
    {"checks": {"account": {"x": {"message": BOTH}}}}, {"checks": {"account": {"x": {"where": {"field": "name", "op": "empty"}}}}},
    {"removed": {"account": "x"}},
    {"roles": {"x": {"label": BOTH, "rules": [{**RULE, "actions": ["look"]}]}}},
    {"roles": {"x": {"label": BOTH, "rules": [{**RULE, "scope": "some"}]}}},
    {"roles": {"x": {"label": BOTH, "rules": [{**RULE, "fields": {"*": "see"}}]}}}, {"roles": {"x": {"label": BOTH, "rules": {"1": RULE}}}},
    {"roles": {"x": {"rules": []}}}, {"pipelines": {"x": {"label": BOTH, "stages": [{"key": "a", "label": BOTH, "type": "closed"}]}}},
    {"pipelines": {"x": {"label": BOTH, "stages": [{"key": "a", "label": BOTH, "probability": 2}]}}},
    {"picklists": {"x": {"label": BOTH, "options": [{"key": "a"}]}}}, {"picklists": {"x": {"options": [{"key": "a", "label": BOTH, "colour": "mauve"}]}}},
    {"views": {"x": {"entity": "account", "label": BOTH, "size": 7}}}, {"views": {"x": {"label": BOTH}}},
    {"conflicts": {"x": {"with_reason": True}}}, {"layouts": {"account": {"colums": []}}}, {"layouts": {"account": {"rest": "gone"}}},
    {"layouts": {"account": {"sections": [{"label": BOTH, "fields": []}]}}}, {"layouts": {"account": {"menu": {"icon": "no-such"}}}},
    {"package": {"key": "x", "label": BOTH}},
]


def test_every_section_and_type_is_in_it() -> None:
    Draft202012Validator.check_schema(schema())
    assert set(schema()["properties"]) == set(SECTIONS)
    assert {one["properties"]["type"]["const"] for one in schema()["$defs"]["field"]["oneOf"]} == set(FIELD_TYPES)


def test_what_is_shipped_and_printed_satisfies_it(company: Company) -> None:
    for file in [*ROOT.glob("crm/*/standard.yaml"), *ROOT.glob("crm/packages/*.yaml")]:
        assert not list(SCHEMA.iter_errors(yaml.safe_load(file.read_text()))), file
    for key in KEYS:
        company.configure(text_of(key))
    with company.system(write=False) as session:
        SCHEMA.validate(whole(session))


@pytest.mark.parametrize("raw", WRONG, ids=str)
def test_what_it_refuses_is_refused_when_it_is_read(raw: dict[str, Any]) -> None:
    assert not SCHEMA.is_valid(raw)
    with pytest.raises(BramaError):
        from_raw(raw, PRODUCT)
