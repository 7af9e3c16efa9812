"""The ways to look at one set of records: list, board, calendar, forecast by months. Each keeps the view, the filter, the search and the order."""

from collections.abc import Mapping
from dataclasses import dataclass

from crm.admin_views.kit import context
from crm.admin_views.kit.addresses import address, query_string
from crm.backoffice import boards, months
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.messages import m, render


@dataclass(frozen=True)
class Way:
    """One of them."""

    key: str
    label: str
    icon: str
    url: str
    current: bool


def views_of(session: UserSession, entity: Entity, args: Mapping[str, str], now: str) -> list[Way]:
    """The ways for this reader; none where the list is the only one."""
    words, language = query_string(args), context.reader().language
    found = [("list", m("List"), "layout-rows", address(entity.key, args))]
    if boards.can_be(session, entity):
        found.append(("board", m("Board"), "layout-kanban", f"/board/{entity.key}" + (f"?{words}" if words else "")))
    if months.dates(session, entity.key):
        found.append(("calendar", m("Calendar"), "calendar-event", f"/board/{entity.key}/calendar" + (f"?{words}" if words else "")))
    if entity.declared.expected in session.sight.filterable(entity.key):
        by = f"by={entity.declared.expected}"
        found.append(("forecast", m("Forecast"), "coins", f"/board/{entity.key}?{words}&{by}" if words else f"/board/{entity.key}?{by}"))
    return [Way(key, render(label, language), icon, url, key == now) for key, label, icon, url in found] if len(found) > 1 else []
