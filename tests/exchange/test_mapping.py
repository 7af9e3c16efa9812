"""Mapping files: every typo is a sentence."""

import pytest

from crm.backoffice.exchange.mapping import MappingFault, load_mapping
from crm.messages import render


@pytest.mark.parametrize(("text", "sentence"), [
    ("collumns: {a: name}", "Did you mean “columns”"),
    ("columns: {a: {feild: name}}", "Did you mean “field”"),
    ("columns: {a: {by: name}}", "does not say which field"),
    ("columns: {a: {field: owner, missing: crate}}", "fail, empty, create"),
    ("columns: {a: name, a: code}", "twice"),
    ("columns: {a: a.b.c}", "no field"),
    ("columns: [", "YAML"),
    ("columns: {}", "between 1 and"),
    ("just text", "no list of keys"),
    ("", "no list of keys"),
    ("dates: ['%Q']", "no form of a date"),
    ("dates: ['yesterday']", "no form of a date"),
    ("decimal: ';'", "is one of"),
    ("scale: {revenue: many}", "no number"),
    ("scale: {revenue: 0}", "no number"),
    ("file: {delimeter: ','}", "Did you mean “delimiter”"),
    ("file: {encoding: klingon}", "is one of"),
    ("match: []", "one to eight"),
    ("match: [code, code]", "one to eight"),
])
def test_a_typo_is_answered_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(MappingFault) as refused:
        load_mapping(text)
    assert sentence in render(refused.value.message, "en")


def test_values_stay_as_they_are_written() -> None:
    mapping = load_mapping("defaults: {active: yes}\ncolumns: {1: {field: country, values: {NO: Norway, 007: Bond}}}")
    assert mapping.columns is not None
    assert dict(mapping.columns["1"][0].values) == {"NO": "Norway", "007": "Bond"}
    assert mapping.defaults["active"] == "yes"
