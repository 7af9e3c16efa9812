"""Checks of a catalog's entities, each under an id that `flask doctor`, the tests and the plan of a configuration share."""

from collections.abc import Iterator
from dataclasses import dataclass

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.compiler import compile_condition
from crm.backoffice.conditions.tree import Node
from crm.backoffice.entities import Entity
from crm.backoffice.fields.formula import check as check_formula
from crm.backoffice.sight import Sight
from crm.errors import BramaError, FieldError
from crm.messages import Message, m


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: the check's id, which entity, and the sentence."""

    check: str
    entity: str
    message: Message


def check_entities(catalog: Catalog) -> list[Finding]:
    """Everything that is wrong with the descriptions of a catalog; empty when they are sound."""
    return [finding for entity in catalog.entities.values() for finding in _check(catalog, entity)]


def _rules(entity: Entity) -> Iterator[tuple[str, Node]]:
    """What the configuration demands of records by conditions."""
    for spec in entity.conditional:
        named = (("required_if", spec.required_if), ("read_only_if", spec.read_only_if), ("visible_if", spec.visible_if))
        yield from ((f"{spec.key}.{name}", node) for name, node in named if node is not None)
    yield from ((f"checks.{number}", check.where) for number, check in enumerate(entity.checks, 1))


def _check(catalog: Catalog, entity: Entity) -> Iterator[Finding]:
    def found(number: int, message: Message) -> Finding:
        return Finding(f"entity.E{number:03}", entity.key, message)

    declared = entity.declared
    if not (entity.label.uk and entity.label.en and entity.plural.uk and entity.plural.en):
        yield found(1, m("Entity “%(entity)s” lacks a label in one of the languages.", entity=entity.key))
    if declared.title not in entity.fields:
        yield found(2, m("The title of “%(entity)s” is the field “%(field)s”, which it does not have.", entity=entity.key, field=declared.title))
    for key, spec in entity.fields.items():
        if not (spec.label.uk and spec.label.en):
            yield found(3, m("Field “%(field)s” of “%(entity)s” lacks a label in one of the languages.", entity=entity.key, field=key))
        if spec.target is not None and spec.target not in catalog.entities:
            yield found(
                4, m("Field “%(field)s” of “%(entity)s” refers to “%(target)s”, which does not exist.", entity=entity.key, field=key, target=spec.target)
            )
        if spec.sensitivity == "sensitive" and spec.searchable:
            yield found(5, m("Field “%(field)s” of “%(entity)s” is sensitive, so the search of a list must not look there.", entity=entity.key, field=key))
    named = {*declared.columns, *(key for section in declared.sections for key in section.fields)}
    for key in sorted(named - set(entity.fields)):
        yield found(6, m("The layout of “%(entity)s” names the field “%(field)s”, which it does not have.", entity=entity.key, field=key))
    for key in sorted(set(declared.related) - set(entity.relations)):
        yield found(7, m("The layout of “%(entity)s” names the relation “%(field)s”, which it does not have.", entity=entity.key, field=key))
    if declared.parent is not None and declared.parent not in catalog.entities:
        yield found(8, m("The parent of “%(entity)s” is “%(target)s”, which does not exist.", entity=entity.key, target=declared.parent))
    mapped = set(entity.table.c.keys())
    for key, spec in entity.in_columns():
        if any(spec.attribute + suffix not in mapped for suffix in ("", *spec.companions)):
            yield found(9, m("Field “%(field)s” of “%(entity)s” has no column.", entity=entity.key, field=key))
    for name, node in _rules(entity):
        try:
            compile_condition(node, Sight(None, catalog, catalog.reader()).table(entity.key))
        except BramaError as wrong:
            yield found(12, m("The rule “%(name)s” of “%(entity)s” makes no sense: %(why)s", entity=entity.key, name=name, why=wrong.message))
    for key, spec in entity.fields.items():
        if spec.formula:
            try:
                check_formula(spec, entity.fields)
            except FieldError as wrong:
                yield found(11, m("Field “%(field)s” of “%(entity)s”: %(why)s", entity=entity.key, field=key, why=wrong.message))
        if (spec.several or spec.multiple) and (spec.unique or spec.searchable or spec.sortable or spec.indexed):
            yield found(10, m("Field “%(field)s” of “%(entity)s” is a set: it is not unique, sorted or searched by.", entity=entity.key, field=key))
