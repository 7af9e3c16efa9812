"""A condition as a form of rules shows it: its JSON for the builder, its words, and what the records in it are called."""

from dataclasses import dataclass

from crm.admin_views.kit.filters import as_json
from crm.admin_views.kit.sentence import names_in
from crm.admin_views.rights.words import condition_words
from crm.backoffice.conditions.tree import Node, dump
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.rights.known import rests_on_the_seen


@dataclass(frozen=True)
class Condition:
    """A condition as the builder takes it, and in words."""

    raw: str
    words: str
    names: str


NOTHING = Condition("", "", "{}")


def asked(session: UserSession, kind: Entity, node: Node | None) -> Condition:
    """The condition of a rule over records of `kind`; one that looks at what this reader does not see is only named."""
    if node is None:
        return NOTHING
    if not rests_on_the_seen(session.sight, kind, node):
        return Condition("{}", condition_words(session, kind, node), "{}")  # such a form can only be looked at
    names: dict[str, dict[str, str]] = {}
    for (target, value), name in names_in(session, kind, node).items():
        names.setdefault(target, {})[str(value)] = name
    return Condition(as_json(dump(node)), condition_words(session, kind, node), as_json(names))
