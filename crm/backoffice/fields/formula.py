"""A computed field: of the type of its result, kept in a column that the one door writes, typed by nobody."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import MappedColumn

from crm.backoffice.fields import expressions
from crm.backoffice.fields.base import Field
from crm.errors import FieldError
from crm.messages import m

RESULTS: Mapping[str, expressions.Kind] = expressions.FIELD_KINDS


def formula(text: str, column: MappedColumn[Any]) -> MappedColumn[Any]:
    """`fee: Mapped[Decimal | None] = formula("budget * 0.02", money(Label(…)))`: the field that `column` declares, computed from others of
    its record. What is wrong with the formula the checks of entities say."""
    column.column.info["field"] = replace(column.column.info["field"], formula=text, made_of=sources(text))
    return column


def sources(text: str) -> tuple[str, ...]:
    """The fields that a formula names; none when it does not read, which the checks of entities say."""
    try:
        return expressions.parse(text).sources
    except FieldError:
        return ()


def check(spec: Field, fields: Mapping[str, Field]) -> None:
    """Raises FieldError when the formula of `spec` does not read, makes no sense, is of another type or tells what is more secret."""
    tree = expressions.parse(spec.formula)
    found = expressions.kind_of(tree, {key: other.type for key, other in fields.items()})
    if spec.required or spec.unique or RESULTS.get(spec.type) != found:
        raise FieldError(m("The formula does not give what the field holds."))
    if any(fields[key].sensitivity == "sensitive" for key in tree.sources) and spec.sensitivity != "sensitive":
        raise FieldError(m("A formula over a sensitive field is sensitive itself."))
    if _leads_to_itself(spec, fields):
        raise FieldError(m("Formulas go in a circle: %(fields)s.", fields=spec.key))


def _leads_to_itself(spec: Field, fields: Mapping[str, Field]) -> bool:
    met, ahead = set[str](), list(sources(spec.formula))
    while ahead:
        key = ahead.pop()
        if key == spec.key:
            return True
        if key in fields and key not in met and fields[key].formula:
            met.add(key)
            ahead += sources(fields[key].formula)
    return False


def in_order(fields: Iterable[Field]) -> tuple[Field, ...]:
    """The computed ones among `fields`, each after those it is computed from. Raises FieldError when one is computed from itself."""
    left = {spec.key: spec for spec in fields if spec.formula}
    found: list[Field] = []
    while left:
        ready = [spec for spec in left.values() if not left.keys() & set(expressions.parse(spec.formula).sources)]
        if not ready:
            raise FieldError(m("Formulas go in a circle: %(fields)s.", fields=", ".join(sorted(left))))
        found += ready
        for spec in ready:
            del left[spec.key]
    return tuple(found)


def result(spec: Field, values: Mapping[str, Any]) -> Any:
    """The value of a computed field over the values of its record. Raises FieldError when it does not fit the field."""
    given = expressions.value(expressions.parse(spec.formula), values)
    whole = spec.type in ("integer", "duration") and isinstance(given, Decimal)
    return spec.clean(expressions.EXACT.to_integral_value(given) if whole else given)
