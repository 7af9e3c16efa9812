"""Dashboards of roles: part of the configuration, known to every worker without a query."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, select

from crm.backoffice.access import Access
from crm.backoffice.dashboards.models import DashboardRow
from crm.messages import Label

TABLE = DashboardRow.__table__


@dataclass(frozen=True)
class SharedDashboard:
    """What the holders of some roles (none named: everybody) begin with."""

    key: str
    label: Label
    panels: tuple[Mapping[str, Any], ...] = ()
    roles: tuple[str, ...] = ()

    def is_for(self, access: Access | None) -> bool:
        """Whether a person begins with it, unless an earlier one is for him."""
        return access is not None and (not self.roles or not set(access.roles).isdisjoint(self.roles))


def read_dashboards(connection: Connection) -> Mapping[str, SharedDashboard]:
    """Every shared dashboard by key, in order."""
    query = select(TABLE).where(TABLE.c.owner_id.is_(None)).order_by(TABLE.c.position, TABLE.c.id)
    return MappingProxyType({
        row.key: SharedDashboard(row.key, Label(row.label_uk, row.label_en), tuple(row.panels), tuple(row.roles)) for row in connection.execute(query)
    })
