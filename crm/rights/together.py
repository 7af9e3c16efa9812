"""What two people may both see, as one set of rights: for one of them to look at the application with the other's eyes.

Every rule of the other is kept as far as what it shows lies, on every record, within what the looker sees by himself. Where that cannot be told
from the rules alone, less is shown and never more.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from crm.backoffice.access import MODES, RANK, Access, FieldMode, Rule
from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.compiler import ME
from crm.backoffice.conditions.tree import Leaf, Node, walk
from crm.backoffice.entities import Entity
from crm.backoffice.saving.rights import STANDING
from crm.backoffice.sight import READ, Sight
from crm.rights.known import rest_on_the_seen

PERSONAL = frozenset({"own", "department", "department_tree", "territory"})
# What decides which records of a scope are a person's, beside the records themselves.
STANDS = MappingProxyType({
    "department": (("user", "department"),), "department_tree": (("user", "department"), ("department", "parent")),
    "territory": (("user", "territory"), ("territory", "parent")),
})
HIDDEN = FieldMode("hidden")


def together(catalog: Catalog, looker: Access, other: Access) -> Access:
    """The rights of `other`, less what `looker` does not see himself. Nothing is exported by them."""
    if looker.unlimited:
        return replace(other, rules=_without_export(other.rules), shared={})
    sight = Sight(looker, catalog, catalog.reader())
    rules = {key: tuple(_shared(sight, looker, other, kind)) for key, kind in catalog.entities.items()}
    return replace(other, rules=_without_export({key: given for key, given in rules.items() if given}), unlimited=False, shared={})


def is_whole(looker: Access, other: Access, shown: Access) -> bool:
    """Whether nothing of the other's rights was left out because the looker has less."""
    return looker.unlimited or all(
        any(_says(one, rule) for one in shown.of(key)) for key, given in _without_export(other.rules).items() for rule in given if rule.scope != "none"
    )


def _says(one: Rule, rule: Rule) -> bool:
    same = (one.role, one.number, one.effect, one.scope, one.where) == (rule.role, rule.number, rule.effect, rule.scope, rule.where)
    return same and (rule.effect == "deny" or all(one.mode(key, "") == rule.mode(key, "") for key in rule.fields or ()))


def _shared(sight: Sight, looker: Access, other: Access, kind: Entity) -> Iterator[Rule]:
    wide = [rule for rule in looker.of(kind.key) if rule.effect == "allow" and "read" in rule.actions and rule.scope == "all" and rule.where is None]
    denials = [rule for rule in looker.of(kind.key) if rule.effect == "deny"]
    theirs = other.of(kind.key)
    # A denial that means other records for each of the two, or tells of values that the looker does not see, cannot be carried over.
    if not wide or any(_personal(rule) for rule in denials) or not all(_known(sight, kind, rule) for rule in theirs if rule.effect == "deny"):
        return
    for rule in theirs:
        if rule.effect == "deny":
            yield rule
        elif _records_known(sight, kind, rule):
            yield replace(rule, fields=MappingProxyType({key: _less(sight, kind, wide, rule, key) for key in kind.fields}))
    yield from denials


def _less(sight: Sight, kind: Entity, wide: Iterable[Rule], rule: Rule, key: str) -> FieldMode:
    spec = kind.fields[key]
    given = rule.mode(key, spec.sensitivity)
    if given.where is not None and not _seen(sight, kind, given.where):
        return HIDDEN
    own = max((RANK[mode.mode] for one in wide if (mode := one.mode(key, spec.sensitivity)).where is None), default=0)
    return given if RANK[given.mode] <= own else replace(given, mode=MODES[own])


def _known(sight: Sight, kind: Entity, rule: Rule) -> bool:
    return _records_known(sight, kind, rule) and all(mode.where is None or _seen(sight, kind, mode.where) for mode in (rule.fields or {}).values())


def _records_known(sight: Sight, kind: Entity, rule: Rule) -> bool:
    """Whether the looker could tell the records of a rule by himself."""
    if rule.where is not None and not _seen(sight, kind, rule.where):
        return False
    if rule.scope not in PERSONAL:
        return True
    if not all(_always(sight, sight.catalog.entity(entity), key) for entity, key in STANDS.get(rule.scope, ())):
        return False  # what shows would tell where the other person stands
    above = sight.catalog.entity(kind.fields[kind.parent].target or "") if kind.parent else kind
    return all(_always(sight, above, key) for key in STANDING & above.fields.keys())


def _always(sight: Sight, kind: Entity, key: str) -> bool:
    return sight.grants(kind, kind.fields[key], READ, "read").always


def _seen(sight: Sight, kind: Entity, node: Node) -> bool:
    return rest_on_the_seen(sight, kind, (Rule("", 0, kind.key, "allow", frozenset(), "all", node),))


def _personal(rule: Rule) -> bool:
    """Whether the rule means other records for another person."""
    nodes = [node for node in (rule.where, *(mode.where for mode in (rule.fields or {}).values())) if node is not None]
    return rule.scope in PERSONAL or any(_names_me(node) for node in nodes)


def _names_me(node: Node) -> bool:
    return any(isinstance(part, Leaf) and (part.value == ME or (isinstance(part.value, list) and ME in part.value)) for part in walk(node))


def _without_export(rules: Mapping[str, tuple[Rule, ...]]) -> Mapping[str, tuple[Rule, ...]]:
    kept = {key: tuple(r if r.effect == "deny" else replace(r, actions=r.actions - {"export"}) for r in given) for key, given in rules.items()}
    return MappingProxyType(kept)
