"""A kept condition as people meet it: a sentence in cells and on cards, the builder in a form."""

import json
from collections.abc import Iterable
from html import escape
from typing import Any

from crm.admin_views.kit import context
from crm.admin_views.kit.cells import Drawn, Painter, further
from crm.admin_views.kit.filters import as_json
from crm.admin_views.kit.form_fields import EntityField
from crm.admin_views.kit.sentence import names_in, told
from crm.backoffice.fields.condition import ConditionField, node_of
from crm.backoffice.guard import UserSession
from crm.backoffice.outside import sound
from crm.errors import BadRequest, BramaError
from crm.messages import m


def words(session: UserSession, of: str, text: str) -> str | None:
    """A kept condition over records of an entity as a sentence; None where it does not read, or names what is hidden or gone."""
    try:
        kind, node = session.catalog.entity(of), node_of(text, session.sight.saved)
        session.table(of).where(node)
        return told(session, kind, node)
    except BramaError:
        return None


def painted(spec: ConditionField, drawn: Drawn) -> Painter:
    """The sentence, where the row says of which records the condition is."""
    known: dict[tuple[str, str], str] = {}

    def one(of: Any, text: Any) -> str:
        if not isinstance(text, str) or not isinstance(of, str):
            return drawn[text]
        if (of, text) not in known:
            sentence = words(context.session(), of, text)
            known[of, text] = escape(sentence) if sentence is not None else drawn[text]
        return known[of, text]

    return lambda rows: [one(row.values.get(spec.over), row.values.get(spec.key)) for row in rows]


further["condition"] = painted


def fill_known(session: UserSession, fields: Iterable[EntityField]) -> None:
    """Tell the builder of each condition of a form over which entity it is, and what the records in it are called."""
    several = list(fields)
    typed = {f.short_name: f.text for f in several}
    for f in several:
        if isinstance(f.spec, ConditionField):
            f.of = typed.get(f.spec.over) or f.of
            f.known = names_known(session, f.of, f.text)


def names_known(session: UserSession, of: str, text: str) -> str:
    """What the records in a condition are called, as JSON for its builder."""
    found: dict[str, dict[str, str]] = {}
    if text and of:
        try:
            for (target, value), name in names_in(session, session.catalog.entity(of), node_of(text, session.sight.saved)).items():
                found.setdefault(target, {})[str(value)] = name
        except BramaError:
            return "{}"
    return as_json(found)


def read_condition(text: str) -> Any:
    """The condition that a form posts, None for none. Raises BadRequest."""
    if not text:
        return None
    try:
        return sound(json.loads(text))
    except (ValueError, RecursionError):
        raise BadRequest(m("The condition is not readable.")) from None
