"""What areas offer beside the derived actions of a list: with the chosen records, and with what the filter says."""

from collections.abc import Callable

from crm.admin_views.kit.answers import say
from crm.backoffice.guard import UserSession
from crm.messages import Message

Offered = tuple[str, str, str]  # the action below the list's address, or an address; icon; words
Action = tuple[str, str, Message]
WithChosen = Callable[[UserSession, str], list[Action]]
WithFilter = Callable[[UserSession, str, str], list[Action]]
_chosen: list[WithChosen] = []
_filter: list[WithFilter] = []


def with_chosen(function: WithChosen) -> WithChosen:
    """Mark a function (session, entity) → actions whose panel stands at `/<entity>/<action>`, as that of a bulk change does."""
    _chosen.append(function)
    return function


def with_filter(function: WithFilter) -> WithFilter:
    """Mark a function (session, entity, the filter as JSON or "") → addresses that make something of the filter."""
    _filter.append(function)
    return function


def actions(session: UserSession, entity: str) -> list[Offered]:
    return [(at, icon, say(words)) for make in _chosen for at, icon, words in make(session, entity)]


def keepings(session: UserSession, entity: str, where: str) -> list[Offered]:
    return [(at, icon, say(words)) for make in _filter for at, icon, words in make(session, entity, where)]
