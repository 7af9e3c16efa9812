"""A condition that is being typed, in words, for the forms of fields and of checks."""

from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.conditions import read_condition
from crm.admin_views.rights.asked import NOTHING, Condition, asked
from crm.backoffice.conditions.tree import as_stored, parse, saved_in
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.errors import BramaError
from crm.messages import m


def in_words(session: UserSession, kind: Entity, text: str) -> tuple[Condition, list[tuple[str, str]]]:
    """What was typed, in words if it makes sense, and the saved conditions that it names."""
    if not text:
        return NOTHING, []
    try:
        raw = read_condition(text)
        node = parse(raw, session.sight.saved)
        session.table(kind.key).where(node)
        known, access = session.catalog.saved.known, context.access()
        named = [known[key] for key in dict.fromkeys(saved_in(parse(raw, as_stored))) if key in known]
        opened = [(one.key, one.label.text(session.reader.language)) for one in named if access.configures(one.entity)]
        return asked(session, kind, node), opened
    except BramaError as fault:
        return Condition(text, say(m("it makes no sense: %(why)s", why=fault.message)), "{}"), []
