"""The views of a list on its screen: what the menu of the open view offers, and the favourites that the rail shows."""

from collections.abc import Iterable
from dataclasses import dataclass

from crm.admin_views.kit import context
from crm.admin_views.kit.addresses import query_string
from crm.admin_views.kit.opened import Opened
from crm.admin_views.kit.sharing import may_share
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.views.shelf import KeptView


@dataclass(frozen=True)
class Viewing:
    """What the screen of a list says of views. `query` is what would be kept; `movable`: there are other own views to stand before or after."""

    query: str
    base: str
    view: KeptView | None
    name: str
    changed: bool
    left_out: int
    first: KeptView | None
    insists: bool
    movable: bool
    can_share: bool
    starred: list[dict[str, str]]


def viewing(session: UserSession, entity: Entity, here: Opened) -> Viewing:
    language = context.reader().language
    own = [view for view in here.shelf.views if view.own]
    return Viewing(
        query_string(here.args), f"/{entity.key}/views", here.view, here.view.label.text(language) if here.view else "", here.changed, here.left_out,
        here.shelf.first, here.shelf.insists, here.view in own and len(own) > 1, may_share(session), favourites(session, here.shelf.starred),
    )


def view_url(entity_key: str, view: KeptView) -> str:
    return f"/{entity_key}/?view={view.name}"


def favourites(session: UserSession, starred: Iterable[KeptView]) -> list[dict[str, str]]:
    """The starred views as the rail shows them."""
    language = context.reader().language
    return [
        {"url": view_url(view.entity, view), "label": view.label.text(language), "icon": session.sight.layout(view.entity).icon, "view": view.name}
        for view in starred
    ]
