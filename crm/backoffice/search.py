"""Search inside a list: every word must be found in one of the fields that the entity declares searchable."""

from sqlalchemy import ColumnElement, and_, false, or_

from crm.backoffice.fields.base import FieldError
from crm.backoffice.sight import Source

MAX_WORDS = 8


def matches(source: Source, text: str) -> ColumnElement[bool]:
    """The records in whose readable, unmasked fields every word of `text` is found, whatever the case."""
    usable = source.sight.filterable(source.entity.key, source.actions)
    fields = [spec for key, spec in source.entity.fields.items() if spec.searchable and key in usable]
    words = text.split()[:MAX_WORDS]
    found: list[ColumnElement[bool]] = []
    for word in words:
        here: list[ColumnElement[bool]] = []
        for spec in fields:
            try:
                operand = spec.operand("contains", word, source.sight.reader)
            except FieldError:
                continue
            here.append(spec.compare(lambda companion, key=spec.key: source.column(key, companion), "contains", operand))  # type: ignore[misc]
        found.append(or_(false(), *here))
    return source._seal(and_(*found)) if found else source.visible
