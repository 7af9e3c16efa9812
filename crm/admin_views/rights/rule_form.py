"""The rules of one role about one entity as a form: what it shows, and what a posted one says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from werkzeug.datastructures import MultiDict

from crm.admin_views.kit.conditions import read_condition
from crm.admin_views.kit.explain_view import MODES as MODE_WORDS
from crm.admin_views.kit.explain_view import WORDS
from crm.admin_views.rights.asked import Condition, asked
from crm.admin_views.rights.words import SCOPES
from crm.backoffice.access import ACTIONS, MODES, RANK, SCOPES as KNOWN_SCOPES
from crm.backoffice.access import FieldMode, Rule, parse_rule
from crm.backoffice.conditions.tree import as_stored
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import UserSession
from crm.errors import BadRequest
from crm.messages import Label, m, render
from crm.rights.roles import MOST_RULES, Raw

REST = "*"
SHORT = {"hidden": Label("приховано", "hidden"), "masked": Label("маска", "mask"), "read": Label("читання", "read"), "edit": Label("зміна", "edit")}
TAKEN = {"": Label("лишається", "stays"), "hidden": Label("забрано", "taken")}


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    chosen: bool
    given: bool = False  # what holds when nothing is chosen


@dataclass(frozen=True)
class FieldLine:
    """How one rule shows one field. `note` says what another rule gives; `named` whether this rule names the field itself."""

    key: str
    label: str
    sensitive: bool
    named: bool
    choices: list[Choice]
    where: Condition
    note: str


@dataclass(frozen=True)
class RuleForm:
    """One rule. `was` is its place among the stored ones, "" for a new one; `number` how explanations cite it."""

    place: int
    was: str
    number: int
    denies: bool
    actions: list[Choice]
    scopes: list[Choice]
    where: Condition
    rest: list[Choice]
    fields: list[FieldLine]
    named: int


def shown(session: UserSession, kind: Entity, role_rules: Sequence[Rule], rules: Sequence[tuple[str, Rule]]) -> list[RuleForm]:
    """The form of `rules`, each with its place among the stored ones ("" for new); `role_rules` number the stored ones."""
    stored = [rule for rule in role_rules if rule.entity == kind.key]
    found = []
    for place, (was, rule) in enumerate(rules):
        number = stored[int(was)].number if was else 0
        found.append(_rule(session, kind, place, was, number, rule, [other for _, other in rules if other is not rule]))
    return found


def _rule(session: UserSession, kind: Entity, place: int, was: str, number: int, rule: Rule, others: Sequence[Rule]) -> RuleForm:
    language = session.reader.language
    denies = rule.effect == "deny"
    actions = [Choice(a, WORDS[a].text(language), a in rule.actions) for a in ACTIONS]
    # "where" as a scope is what a condition without one means: all records on which it holds.
    scope = "all" if rule.scope == "where" else rule.scope
    scopes = [Choice(s, SCOPES[s].text(language), s == scope) for s in KNOWN_SCOPES if s != "where"]
    named = rule.fields or {}
    rest = named[REST].mode if REST in named else ("edit" if rule.fields is None and not denies else "hidden" if not denies else "")
    words = TAKEN if denies else SHORT
    rests = [Choice(value, label.text(language), value == (_taken(named.get(REST)) if denies else rest)) for value, label in words.items()]
    lines = [_field(session, kind, spec, rule, others) for spec in _fields(session, kind)]
    return RuleForm(
        place, was, number, denies, actions, scopes, asked(session, kind, rule.where), rests, lines, sum(line.named for line in lines),
    )


def _fields(session: UserSession, kind: Entity) -> list[Field]:
    """Those of which this reader may speak, as on the form."""
    known = set(session.sight.readable(kind.key))
    own = [spec for key, spec in kind.fields.items() if key in known]
    layout = session.sight.layout(kind.key)
    return sorted(own, key=lambda spec: (spec.system, layout.in_order(spec.key)))


def _taken(mode: FieldMode | None) -> str:
    return "hidden" if mode is not None else ""


def _field(session: UserSession, kind: Entity, spec: Field, rule: Rule, others: Sequence[Rule]) -> FieldLine:
    language = session.reader.language
    named = (rule.fields or {}).get(spec.key)
    if rule.effect == "deny":
        rest = (rule.fields or {}).get(REST) is not None
        choices = [Choice(v, label.text(language), v == _taken(named), v == "hidden" and rest and named is None) for v, label in TAKEN.items()]
        note = ""
    else:
        given = rule.mode(spec.key, spec.sensitivity).mode
        offered = [mode for mode in MODES if mode != "edit" or not (spec.system or spec.derived)]
        choices = [Choice(mode, SHORT[mode].text(language), named is not None and named.mode == mode, named is None and given == mode) for mode in offered]
        note = _elsewhere(spec, rule, others, language)
    where = asked(session, kind, named.where if named is not None else None)
    return FieldLine(spec.key, spec.label.text(language), spec.sensitivity == "sensitive", named is not None, choices, where, note)


def _elsewhere(spec: Field, rule: Rule, others: Sequence[Rule], language: str) -> str:
    """What a rule that admits all records shows anyway, when that is more than this one does."""
    mine = RANK[rule.mode(spec.key, spec.sensitivity).mode]
    wide = [o.mode(spec.key, spec.sensitivity) for o in others if o.effect == "allow" and "read" in o.actions and o.scope == "all" and o.where is None]
    best = max((mode.mode for mode in wide if mode.where is None), key=lambda mode: RANK[mode], default="hidden")
    if RANK[best] <= mine:
        return ""
    return render(m("another rule: %(mode)s", mode=MODE_WORDS[best]), language)


# --- what is posted ------------------------------------------------------------------------------------------------


def posted(session: UserSession, kind: Entity, code: str, stored: Sequence[Raw], form: "MultiDict[str, str]") -> list[tuple[str, Raw]]:
    """The rules of a posted form, each with its place among the stored ones. What this reader does not see of a stored rule stays in it; a
    rule that says the same stays as it stood. Raises BadRequest."""
    known = {spec.key for spec in _fields(session, kind)}
    places = form.getlist("rule")
    if len(places) > MOST_RULES:
        raise BadRequest(m("A role holds at most %(most)s rules about one kind of record.", most=MOST_RULES))
    found: list[tuple[str, Raw]] = []
    for place in places:
        was = form.get(f"was-{place}", "")
        if was and not (was.isascii() and was.isdecimal() and len(was) < 3 and int(was) < len(stored)):
            raise BadRequest(m("This form is of other rules. Reload the page."))
        old = stored[int(was)] if was else None
        made = _posted_rule(kind, place, old, known, form)
        saved = session.catalog.saved
        same = old is not None and _plain(parse_rule(code, 0, old, saved)) == _plain(parse_rule(code, 0, made, saved))
        found.append((was, old if same and old is not None else made))
    return found


def _posted_rule(kind: Entity, place: str, old: Raw | None, known: set[str], form: "MultiDict[str, str]") -> dict[str, Any]:
    denies = form.get(f"effect-{place}") == "deny"
    made: dict[str, Any] = {"entity": kind.key}
    if denies:
        made["effect"] = "deny"
    chosen = form.getlist(f"action-{place}")
    made["actions"] = [a for a in ACTIONS if a in chosen]
    where = read_condition(form.get(f"where-{place}", ""))
    scope = form.get(f"scope-{place}", "none")
    # A condition alone is how a file says it: all records on which it holds.
    if not (where is not None and scope == "all"):
        made["scope"] = scope
    if where is not None:
        made["where"] = where
    fields: dict[str, Any] = {}
    rest = form.get(f"rest-{place}", "")
    if rest:
        fields[REST] = rest
    for key in kind.fields:
        mode = form.get(f"mode-{place}-{key}", "")
        if key in known and mode:
            condition = read_condition(form.get(f"if-{place}-{key}", ""))
            fields[key] = mode if condition is None else {"mode": mode, "where": condition}
    stays = parse_rule("", 0, old, as_stored).fields if old is not None else None
    raw_fields = (old or {}).get("fields")
    for key in stays or {}:
        if key != REST and key not in known:
            fields[key] = raw_fields[key] if isinstance(raw_fields, Mapping) else "hidden"
    if fields:
        made["fields"] = fields
    return made


def _plain(rule: Rule) -> tuple[Any, ...]:
    """A rule in one form: several ways of writing say the same."""
    fields = dict(rule.fields) if rule.fields is not None else None
    if rule.effect == "allow":
        fields = {REST: FieldMode("edit")} if fields is None else {REST: FieldMode("hidden"), **fields}
    elif fields is not None:
        fields = {key: FieldMode("hidden", mode.where) for key, mode in fields.items()}
    scope = "all" if rule.scope == "where" else rule.scope
    return rule.effect, rule.actions, scope, rule.where, MappingProxyType(fields) if fields is not None else None


def begun(kind: Entity, denies: bool) -> dict[str, Any]:
    """A new rule, as it is offered: one that shows one's own records, or one that takes nothing yet."""
    if denies:
        return {"entity": kind.key, "effect": "deny", "actions": ["delete"], "scope": "all"}
    return {"entity": kind.key, "actions": ["read"], "scope": "own", "fields": {REST: "read"}}
