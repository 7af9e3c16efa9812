"""What one user may do, as plain values: no session, no request, nothing of SQLAlchemy. `sight` turns it into SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, cast, get_args
from zoneinfo import ZoneInfo

from crm.backoffice.conditions.tree import Lookup, Node, parse, unsaved
from crm.errors import BadRequest
from crm.messages import m

Action = Literal["read", "create", "update", "delete", "export", "assign", "erase", "configure"]
Mode = Literal["hidden", "masked", "read", "edit"]
ScopeKind = Literal["none", "own", "department", "department_tree", "territory", "all", "where"]
ACTIONS: tuple[Action, ...] = get_args(Action)
MODES: tuple[Mode, ...] = get_args(Mode)
SCOPES: tuple[ScopeKind, ...] = get_args(ScopeKind)
APART: frozenset[Action] = frozenset({"create", "configure"})  # concern no record that stands
EVERYTHING = "*"  # in place of an entity, for the action `configure` alone: all there are and those that come
RANK: Mapping[str, int] = {mode: n for n, mode in enumerate(MODES)}


@dataclass(frozen=True)
class FieldMode:
    """How a rule shows a field; with a condition only on the records where it is true, elsewhere hidden."""

    mode: Mode
    where: Node | None = None


@dataclass(frozen=True)
class Rule:
    """One rule of a role: these actions on these records of one entity, with these field modes."""

    role: str
    number: int
    entity: str
    effect: Literal["allow", "deny"]
    actions: frozenset[str]
    scope: ScopeKind
    where: Node | None = None
    fields: Mapping[str, FieldMode] | None = None  # None: a whole-record rule

    @property
    def name(self) -> str:
        """How explanations cite the rule: `seller#3`."""
        return f"{self.role}#{self.number}"

    def mode(self, key: str, sensitivity: str) -> FieldMode:
        """The mode this allowing rule gives a field; "*" covers open and internal fields only."""
        named = self.fields.get(key) if self.fields is not None else None
        if named is not None:
            return named
        if sensitivity == "sensitive":
            return FieldMode("hidden")
        if self.fields is None:
            return FieldMode("edit")
        return self.fields.get("*", FieldMode("hidden"))


@dataclass(frozen=True)
class Access:
    """A user's rights at one moment: who he is, where he stands, and every rule of the roles he holds today."""

    user_id: int
    department_id: int | None
    departments: frozenset[int]  # his own and all below
    territories: frozenset[int]  # his own and all below
    roles: tuple[str, ...]
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    unlimited: bool = False  # the owner: everything, sensitive fields too, never less
    today: date = date.min
    zone: ZoneInfo = ZoneInfo("UTC")
    language: str = "uk"
    shared: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)  # one for all who hold the same rules
    territory_id: int | None = None
    lent: bool = False  # some of it for a few hours only: with that nobody gives rights to anybody

    def of(self, entity: str) -> tuple[Rule, ...]:
        """The rules that concern `entity`, allowing and denying."""
        return self.rules.get(entity, ())

    def derived(self, catalog: object) -> dict[Any, Any]:
        """A place for what follows from the rules over one catalog and from nothing of the person; begun anew over another catalog."""
        found: tuple[object, dict[Any, Any]] | None = self.shared.get("derived")
        if found is None or found[0] is not catalog:
            found = self.shared["derived"] = (catalog, {})
        return found[1]

    def may(self, entity: str, action: Action) -> bool:
        """Whether some record could be acted on at all: what menus and buttons ask. It protects nothing."""
        if self.unlimited:
            return True
        rules = self.of(entity)
        allowed = any(r.effect == "allow" and action in r.actions and r.scope != "none" for r in rules)
        return allowed and not any(r.effect == "deny" and action in r.actions and r.scope == "all" and r.fields is None for r in rules)


    def configures(self, entity: str = EVERYTHING) -> bool:
        """Whether he may change what an entity is made of: its fields and their picklists; without one, whether he may also make new entities.
        What was taken in an emergency gives it to nobody: it would outlast the emergency."""
        if self.unlimited:
            return True
        rules = [rule for key in {entity, EVERYTHING} for rule in self.of(key) if "configure" in rule.actions]
        return not self.lent and any(r.effect == "allow" and r.scope == "all" for r in rules) and not any(r.effect == "deny" for r in rules)

    @property
    def configures_something(self) -> bool:
        """Whether there is an entity that he may configure."""
        return self.unlimited or any(self.configures(key) for key in self.rules)


def parse_rule(role: str, number: int, raw: Mapping[str, Any], saved: Lookup = unsaved) -> Rule:
    """A rule as it stands in a configuration file. Raises BadRequest naming role, rule and what is wrong."""

    def wrong(what: str, value: object) -> BadRequest:
        return BadRequest(m("Rule %(number)s of role “%(role)s”: “%(what)s” knows no “%(value)s”.", role=role, number=number, what=what, value=str(value)[:60]))

    unknown = set(raw) - {"entity", "effect", "actions", "scope", "where", "fields"}
    if unknown:
        keys = ", ".join(sorted(map(str, unknown)))[:80]
        raise BadRequest(m("Rule %(number)s of role “%(role)s” has unknown keys: %(keys)s.", role=role, number=number, keys=keys))
    effect = raw.get("effect", "allow")
    if effect not in ("allow", "deny"):
        raise wrong("effect", effect)
    actions = raw.get("actions", ())
    if not isinstance(actions, Sequence) or isinstance(actions, str) or not actions:
        raise BadRequest(m("Rule %(number)s of role “%(role)s”: “actions” is a list, such as [read].", role=role, number=number))
    for action in actions:
        if action not in ACTIONS:
            raise wrong("actions", action)
    where = parse(raw["where"], saved) if raw.get("where") is not None else None
    scope = raw.get("scope") or ("where" if where else "none" if effect == "allow" else "all")
    if scope not in SCOPES:
        raise wrong("scope", scope)
    fields = raw.get("fields")
    modes: dict[str, FieldMode] | None = None
    if fields is not None:
        pairs = fields.items() if isinstance(fields, Mapping) else ((f, "hidden") for f in fields)
        modes = {}
        for key, mode in pairs:
            bare = mode.get("mode") if isinstance(mode, Mapping) else mode
            if bare not in MODES:
                raise wrong("fields", bare)
            condition = mode.get("where") if isinstance(mode, Mapping) else None
            modes[str(key)] = FieldMode(cast(Mode, bare), parse(condition, saved) if condition is not None else None)
    return Rule(
        role, number, str(raw.get("entity", "")), cast(Literal["allow", "deny"], effect), frozenset(actions), cast(ScopeKind, scope), where,
        MappingProxyType(modes) if modes is not None else None,
    )
