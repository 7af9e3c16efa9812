"""Who comes to the pages of configuration, and to which entity."""

from crm.admin_views.kit import context
from crm.backoffice.entities import Entity
from crm.errors import Forbidden, NotFound
from crm.messages import m


def configurer(*, everything: bool = False) -> None:
    """Raises Forbidden for whoever configures nothing; with `everything`, for whoever may not make new entities."""
    access = context.access()
    if not (access.configures() if everything else access.configures_something):
        raise Forbidden()


def entity_of(key: str) -> Entity:
    """An entity that this person may configure. Raises NotFound, alike for one that he may not and one that does not exist."""
    configurer()
    kind = context.catalog().entities.get(key)
    if kind is None or not context.access().configures(key):
        raise NotFound(m("There is no such page."))
    return kind
