"""What the rules of an Access grant on one entity, still without SQL: which rules admit a record, which show a field of it.

A rule couples its records with its field modes: a field shows on a record only when one rule that admits that record also
shows the field. So every grant keeps its rule, and the union is taken over whole rules.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from crm.backoffice.access import RANK, Access, Action, Rule
from crm.backoffice.conditions.tree import Node
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field


@dataclass(frozen=True)
class Grant:
    """The records of `rule` on which `condition` (of the field's mode) holds too."""

    rule: Rule
    condition: Node | None = None

    @property
    def everywhere(self) -> bool:
        """Whether it admits every record whatever its values."""
        return self.rule.scope == "all" and self.rule.where is None and self.condition is None


@dataclass(frozen=True)
class Grants:
    """Records admitted by one of `allowed` and by none of `denied`."""

    allowed: tuple[Grant, ...]
    denied: tuple[Grant, ...] = ()

    @property
    def never(self) -> bool:
        """Nothing is admitted, whatever the data."""
        return not self.allowed or any(g.everywhere for g in self.denied)

    @property
    def always(self) -> bool:
        """Everything is admitted, whatever the data."""
        return not self.denied and any(g.everywhere for g in self.allowed)


ALL = Grants((Grant(Rule("", 0, "", "allow", frozenset(), "all")),))
NONE = Grants(())
READ = frozenset[Action]({"read"})


def of_records(access: Access, entity: Entity, actions: frozenset[Action]) -> Grants:
    """The records on which every one of `actions` may be done. Stages, pipelines, rates of exchange are read by everybody."""
    if access.unlimited or (entity.declared.read_by_all and actions <= {"read", "export"}):
        return ALL
    rules = access.of(entity.key)
    return Grants(
        tuple(Grant(r) for r in rules if r.effect == "allow" and actions <= r.actions and r.scope != "none"),
        tuple(Grant(r) for r in rules if r.effect == "deny" and r.fields is None and actions & r.actions and r.scope != "none"),
    )


def of_field(access: Access, entity: Entity, spec: Field, actions: frozenset[Action], mode: str, entities: Mapping[str, Entity]) -> Grants:
    """Where a field may be met with at least `mode` (read, edit) by rules that allow `actions`; `masked` means masked exactly. `entities` are those of
    the catalog: what a field is made of may stand in rows of another."""
    if spec.derived and mode == "edit":
        return NONE
    if access.unlimited:
        return NONE if mode == "masked" else ALL
    if spec.made_of and not _all_seen(access, entity, spec, actions, entities):
        return NONE
    if entity.declared.read_by_all and mode == "read" and spec.sensitivity != "sensitive":
        return ALL
    allowed: list[Grant] = []
    denied: list[Grant] = []
    for rule in access.of(entity.key):
        if rule.scope == "none":
            continue
        if rule.effect == "allow" and actions <= rule.actions:
            given = rule.mode(spec.key, spec.sensitivity)
            if given.mode == mode or (mode != "masked" and RANK[given.mode] > RANK[mode]):
                allowed.append(Grant(rule, given.where))
        elif rule.effect == "deny" and rule.fields is not None and actions & rule.actions:
            taken = rule.fields.get(spec.key) or rule.fields.get("*")
            if taken is not None:
                denied.append(Grant(rule, taken.where))
    return Grants(tuple(allowed), tuple(denied))


def _all_seen(access: Access, entity: Entity, spec: Field, actions: frozenset[Action], entities: Mapping[str, Entity]) -> bool:
    """Whether everything that a derived field is computed from shows on every record: it is as secret as its most secret source."""
    return all(
        covers(of_field(access, kind, source, wanted, "read", entities), of_records(access, kind, wanted))
        for kind, source in _sources(entity, spec, entities) for wanted in ({actions, READ} if kind is entity else {READ})
    )


def _sources(entity: Entity, spec: Field, entities: Mapping[str, Entity]) -> Iterator[tuple[Entity, Field]]:
    """What a derived field is computed from: fields of its own record, and `lines.price` of the rows of a relation."""
    for key in spec.made_of:
        relation, _, own = key.rpartition(".")
        kind = entities[entity.relations[relation].entity] if relation else entity
        yield kind, kind.fields[own]


def covers(field: Grants, records: Grants) -> bool:
    """Whether the field shows on every record that `records` admits, so that no condition need be asked."""
    if field.denied or field.never:
        return False
    plain = {id(g.rule) for g in field.allowed if g.condition is None}
    return field.always or all(id(g.rule) in plain for g in records.allowed)


def merged(grants: Iterable[Grants]) -> Grants:
    """The union of what several grants allow, less every denial."""
    several = tuple(grants)
    return Grants(tuple(g for part in several for g in part.allowed), tuple(g for part in several for g in part.denied))
