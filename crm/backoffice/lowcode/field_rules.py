"""Rules by conditions in a configuration file: when a field is required, visible or for reading only, and what records of an entity must satisfy.

They are kept as the file says them; a condition that names what is not there, or no more, is refused with the name of the rule.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.sql import visitors

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.compiler import compile_condition
from crm.backoffice.conditions.tree import All, Leaf, Node, Not, as_stored, dump, parse
from crm.backoffice.custom.fields import CONDITIONS, Kept, Said
from crm.backoffice.custom.reading import Made
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.parsing import both, only, section_of, word, wrong
from crm.backoffice.lowcode.planned import TABLES, empty_column
from crm.backoffice.sight import Sight, Source
from crm.errors import BadRequest, BramaError
from crm.messages import Message, m

MOST_CHECKS = 100  # of one entity


@dataclass(frozen=True)
class CheckSpec:
    """A check under its name, as a file says it."""

    entity: str
    key: str
    said: Said


def conditions_of(said: Mapping[str, Any], place: Message) -> dict[str, Any]:
    """The rules of a field. Raises BadRequest."""
    return {name: kept_condition(said[name], place, name) for name in CONDITIONS if said.get(name) is not None}


def checks_of(said: Mapping[str, Any], place: Message) -> list[Any]:
    """The list `checks` of an entity. Raises BadRequest."""
    given = said.get("checks") or []
    if not isinstance(given, list) or len(given) > MOST_CHECKS:
        raise wrong(place, m("“checks” is a list of at most %(count)s", count=MOST_CHECKS))
    return [_check(one, m("check %(number)s of entity “%(key)s”", number=number, key=place.params["key"])) for number, one in enumerate(given, 1)]


def named_checks(raw: Mapping[str, Any]) -> list[CheckSpec]:
    """The section `checks`: entity → name → check. Raises BadRequest."""
    found: list[CheckSpec] = []
    for entity, named in section_of(raw, "checks"):
        for key, said in section_of({"checks": named}, "checks", m("entity “%(key)s”", key=entity)):
            found.append(CheckSpec(entity, key, _check(said, check_place(entity, key))))
    return found


def check_place(entity: str, key: str) -> Message:
    return m("check “%(key)s”", key=f"{entity}.{key}")


def _check(said: Any, place: Message) -> Said:
    only(said, ("where", "message", "field"), place)
    if said.get("where") is None:
        raise wrong(place, m("“%(name)s” is missing", name="where"))
    kept: dict[str, Any] = {"where": kept_condition(said["where"], place, "where"), "message": both(said, "message", place).as_dict()}
    if said.get("field") is not None:
        kept["field"] = word(said["field"], 48, place, "field")
    return kept


def kept_condition(raw: Any, place: Message, name: str) -> Any:
    """A condition in its one form, as JSON keeps it."""
    try:
        return json.loads(json.dumps(dump(parse(raw, as_stored)), default=str, allow_nan=False))
    except BramaError as fault:
        raise senseless(place, name, fault) from None
    except ValueError:
        raise wrong(place, m("“%(name)s” compares with something that is no value", name=name)) from None


def senseless(place: Message, name: str, fault: BramaError) -> BadRequest:
    return wrong(place, m("the rule “%(name)s” makes no sense: %(why)s", name=name, why=fault.message))


# --- over a whole catalog ----------------------------------------------------------------------------------------


def verify(catalog: Catalog) -> None:
    """Every rule over the catalog as it would be. Raises BadRequest with the rule that names what is not there."""
    sight = Sight(None, catalog, catalog.reader())
    for entity, place, name, node in _rules(catalog):
        try:
            compile_condition(node, sight.table(entity))
        except BramaError as fault:
            raise senseless(place, name, fault) from None
    for kind in catalog.entities.values():
        for check in kind.checks:
            if check.field and check.field not in kind.fields:
                raise wrong(m("entity “%(key)s”", key=kind.key), m("a check stands at the field “%(field)s”, which it does not have", field=check.field))


def _rules(catalog: Catalog) -> Iterator[tuple[str, Message, str, Node]]:
    """Every condition with its entity, place and name."""
    made = catalog.made
    for field in made.fields:
        place = m("field “%(key)s”", key=f"{field.entity}.{field.key}")
        yield from ((field.entity, place, name, parse(field.said[name], catalog.saved)) for name in CONDITIONS if field.said.get(name) is not None)
    for kind in made.entities.values():
        place = m("entity “%(key)s”", key=kind.key)
        yield from ((kind.key, place, f"checks {number}", parse(one["where"], catalog.saved)) for number, one in enumerate(kind.said.get("checks", ()), 1))
    yield from ((check.entity, check_place(check.entity, check.key), "where", parse(check.said["where"], catalog.saved)) for check in made.checks)


# --- what becomes of them ----------------------------------------------------------------------------------------


def rule_changes(session: SystemSession, catalog: Catalog) -> Iterator[Change]:
    """The differences between the rules in force and those of `catalog`, as it would be, with how many records do not satisfy them: they are
    asked when they are saved."""
    before, after = session.catalog.made, catalog.made
    known = {one.number: one for one in before.fields}
    for field in after.fields:
        old = known.get(field.number)
        for name in CONDITIONS:
            was, said = old.said.get(name) if old is not None else None, field.said.get(name)
            if was != said and (old is not None or said is not None):
                yield _change(session, catalog, field.entity, f"{field.key}.{name}", was, said, _wrong_by(catalog, field, name))
        if field.said.get("required") and not (old is not None and old.said.get("required")):
            lacking = _change(session, catalog, field.entity, f"{field.key}.required", None, True, Leaf((field.key,), "empty", None))
            if lacking.records:
                yield lacking
    for kind in after.entities.values():
        yield from _listed(session, catalog, kind.key, *(made.entities[kind.key].said.get("checks", []) if kind.key in made.entities else []
                                                         for made in (before, after)))
    yield from _named(session, catalog, before, after)


def _listed(session: SystemSession, catalog: Catalog, entity: str, had: Sequence[Said], wanted: Sequence[Said]) -> Iterator[Change]:
    """Those of a list, which have no names: one that takes the place of another is its change."""
    gone = {number: one for number, one in enumerate(had, 1) if one not in wanted}
    for number, one in enumerate(wanted, 1):
        if one not in had:
            yield _change(session, catalog, entity, f"checks.{number}", gone.pop(number, None), one, Not(parse(one["where"], catalog.saved)))
    yield from (Change("rule", entity, f"checks.{number}", "remove") for number in gone)


def _named(session: SystemSession, catalog: Catalog, before: Made, after: Made) -> Iterator[Change]:
    known = {one.number: one for one in before.checks}
    for check in after.checks:
        old = known.pop(check.number, None)
        if old is None or old.said != check.said:
            was = old.said if old is not None else None
            yield _change(session, catalog, check.entity, f"checks.{check.key}", was, check.said, Not(parse(check.said["where"], catalog.saved)))
    for gone in known.values():
        yield Change("rule", gone.entity, f"checks.{gone.key}", "remove")


def _change(session: SystemSession, catalog: Catalog, entity: str, name: str, was: Any, said: Any, broken: Node | None) -> Change:
    effect = "create" if was is None else "remove" if said is None else "change"
    return Change("rule", entity, name, effect, count(session, catalog, entity, broken) if said is not None and broken is not None else 0)


def _wrong_by(catalog: Catalog, field: Kept, name: str) -> Node | None:
    """The condition under which a record lacks something by a rule of a field; the other rules are of changes alone."""
    if name != "required_if" or field.said.get(name) is None:
        return None
    lacking = parse({"all": [{"field": field.key, "op": "empty"}, field.said[name]]}, catalog.saved)
    return lacking if field.said.get("visible_if") is None else All((lacking, parse(field.said["visible_if"], catalog.saved)))


def count(session: SystemSession, catalog: Catalog, entity: str, broken: Node) -> int:
    """The records for which a condition holds. Fields that are only planned are empty in them; where a condition leads to rows that are only
    planned, all are counted that there are."""
    if entity not in session.catalog.entities:
        return 0
    return session.execute(select(func.count()).select_from(chosen(Sight(None, catalog, catalog.reader()).table(entity), broken).subquery())).scalar_one()


def chosen(source: Source, broken: Node) -> Select[Any]:
    """The numbers of those records, as `count` takes them."""
    predicate = visitors.replacement_traverse(compile_condition(broken, source), {}, empty_column)
    query = select(source.id).select_from(source.table).where(source.visible)
    return query if any(told in str(predicate) for told in TABLES) else query.where(predicate)
