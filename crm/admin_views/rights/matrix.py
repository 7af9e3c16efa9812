"""A role at a glance: entities down, actions across, in each cell whose records the role's rules admit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crm.admin_views.kit.explain_view import WORDS
from crm.admin_views.kit.menu import AREAS, ORDER
from crm.admin_views.rights.words import REACH, SCOPES, scope_words
from crm.backoffice.access import ACTIONS, EVERYTHING, Rule
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.rights.roles import RoleRules


@dataclass(frozen=True)
class Part:
    """What one rule admits or takes away in a cell; `covered` where a wider rule admits the same records anyway."""

    words: str
    full: str  # with the condition
    denies: bool = False
    covered: bool = False
    conditional: bool = False


@dataclass(frozen=True)
class Row:
    """One entity: a cell an action. `named` is the number of its fields that some rule names."""

    key: str
    label: str
    icon: str
    cells: list[list[Part]]
    rules: int
    named: int

    @property
    def empty(self) -> bool:
        return self.rules == 0


@dataclass(frozen=True)
class Group:
    label: str
    rows: list[Row]


def heads(language: str) -> list[str]:
    """The actions, in the order of the columns."""
    return [WORDS[action].text(language) for action in ACTIONS]


def shown_entities(session: UserSession) -> list[Entity]:
    """The entities that this reader may speak of: those of which he may see something."""
    catalog, language = session.catalog, session.reader.language
    position = {key: n for n, key in enumerate(ORDER)}
    known = [e for e in catalog.entities.values() if session.sight.may(e.key, "read") or (session.access is not None and session.access.unlimited)]
    return sorted(known, key=lambda e: (position.get(e.key, len(ORDER)), e.plural.text(language)))


def matrix(session: UserSession, role: RoleRules) -> list[Group]:
    """The rows of a role by area; rows of a parent stand below it."""
    language = session.reader.language
    entities = shown_entities(session)
    tops = [e for e in entities if e.parent is None]
    shown = {e.key for e in tops}
    groups: dict[str, list[Row]] = {key: [] for key, _, _ in AREAS}
    for entity in [*tops, *(e for e in entities if e.parent is not None and _parent(e) not in shown)]:
        area = entity.declared.area if entity.declared.area in groups else "other"
        groups[area].append(_row(session, role, entity))
        groups[area].extend(_row(session, role, e) for e in entities if e.parent is not None and _parent(e) == entity.key)
    return [Group(label.text(language), groups[key]) for key, label, _ in AREAS if groups[key]]


def _parent(entity: Entity) -> str | None:
    return entity.fields[entity.parent].target if entity.parent else None


def _row(session: UserSession, role: RoleRules, entity: Entity) -> Row:
    rules = [rule for rule in role.parsed if rule.entity == entity.key]
    known = set(session.sight.readable(entity.key))
    named = {key for rule in rules for key in rule.fields or () if key in known}
    words = {id(rule): scope_words(session, entity, rule) for rule in rules}
    language = session.reader.language
    wide = [rule for rule in role.parsed if rule.entity == EVERYTHING]
    words |= {id(rule): SCOPES[rule.scope].text(language) for rule in wide}
    cells = [list(_parts([*rules, *wide], action, words, language)) for action in ACTIONS]
    return Row(entity.key, entity.plural.text(language), session.sight.layout(entity.key).icon, cells, len(rules), len(named))


def _parts(rules: Sequence[Rule], action: str, words: dict[int, str], language: str) -> Iterator[Part]:
    allowed = [r for r in rules if r.effect == "allow" and action in r.actions and r.scope != "none"]
    denied = [r for r in rules if r.effect == "deny" and action in r.actions and r.scope != "none" and r.fields is None]
    everything = any(r.scope == "all" and r.where is None for r in allowed)
    seen: set[str] = set()
    for rule in sorted(allowed, key=lambda r: (r.where is not None, -REACH.index(r.scope))):
        if words[id(rule)] in seen:
            continue
        seen.add(words[id(rule)])
        covered = everything and not (rule.scope == "all" and rule.where is None)
        yield Part(SCOPES[rule.scope].text(language), words[id(rule)], covered=covered, conditional=rule.where is not None)
    for rule in denied:
        yield Part(SCOPES[rule.scope].text(language), words[id(rule)], denies=True, conditional=rule.where is not None)
