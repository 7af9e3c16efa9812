"""Two roles or two people side by side: only what differs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import record_number
from crm.admin_views.kit.explain_view import MODES, WORDS
from crm.admin_views.rights.door import keeper, role_of
from crm.admin_views.rights.matrix import shown_entities
from crm.admin_views.rights.roles_list import roles
from crm.admin_views.rights.words import condition_words, scope_words
from crm.backoffice.access import ACTIONS, EVERYTHING, Rule
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import UserSession
from crm.errors import Forbidden, NotFound
from crm.messages import m, render
from crm.permissions import access_for
from crm.rights.known import knows_roles

ROLE, PERSON = "role", "user"


@dataclass(frozen=True)
class Side:
    """One of the two: its rules, or everything."""

    id: int
    name: str
    rules: Sequence[Rule]
    everything: bool = False


@dataclass(frozen=True)
class Line:
    what: str
    left: str
    right: str


@dataclass(frozen=True)
class Part:
    label: str
    actions: list[Line]
    fields: list[Line]


def page() -> str:
    """`?kind=role|user&left=&right=`; without both the question alone. Raises NotFound, Forbidden, BadRequest."""
    session = context.session()
    keeper(session)
    kind = PERSON if request.args.get("kind") == PERSON else ROLE
    chosen = [record_number(request.args[name]) if request.args.get(name) else None for name in ("left", "right")]
    sides = [(_role if kind == ROLE else _person)(session, number) if number is not None else None for number in chosen]
    left, right = sides
    parts = differences(session, left, right) if left is not None and right is not None else None
    return render_template("admin/rights/compare.html", kind=kind, left=left, right=right, parts=parts, roles=roles(session))


def _role(session: UserSession, number: int) -> Side:
    role, _ = role_of(session, number)
    return Side(role.id, role.label.text(session.reader.language), role.parsed, role.is_owner)


def _person(session: UserSession, number: int) -> Side:
    name = lookup.titles(session, session.catalog.entity("user"), [number]).get(number)
    if name is None:
        raise NotFound()
    if number != session.actor_id and not knows_roles(session, number):
        raise Forbidden(m("This person's rights rest on roles that you may not see."))
    access = access_for(context.runtime().engine, number, session.catalog)
    return Side(number, name, [rule for given in access.rules.values() for rule in given], access.unlimited)


def differences(session: UserSession, left: Side, right: Side) -> list[Part]:
    """What the two may do differently, entity by entity, of what this reader may speak of."""
    found = []
    for kind in shown_entities(session):
        sides = [[rule for rule in side.rules if rule.entity == kind.key] for side in (left, right)]
        wide = [[rule for rule in side.rules if rule.entity == EVERYTHING] for side in (left, right)]
        both = list(zip(sides, (left.everything, right.everything), strict=True))
        reaching = [(rules + more, every) for (rules, every), more in zip(both, wide, strict=True)]
        actions = [Line(WORDS[a].text(session.reader.language), *(_reach(session, kind, a, rules, every) for rules, every in reaching)) for a in ACTIONS]
        known = [kind.fields[key] for key in session.sight.readable(kind.key)]
        fields = [Line(spec.label.text(session.reader.language), *(_shows(session, kind, spec, rules, every) for rules, every in both)) for spec in known]
        part = Part(kind.plural.text(session.reader.language), *([one for one in lines if one.left != one.right] for lines in (actions, fields)))
        if part.actions or part.fields:
            found.append(part)
    return found


def _reach(session: UserSession, kind: Entity, action: Any, rules: Sequence[Rule], everything: bool) -> str:
    if everything:
        return render(m("everything"), session.reader.language)
    about = [rule for rule in rules if action in rule.actions and rule.scope != "none"]
    allowed = [scope_words(session, kind, rule) for rule in about if rule.effect == "allow"]
    denied = [scope_words(session, kind, rule) for rule in about if rule.effect == "deny" and rule.fields is None]
    text = "; ".join(dict.fromkeys(allowed)) or "–"
    return render(m("%(allowed)s, but not: %(denied)s", allowed=text, denied="; ".join(dict.fromkeys(denied))), session.reader.language) if denied else text


def _shows(session: UserSession, kind: Entity, spec: Field, rules: Sequence[Rule], everything: bool) -> str:
    language = session.reader.language
    if everything:
        return MODES["read" if spec.system or spec.derived else "edit"].text(language)
    readers = [rule for rule in rules if rule.effect == "allow" and "read" in rule.actions and rule.scope != "none"]
    found: list[str] = []
    for rule in readers:
        mode = rule.mode(spec.key, spec.sensitivity)
        if mode.mode == "hidden":
            continue
        words = MODES[mode.mode].text(language)
        if mode.where is not None:
            words = render(m("%(scope)s, where %(condition)s", scope=words, condition=condition_words(session, kind, mode.where)), language)
        found.append(f"{scope_words(session, kind, rule)}: {words}" if len(readers) > 1 else words)
    text = "; ".join(dict.fromkeys(found)) or MODES["hidden"].text(language)
    denials = [rule for rule in rules if rule.effect == "deny" and rule.scope != "none" and {spec.key, "*"} & set(rule.fields or ())]
    taken = [scope_words(session, kind, rule) for rule in denials]
    return render(m("%(allowed)s, but not: %(denied)s", allowed=text, denied="; ".join(dict.fromkeys(taken))), language) if taken else text
