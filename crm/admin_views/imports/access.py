"""Who may import what, and whose imports one sees: one's own; all of what one reads, for whoever looks after the rights of others."""

from collections.abc import Mapping as Map
from typing import Any

from crm.admin_views.kit import context
from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.exchange import batches
from crm.backoffice.exchange.targets import may_import
from crm.backoffice.guard import DataSession
from crm.errors import BramaError, Forbidden, NotFound
from crm.messages import m


class Busy(BramaError):
    """The import is being written, or has been."""

    code = "busy"
    status = 409

    def __init__(self) -> None:
        super().__init__(m("This import is being written, or is written or taken back already."))


def importable(key: str) -> Entity:
    """The entity, if this reader may import it. Raises NotFound for none, Forbidden for one he may not."""
    kind = context.catalog().entities.get(key)
    if kind is None:
        raise NotFound(m("There is no such page."))
    if not may_import(context.session().sight, kind):
        raise Forbidden()
    return kind


def oversees(access: Access) -> bool:
    """Whether somebody sees the imports of others: the owner, and whoever may change roles."""
    return access.unlimited or access.may("role", "update")


def overseen(access: Access, catalog: Catalog) -> list[str]:
    """The entities whose imports by others this person sees: those he reads."""
    return [key for key in catalog.entities if access.may(key, "read")] if oversees(access) else []


def find_batch(session: DataSession, key: str, access: Access) -> Map[str, Any]:
    """An import that this person may know of. Raises NotFound, alike for another's and for none."""
    batch = batches.find(session, key) if len(key) == 32 else None
    if batch is None or (batch["actor_id"] != session.actor_id and batch["entity"] not in overseen(access, session.catalog)):
        raise NotFound(m("There is no such import."))
    return batch
