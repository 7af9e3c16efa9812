"""When a field must be filled in, belongs to a record or can only be read: these conditions in the form of the field, shown and posted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.admin_views.configuration.condition_words import in_words
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.conditions import read_condition
from crm.admin_views.rights.asked import Condition, asked
from crm.admin_views.rights.door import reading
from crm.backoffice.conditions.tree import parse
from crm.backoffice.custom.fields import CONDITIONS, Kept
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.errors import BadRequest, BramaError
from crm.messages import Message, m
from crm.rights.known import rests_on_the_seen

WORDS: Mapping[str, tuple[Message, Message, Message]] = {  # what the rule is called, what it means, and the button that begins it
    "required_if": (m("Must be filled in"), m("While the condition holds, no record is saved without it."), m("Must be filled in where…")),
    "visible_if": (m("Belongs to the record"), m("While the condition does not hold, form and card hide the field."), m("Belongs to the record where…")),
    "read_only_if": (m("Can only be read"), m("While the condition holds of the record as it stands, nobody changes the field."), m("Can only be read where…")),
}
assert set(WORDS) == set(CONDITIONS)


@dataclass(frozen=True)
class Line:
    """A rule. `unseen`: it looks at what this reader does not see, so that it stays as it is; `saved` are the saved conditions in it that he may
    open, by key and name."""

    name: str
    label: str
    about: str
    ask: str
    where: Condition
    unseen: bool
    saved: list[tuple[str, str]]


def shown(kind: Entity, form: Mapping[str, str], kept: Kept | None) -> list[Line]:
    """The rules as they stand in a form; none of a kind of records that is not in force, of which nothing can be asked yet."""
    if kind.key not in context.catalog().entities:
        return []
    with reading() as session:
        return [_line(session, kind, name, form.get(name, ""), _unseen(session, kind, kept, name)) for name in WORDS]


def said(kind: Entity, form: Mapping[str, str], old: Kept | None, errors: dict[str, str]) -> dict[str, Any]:
    """What a posted form says of the rules; what it does not say, or may not, stays as it stood in `old`."""
    found: dict[str, Any] = {}
    with reading() as session:
        for name in WORDS:
            where = old.said.get(name) if old is not None else None
            if name in form and not _unseen(session, kind, old, name):
                try:
                    where = read_condition(form[name])
                except BadRequest as fault:
                    errors[name] = say(fault.message)
            if where is not None:
                found[name] = where
    return found


def _line(session: UserSession, kind: Entity, name: str, text: str, unseen: Condition | None) -> Line:
    label, about, ask = map(say, WORDS[name])
    if unseen is not None:
        return Line(name, label, about, ask, unseen, True, [])
    where, saved = in_words(session, kind, text)
    return Line(name, label, about, ask, where, False, saved)


def _unseen(session: UserSession, kind: Entity, kept: Kept | None, name: str) -> Condition | None:
    """A rule that stands and looks at what this reader does not see, as he is told of it."""
    raw = kept.said.get(name) if kept is not None else None
    if raw is None:
        return None
    try:
        node = parse(raw, session.catalog.saved)
    except BramaError:
        return None
    return None if rests_on_the_seen(session.sight, kind, node) else asked(session, kind, node)
