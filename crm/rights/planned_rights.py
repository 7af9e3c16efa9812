"""Changes of rights that a plan brings, as they are rehearsed while the plan also makes, renames or removes fields and kinds of records.

People's rules, the rules as they would be and the records are looked at together, so all of it is said by the keys that fields have now: over what
stands, with what the plan would make beside it. A condition that asks for a field whose type the plan changes is not counted at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from crm.backoffice.access import Rule, parse_rule
from crm.backoffice.catalog import Catalog, link, product
from crm.backoffice.conditions.renaming import Renaming
from crm.backoffice.conditions.tree import expanded, names
from crm.backoffice.custom.fields import CONDITIONS, Kept
from crm.backoffice.custom.reading import Made, described
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.document import Document
from crm.backoffice.lowcode.made_whole import moves_of
from crm.backoffice.lowcode.saved_conditions import conditions_with
from crm.backoffice.lowcode.uses import rule_with
from crm.messages import Label
from crm.organization.models import Role
from crm.rights.conditions_judged import role_changes
from crm.rights.roles import read_role

Place = tuple[str, str | None]  # a kind of records, or a field of it


@dataclass(frozen=True)
class PlannedRole:
    """A role as a plan would leave it: its rules by the keys of now, and of what is made what they would show. `over` is what stands with what is made
    beside it, None where the plan makes nothing; `unclear` are kinds of records of which nothing can be counted."""

    id: int
    code: str
    label: Label
    rules: Sequence[Rule]
    over: Catalog | None = None
    made: Sequence[Place] = ()
    unclear: frozenset[str] = frozenset()


def planned_roles(session: SystemSession, document: Document, after: Catalog) -> Iterator[PlannedRole]:
    """The roles that stand and whose rights a document changes, by their rules or by saved conditions that these use."""
    before, role = session.catalog, Role.__table__
    over = beside(before, after) if document.makes else None
    back = Renaming({(entity, new): old for (entity, old), new in moves_of(before, after.made).items()})
    told: set[str] = set()
    for spec in document.roles:
        number = session.execute(select(role.c.id).where(role.c.code == spec.key, role.c.deleted_at.is_(None))).scalar()
        rules = [rule_with(raw, after, back) for raw in spec.rules] if over is not None else list(spec.rules)
        if number is not None and rules != list(read_role(session, number).rules):
            told.add(spec.key)
            yield _planned(before, after, over, PlannedRole(number, spec.key, spec.label, ()), rules, spec.rules)
    for _, new in role_changes(session, before, after):
        if new.code not in told:
            yield _planned(before, after, over, PlannedRole(new.id, new.code, new.label, ()), new.rules, new.rules)


def _planned(
    before: Catalog, after: Catalog, over: Catalog | None, one: PlannedRole, raws: Sequence[Mapping[str, Any]], said: Sequence[Mapping[str, Any]],
) -> PlannedRole:
    rules = tuple(parse_rule(one.code, n, raw, (over or after).saved) for n, raw in enumerate(raws, 1))
    if over is None:
        return replace(one, rules=rules)
    shows = tuple(parse_rule(one.code, n, raw, after.saved) for n, raw in enumerate(said, 1))
    return replace(one, rules=rules, over=over, made=tuple(_shown(before, after, shows)), unclear=frozenset(_unclear(before, after, rules)))


def beside(before: Catalog, after: Catalog) -> Catalog:
    """What stands, with the kinds of records, fields and options that are only planned, and the saved conditions as they would be, all by the keys
    of now."""
    there = {(one.entity, one.key) for one in before.made.fields}
    own = {key: set(kind.fields) for key, kind in before.entities.items()}
    new = [_plain(one) for one in after.made.fields if one.number < 0 and (one.entity, one.key) not in there and one.key not in own.get(one.entity, ())]
    kinds = {**before.made.entities, **{key: one for key, one in after.made.entities.items() if one.number < 0}}
    made = Made(kinds, (*map(_plain, before.made.fields), *new), before.made.gone)
    back = {(entity, key): old for (entity, old), key in moves_of(before, after.made).items()}
    saved = conditions_with(after, (), (), back)
    plain = {key: replace(one, said={name: value for name, value in one.said.items() if name != "checks"}) for key, one in kinds.items()}

    def option(picklist: str, key: str) -> int | None:
        known = after.picklists.get(picklist)
        found = known.by_key(key) if known else None
        return found.id if found else None

    entities = link(described(product(), replace(made, entities=MappingProxyType(plain)), option, saved=saved))
    return replace(before, entities=MappingProxyType(entities), made=made, picklists=after.picklists, saved=saved)


def _plain(kept: Kept) -> Kept:
    """A field without its rules: nothing is saved here."""
    return replace(kept, said={name: value for name, value in kept.said.items() if name not in CONDITIONS})


def _shown(before: Catalog, after: Catalog, rules: Sequence[Rule]) -> Iterator[Place]:
    """What is only planned and would be shown by these rules on some record."""
    for kind in after.entities.values():
        reading = [rule for rule in rules if rule.entity == kind.key and rule.effect == "allow" and "read" in rule.actions and rule.scope != "none"]
        if not reading:
            continue
        if kind.key not in before.entities:
            yield kind.key, None
            continue
        there = {(one.entity, one.key) for one in before.made.fields}
        for spec in kind.fields.values():
            fresh = spec.number < 0 and (kind.key, spec.key) not in there
            if fresh and any(rule.mode(spec.key, spec.sensitivity).mode != "hidden" for rule in reading) and not _denied(rules, kind.key, spec.key):
                yield kind.key, spec.key


def _denied(rules: Sequence[Rule], entity: str, key: str) -> bool:
    """Whether a denial takes the field on every record."""
    everywhere = (rule for rule in rules if rule.entity == entity and rule.scope == "all" and rule.where is None)
    denials = (rule for rule in everywhere if rule.effect == "deny" and "read" in rule.actions)
    return any(rule.fields is None or ("*" in rule.fields or key in rule.fields) for rule in denials)


def _unclear(before: Catalog, after: Catalog, rules: Sequence[Rule]) -> Iterator[str]:
    """The kinds of records whose rules ask for a field that the plan puts in the place of another one of its key."""
    there = {one.key for one in before.made.fields}
    turned = {one.key for one in after.made.fields if one.number < 0 and one.key in there}
    for rule in rules:
        nodes = (rule.where, *(mode.where for mode in (rule.fields or {}).values()))
        if any(turned & set(names(expanded(node))) for node in nodes if node is not None):
            yield rule.entity
