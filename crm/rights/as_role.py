"""A screen as the holders of a role have it, for somebody who arranges it: the looker's own records and values, of which the role takes away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from crm.backoffice.access import MODES, RANK, Access, FieldMode, Mode, Rule
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity

SHOWN = frozenset({"read", "create", "update", "assign"})


def as_role(catalog: Catalog, looker: Access, role: str, rules: Sequence[Rule] | None) -> Access:
    """Rights to draw a screen with, in a session that writes nothing: every rule is one of the looker's own on its records, a field in it at most as
    the looker and some record's reader by `rules` see it. What both read and the role edits counts as edited, so that forms have it.

    With `rules` None the role takes nothing away. Of a rule with a condition the role is given all: what a screen of it looks like is asked, not
    which records are its.
    """
    given = {kind.key: tuple(_drawn(looker, kind, role, _of(kind, rules))) for kind in catalog.entities.values()}
    rules_left = MappingProxyType({key: several for key, several in given.items() if several})
    return replace(looker, roles=(role,) if role else (), rules=rules_left, unlimited=False, shared={})


def _of(kind: Entity, rules: Sequence[Rule] | None) -> Sequence[Rule] | None:
    return None if rules is None else [rule for rule in rules if rule.entity == kind.key and rule.scope != "none"]


def _drawn(looker: Access, kind: Entity, role: str, rules: Sequence[Rule] | None) -> Iterator[Rule]:
    actions = SHOWN if rules is None else SHOWN & _allowed(rules)
    if "read" not in actions:
        return
    given = {key: "edit" if rules is None else _mode(rules, key, kind.fields[key].sensitivity) for key in kind.fields}
    if looker.unlimited:
        yield Rule(role, 0, kind.key, "allow", actions, "all", fields=_less(given, None, kind))
        return
    for own in looker.of(kind.key):
        if own.effect == "deny":
            yield replace(own, actions=own.actions | SHOWN) if "read" in own.actions else own
        elif "read" in own.actions:
            yield replace(own, actions=actions, fields=_less(given, own, kind))


def _allowed(rules: Sequence[Rule]) -> frozenset[str]:
    allowed = frozenset(action for rule in rules if rule.effect == "allow" for action in rule.actions)
    return allowed - {action for rule in rules if _always(rule) and rule.fields is None for action in rule.actions}


def _mode(rules: Sequence[Rule], key: str, sensitivity: str) -> Mode:
    """The most that the role gives a field on some record."""
    found: Mode = "hidden"
    for rule in rules:
        if rule.effect != "allow" or "read" not in rule.actions:
            continue
        mode = rule.mode(key, sensitivity).mode
        writes = bool(rule.actions & {"create", "update"})
        mode = mode if writes or mode != "edit" else "read"
        found = mode if RANK[mode] > RANK[found] else found
    for rule in rules:
        taken = (rule.fields or {}).get(key) or (rule.fields or {}).get("*")
        if _always(rule) and taken is not None and taken.where is None:
            found = "hidden" if "read" in rule.actions else MODES[min(RANK[found], RANK["read"])]
    return found


def _always(rule: Rule) -> bool:
    return rule.effect == "deny" and rule.scope == "all" and rule.where is None


def _less(given: Mapping[str, Mode], own: Rule | None, kind: Entity) -> Mapping[str, FieldMode]:
    """The lower of the two; what the looker only reads the role may still edit on the screen."""
    found: dict[str, FieldMode] = {}
    for key, theirs in given.items():
        mine = own.mode(key, kind.fields[key].sensitivity) if own is not None else FieldMode("edit")
        shown = theirs if RANK[mine.mode] >= RANK["read"] else MODES[min(RANK[theirs], RANK[mine.mode])]
        found[key] = FieldMode(shown, mine.where)
    return MappingProxyType(found)
