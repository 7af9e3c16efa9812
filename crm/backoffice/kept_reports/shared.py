"""Shared reports: part of the configuration, known to every worker without a query. Sharing widens no right: each runs under its reader's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, select

from crm.backoffice.access import Access
from crm.backoffice.kept_reports.models import KeptReportRow
from crm.messages import Label

TABLE = KeptReportRow.__table__


@dataclass(frozen=True)
class SharedReport:
    """A kept report for the holders of some roles (none named: for all who may see it)."""

    key: str
    label: Label
    report: str
    asks: Mapping[str, Any] = field(default_factory=dict)
    chart: str = ""
    roles: tuple[str, ...] = ()
    id: int = field(default=0, compare=False)

    def is_for(self, access: Access | None) -> bool:
        """Whether a person is offered it."""
        return access is None or access.unlimited or not self.roles or not set(access.roles).isdisjoint(self.roles)


def read_shared_reports(connection: Connection) -> Mapping[str, SharedReport]:
    """Every shared report by key, in order."""
    query = select(TABLE).where(TABLE.c.owner_id.is_(None)).order_by(TABLE.c.position, TABLE.c.id)
    return MappingProxyType({
        row.key: SharedReport(row.key, Label(row.label_uk, row.label_en), row.report, MappingProxyType(dict(row.asks)), row.chart, tuple(row.roles), row.id)
        for row in connection.execute(query)
    })
