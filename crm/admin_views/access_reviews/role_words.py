"""What a role lets its holders see and do, in a few words a kind of record, as far as the reader may speak of those records."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from crm.admin_views.kit.explain_view import WORDS
from crm.admin_views.rights.matrix import shown_entities
from crm.admin_views.rights.words import scope_words
from crm.backoffice.access import ACTIONS, EVERYTHING, Action, Rule, parse_rule
from crm.backoffice.configuration import AccessRule
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.messages import m, render
from crm.organization.models import Role
from crm.organization.standing import OWNER


@dataclass(frozen=True)
class RoleWords:
    """A role in words: `everything` for the owner's; else kind of record and what may be done with which of them."""

    everything: bool
    lines: list[tuple[str, str]]


def role_words(session: UserSession, ids: Sequence[int]) -> dict[int, RoleWords]:
    """Role → its words. Whoever asks must have found that the reader may be told of the roles."""
    role, rules, wanted = Role.__table__, AccessRule.__table__, sorted(set(ids))
    owner = set(session.kernel(select(role.c.id).where(role.c.code == OWNER, role.c.builtin.is_(True))).scalars())
    held: dict[int, list[Rule]] = {number: [] for number in wanted}
    for row in session.kernel(select(rules.c.role_id, rules.c.rule).where(rules.c.role_id.in_(wanted)).order_by(rules.c.role_id, rules.c.position)):
        held[row.role_id].append(parse_rule("", len(held[row.role_id]) + 1, row.rule, session.catalog.saved))
    kinds = shown_entities(session)
    return {number: RoleWords(number in owner, list(_lines(session, kinds, own))) for number, own in held.items()}


def _lines(session: UserSession, kinds: Sequence[Entity], rules: Sequence[Rule]) -> Iterator[tuple[str, str]]:
    language = session.reader.language
    if any(rule.entity == EVERYTHING and rule.effect == "allow" and rule.scope != "none" for rule in rules):
        yield render(m("All data"), language), WORDS["configure"].text(language)
    for kind in kinds:
        own = [rule for rule in rules if rule.entity == kind.key and rule.effect == "allow" and rule.scope != "none"]
        reach = {action: "; ".join(dict.fromkeys(scope_words(session, kind, rule) for rule in own if action in rule.actions)) for action in ACTIONS}
        if any(reach.values()):
            yield kind.plural.text(language), ". ".join(_grouped(reach, language))


def _grouped(reach: Mapping[Action, str], language: str) -> Iterator[str]:
    """Actions with the same records together: “See, change: all. Remove: own”."""
    for words in dict.fromkeys(text for text in reach.values() if text):
        actions = ", ".join(WORDS[action].text(language) for action in ACTIONS if reach[action] == words)
        yield f"{actions.capitalize()}: {words}"
