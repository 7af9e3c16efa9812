"""Formulas: what reads, what it gives, and that nothing else ever happens."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from crm.backoffice.fields import expressions
from crm.backoffice.fields.formula import in_order
from crm.errors import FieldError
from crm.messages import render
from tests.values.test_facets import field

TYPES = {
    "a": "decimal", "b": "decimal", "n": "integer", "share": "percent", "yes": "boolean", "opened": "date", "closed": "date", "lasts": "duration",
    "name": "text",
}
VALUES: dict[str, Any] = {
    "a": Decimal("100.50"), "b": Decimal("3"), "n": 4, "share": Decimal("0.25"), "yes": True, "opened": date(2026, 2, 27),
    "closed": date(2026, 3, 2), "lasts": 90,
}


def result(text: str, **values: Any) -> Any:
    tree = expressions.parse(text)
    expressions.kind_of(tree, TYPES)
    return expressions.value(tree, {**VALUES, **values})


@pytest.mark.parametrize(("text", "expected"), [
    ("1 + 2 * 3", Decimal(7)), ("(1 + 2) * 3", Decimal(9)), ("10 - 4 - 3", Decimal(3)), ("12 / 4 / 3", Decimal(1)), ("-2 * -3", Decimal(6)),
    ("2--3", Decimal(5)), ("a * 0.02", Decimal("2.0100")), ("a * (1 - share)", Decimal("75.3750")), ("0.1 + 0.2", Decimal("0.3")), ("n / 0", None),
    ("a / (n - 4)", None), ("round(a / b, 2)", Decimal("33.50")), ("round(2.5)", Decimal(3)), ("round(-2.5)", Decimal(-3)),
    ("min(a, b, n)", Decimal(3)), ("max(a, b)", Decimal("100.50")), ("abs(b - n)", Decimal(1)), ("closed - opened", Decimal(3)),
    ("opened + 3", date(2026, 3, 2)), ("if(a > 100, 1, 0)", Decimal(1)), ("if(closed < opened, 1, 2)", Decimal(2)), ("and(a > 100, yes)", True),
    ("or(a < 100, not(yes))", False), ("yes = (a > 1)", True), ("lasts / 60", Decimal("1.5")), ("n <> 4", False), ("n != 5", True),
])
def test_what_a_formula_gives(text: str, expected: Any) -> None:
    assert result(text) == expected


def test_empty_fields_make_the_result_empty_unless_the_formula_says_otherwise() -> None:
    assert result("a * 2", a=None) is None
    assert result("coalesce(a, 0) + 1", a=None) == 1
    assert result("if(empty(a), 0, a)", a=None) == 0
    assert result("if(a > 1, 5, 6)", a=None) == 6
    assert result("closed - opened", closed=None) is None
    assert result("min(a, b)", b=None) is None
    assert result("not(a > 1)", a=None) is True


@pytest.mark.parametrize(("text", "why"), [
    ("", "empty"), ("a +", "too early"), ("(a", "too early"), ("a b", "cannot be read"), ("a ** 2", "cannot be read"),
    ("import os", "cannot be read"), ("__import__('os')", "cannot be read"), ("eval(1)", "no function"), ("a.b", "cannot be read"),
    ("nothing + 1", "no field"), ("name + 1", "reckoned"), ("a + yes", "go together"), ("opened * 2", "go together"), ("if(a, 1, 2)", "go together"),
    ("opened + closed", "go together"), ("min()", "cannot be read"), ("round(1, 2, 3)", "another number"), ("sqrt(a)", "no function"),
    ("1" * 1001, "characters"), ("(" * 60 + "1" + ")" * 60, "too many parts"), ("+".join(["1"] * 300), "too many parts"),
    ("-" * 100 + "1", "too many parts"), ("'a'", "cannot be read"), ("a; b", "cannot be read"), ("9999999999999999999999", "cannot be read"),
    ("А + 1", "cannot be read"), ("1e5", "cannot be read"), ("if(yes, opened, 1)", "go together"), ("yes < yes", "go together"),
])
def test_what_does_not_read_or_makes_no_sense_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(FieldError) as refused:
        result(text)
    assert why in render(refused.value.message, "en")
    assert render(refused.value.message, "uk")


def test_what_leaves_all_bounds_is_refused() -> None:
    with pytest.raises(FieldError, match="too large"):
        result("opened + 999999999999")
    enormous = "*".join(["999999999999999999"] * 50)
    assert result(enormous) > 0
    with pytest.raises(FieldError):
        field("money").clean(result(enormous))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab n+-*/()<>=,.0123456789 ifmxroundcels_", max_size=60))
def test_no_text_does_anything_but_give_a_value_or_a_sentence(text: str) -> None:
    try:
        given_back = result(text)
    except FieldError:
        return
    assert given_back is None or isinstance(given_back, Decimal | bool | date)


def test_formulas_are_computed_after_those_they_need_and_never_in_a_circle() -> None:
    def named(key: str, formula: str) -> Any:
        return field("decimal", formula=formula).bound(key, key)

    assert [f.key for f in in_order([named("c", "b + 1"), named("b", "a + 1"), field("decimal").bound("a", "a")])] == ["b", "c"]
    with pytest.raises(FieldError, match="circle"):
        in_order([named("c", "b + 1"), named("b", "c + 1")])
    with pytest.raises(FieldError, match="circle"):
        in_order([named("c", "c + 1")])


@pytest.mark.parametrize("text", ["(" * 550 + "1", "(" * 480 + "1" + ")" * 480, "-" * 590 + "1", "not(" * 200 + "yes", "1+(" * 150 + "1", "1=(" * 190])
def test_a_formula_nested_too_deeply_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(FieldError):
        expressions.parse(text)
