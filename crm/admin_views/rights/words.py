"""Rights in words: scopes, effects, and conditions as sentences."""

from crm.admin_views.kit.sentence import told
from crm.backoffice.access import Rule
from crm.backoffice.conditions.tree import Node
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.messages import Label, m, render
from crm.rights.known import rest_on_the_seen

SCOPES = {
    "none": Label("жодних", "none"), "own": Label("свої", "own"), "department": Label("підрозділу", "of the department"),
    "department_tree": Label("підрозділу й нижчих", "of the department and below"), "territory": Label("території", "of the territory"),
    "all": Label("усі", "all"), "where": Label("за умовою", "by a condition"),
}
REACH = ("none", "own", "where", "department", "territory", "department_tree", "all")  # from narrow to wide, for what stands first in a cell


def condition_words(session: UserSession, entity: Entity, node: Node) -> str:
    """A condition as the reader says it; records that he may not see stand as a dot, and one that looks at hidden fields is not told."""
    if not rest_on_the_seen(session.sight, entity, (Rule("", 0, entity.key, "allow", frozenset(), "all", node),)):
        return render(m("a condition over what you do not see"), session.reader.language)
    return told(session, entity, node)


def scope_words(session: UserSession, entity: Entity, rule: Rule) -> str:
    """The records of a rule: its scope, and the condition when it has one."""
    language = session.reader.language
    scope = SCOPES[rule.scope].text(language)
    if rule.where is None:
        return scope
    condition = condition_words(session, entity, rule.where)
    if rule.scope == "where":
        return render(m("where %(condition)s", condition=condition), language)
    return render(m("%(scope)s, where %(condition)s", scope=scope, condition=condition), language)
