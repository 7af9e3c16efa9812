"""What refers to an entity, a field, a picklist, an option or a role: what is made, and what `uses` knows of."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.restaging import Restaging
from crm.backoffice.conditions.revaluing import Replacing, Revaluing
from crm.backoffice.conditions.tree import as_stored, dump, parse, saved_in
from crm.backoffice.configuration import AccessRule
from crm.backoffice.custom.fields import CONDITIONS, Kept
from crm.backoffice.custom.reading import Made
from crm.backoffice.fields.condition import ConditionField
from crm.backoffice.guard import SystemSession
from crm.backoffice.kept_reports.asks import entity_of
from crm.backoffice.lowcode import emergencies, mapping_uses
from crm.backoffice.lowcode.made_whole import following
from crm.backoffice.lowcode.uses import GONE, Use, naming, uses
from crm.errors import BramaError

RULES = AccessRule.__table__


def of_field(session: SystemSession, entity: str, key: str) -> list[Use]:
    """Formulas, roll-ups, rules of fields, checks, rules of roles, views, layouts, kept conditions and sources of imports that name the field."""
    catalog = session.catalog
    moves = {(entity, key): GONE}
    made = [_of_made(one) for one in _made(catalog.made) if (one.entity, one.key) != (entity, key) and following(one, catalog.entities, moves) != one]
    return [*made, *uses(session, entity, key), *mapping_uses.filling(session, entity, key)]


def of_entity(session: SystemSession, entity: str) -> list[Use]:
    """References and roll-ups that lead to it, pipelines, rules of roles, views, layouts, kept conditions and sources of imports over it."""
    catalog = session.catalog
    found = [Use("field", spec.key, True, kind.key) for kind in catalog.entities.values() for spec in kind.fields.values()
             if not spec.system and (spec.target == entity or (spec.rollup is not None and _rolls_up(catalog, kind.key, spec.key, entity)))]
    found += [Use("pipeline", one.code, True, "pipeline", one.id) for one in catalog.configured["pipeline"].values() if one.values["entity"] == entity]
    found += _rules(session, entity)
    found += [Use("saved", one.key, True, entity) for one in catalog.saved.known.values() if one.entity == entity]
    found += [Use("view", one.key, True, entity) for one in catalog.views.values() if one.entity == entity]
    found += [Use("report", one.key, True, entity) for one in catalog.reports.values() if entity_of(one.report, one.asks) == entity]
    found += [Use("layout", f"{entity}, {role}" if role else entity, True, entity) for role in catalog.layouts.get(entity, {})]
    return [*found, *_conditions(session, entity), *mapping_uses.into(session, entity)]


def of_picklist(catalog: Catalog, picklist: str) -> list[Use]:
    """The fields that offer it."""
    return [Use("field", spec.key, True, kind.key) for kind in catalog.entities.values() for spec in kind.fields.values() if spec.picklist == picklist]


def of_option(session: SystemSession, picklist: str, key: str) -> list[Use]:
    """Rules, defaults, views, kept conditions and sources of imports that name the option."""
    change = Revaluing(picklist, key, GONE)
    return [*_valued(session, change), *mapping_uses.valued(session, change.concerns, lambda value: value == key)]


def of_configured(session: SystemSession, entity: str, number: int) -> list[Use]:
    """The same of a stage or a pipeline, by number."""
    change = Restaging(entity, session.catalog.configured[entity], number, None)
    return [*_valued(session, change), *mapping_uses.valued(session, change.concerns, change.means)]


def _valued(session: SystemSession, change: Replacing) -> list[Use]:
    catalog = session.catalog
    return [*(_of_made(one) for one in _made(catalog.made) if revalued(one, catalog, change) != one), *naming(session, change)]


def of_role(session: SystemSession, code: str) -> list[Use]:
    """Layouts, views and conflicts for its holders, and roles whose holders may take it in an emergency."""
    catalog = session.catalog
    found = [Use("layout", f"{entity}, {code}", True, entity) for entity, said in catalog.layouts.items() if code in said]
    found += [Use("view", one.key, True, one.entity) for one in catalog.views.values() if code in (*one.roles, *one.default_for)]
    found += [Use("report", one.key, True, entity_of(one.report, one.asks)) for one in catalog.reports.values() if code in one.roles]
    found += [Use("dashboard", one.key, True) for one in catalog.dashboards.values() if code in one.roles]
    found += [Use("conflict", one.key, True) for one in catalog.conflicts.values() if code in one.roles]
    role = catalog.entity("role").table
    for number, other in session.execute(select(role.c.id, role.c.code).where(role.c.deleted_at.is_(None))).all():
        if code in emergencies.in_force(session, number).roles:
            found.append(Use("rule", other, True, "role", number))
    return found


def made_asking(made: Made, saved: str) -> list[Use]:
    """Rules of fields and checks that name a saved condition."""
    names = (*CONDITIONS, "where")
    return [_of_made(one) for one in _made(made) if any(saved in saved_in(parse(one.said[name], as_stored)) for name in names if one.said.get(name))]


def revalued(kept: Kept, catalog: Catalog, change: Replacing) -> Kept:
    """A made field or check whose rules and default go on with the other option or stage."""
    said, kind = dict(kept.said), catalog.entities.get(kept.entity)
    if kind is None:
        return kept
    for name in (*CONDITIONS, "where"):
        if said.get(name):
            try:
                before = parse(said[name], as_stored)
            except BramaError:
                continue
            after = change.inside(before, kind, catalog.entities)
            if after != before:
                said[name] = dump(after)
    if isinstance(change, Revaluing) and said.get("picklist") == change.picklist and said.get("default") is not None:
        said["default"] = change.value(said["default"])
    return replace(kept, said=said) if said != kept.said else kept


def _made(made: Made) -> Iterator[Kept]:
    """Everything made that may name fields; checks of made entities by their numbers."""
    yield from made.fields
    yield from made.checks
    for kind in made.entities.values():
        for number, one in enumerate(kind.said.get("checks", ()), 1):
            yield Kept(0, kind.key, str(number), one)


def _of_made(one: Kept) -> Use:
    return Use("field" if "type" in one.said else "check", one.key, True, one.entity)


def _rolls_up(catalog: Catalog, entity: str, key: str, rows: str) -> bool:
    kept: Any = catalog.made.of(entity).get(key)
    return kept is not None and str(kept.said.get("of", "")).split(".")[0] == rows


def _rules(session: SystemSession, entity: str) -> list[Use]:
    role = session.catalog.entity("role").table
    rows = session.execute(select(RULES.c.rule, role.c.code, role.c.id).join(role, role.c.id == RULES.c.role_id).where(role.c.deleted_at.is_(None)))
    named = {(code, number) for rule, code, number in rows if rule.get("entity") == entity}
    return [Use("rule", code, True, "role", number) for code, number in sorted(named)]


def _conditions(session: SystemSession, entity: str) -> Iterator[Use]:
    for kind in session.catalog.entities.values():
        for spec in kind.fields.values():
            if isinstance(spec, ConditionField):
                over = kind.table.c[kind.fields[spec.over].attribute]
                rows = session.execute(select(kind.table.c.id, kind.table.c.code).where(
                    over == entity, kind.table.c[spec.attribute].is_not(None), kind.table.c.deleted_at.is_(None))).all()
                yield from (Use("condition", code, True, kind.key, number) for number, code in rows)
