"""Shared views: part of the configuration, known to every worker without a query. Sharing widens no right: a view is but an address."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, select

from crm.backoffice.access import Access
from crm.backoffice.views.models import SavedView
from crm.messages import Label

TABLE = SavedView.__table__


@dataclass(frozen=True)
class SharedView:
    """A view for the holders of some roles (none named: for all who read the entity); for some of them the list opens with it."""

    key: str
    entity: str
    label: Label
    shows: Mapping[str, Any] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    default_for: tuple[str, ...] = ()
    id: int = field(default=0, compare=False)

    def is_for(self, access: Access | None) -> bool:
        """Whether a person is offered it; what he sees in it his rights decide."""
        return access is None or access.unlimited or not self.roles or not set(access.roles).isdisjoint(self.roles)

    def opens_for(self, access: Access | None) -> bool:
        return access is not None and not set(access.roles).isdisjoint(self.default_for) and self.is_for(access)


def read_shared(connection: Connection) -> Mapping[str, SharedView]:
    """Every shared view by key, in order."""
    query = select(TABLE).where(TABLE.c.owner_id.is_(None)).order_by(TABLE.c.position, TABLE.c.id)
    return MappingProxyType({
        row.key: SharedView(
            row.key, row.entity, Label(row.label_uk, row.label_en), MappingProxyType(dict(row.shows)), tuple(row.roles), tuple(row.default_for), row.id,
        ) for row in connection.execute(query)
    })


def offered(views: Mapping[str, SharedView], entity: str, access: Access | None) -> Iterator[SharedView]:
    """The views of an entity that are offered to a person, in order."""
    return (view for view in views.values() if view.entity == entity and view.is_for(access))


def free_key(views: Mapping[str, Any], label: Label, word: str = "view") -> str:
    """A key made of a name in English (else of `word`), which none of `views` has."""
    letters = "".join(c if c.isascii() and c.isalnum() else "_" for c in label.text("en").lower())
    stem = "_".join(part for part in letters.split("_") if part)[:48]
    stem = stem if stem and not stem[0].isdigit() else f"{word}_{stem}".rstrip("_")
    return next(key for n in range(1, len(views) + 3) if (key := stem if n == 1 else f"{stem}_{n}") not in views and key != "standard")


