"""A roll-up: what the rows that refer to a record come to, kept in a column that the one door writes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from crm.backoffice.fields.base import Field
from crm.backoffice.fields.integer import IntegerField
from crm.errors import FieldError
from crm.messages import m

ORDERED = frozenset({"integer", "decimal", "money", "percent", "duration", "date", "moment"})
FUNCTIONS: Mapping[str, frozenset[str] | None] = {  # which types of fields each adds up; None: any that has a column and a value of its own
    "count": None, "sum": frozenset({"integer", "decimal", "money", "duration"}), "min": ORDERED, "max": ORDERED, "last": None,
}


@dataclass(frozen=True)
class Rollup:
    """What is added up: rows of `entity` whose `reference` points at the record; `function` over `field`, or how many there are. `by` orders
    the rows of which `last` takes the last, by default the order of their making."""

    entity: str
    reference: str
    function: str
    field: str = ""
    by: str = ""


def gives(rollup: Rollup, added: Field | None) -> Field:
    """A field of the type of the result. Raises FieldError for a function that does not fit the field."""
    if rollup.function not in FUNCTIONS:
        raise FieldError(m("A roll-up knows no function “%(name)s”; it knows %(known)s.", name=rollup.function, known=", ".join(FUNCTIONS)))
    if rollup.function == "count":
        return IntegerField()
    fitting = FUNCTIONS[rollup.function]
    if added is None or added.several or added.type in ("file", "image") or (fitting is not None and added.type not in fitting):
        raise FieldError(m("“%(function)s” needs a field that can be added up so.", function=rollup.function))
    return replace(
        added, required=False, unique=False, default=None, searchable=False, system=False, formula="", made_of=(), asked_when=None, reverse=None, also=(),
        rollup=None, numbering="", personal=False, required_if=None, read_only_if=None, visible_if=None,
    )
