"""Where the currency of money stands: in the record itself or, of rows without one, in their parent: a deal's lines are in the deal's currency."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.sight import Source

CURRENCY = "currency"


@dataclass(frozen=True)
class Pricing:
    """The source that holds `currency` and the days of its rate; `on` says how it joins the rows, None where it is their own."""

    source: Source
    on: ColumnElement[bool] | None = None

    @property
    def currency(self) -> ColumnElement[Any]:
        return self.source[CURRENCY]

    def joined(self, statement: Select[Any]) -> Select[Any]:
        """`statement` over the rows, with what holds their currency."""
        return statement if self.on is None else statement.outerjoin(self.source.table, self.on)


def currency_path(kind: Entity, catalog: Catalog) -> str | None:
    """The path from an entity to the currency of its money, None where nobody says in which it is."""
    if CURRENCY in kind.fields:
        return CURRENCY
    parent = catalog.entities.get(kind.fields[kind.parent].target or "") if kind.parent else None
    return f"{kind.parent}.{CURRENCY}" if parent is not None and CURRENCY in parent.fields else None


def pricing(source: Source) -> Pricing | None:
    """Where the currency of the source's rows is read; None where nobody says it, or this reader may not use it."""
    sight, kind = source.sight, source.entity
    path = currency_path(kind, sight.catalog)
    if path is None:
        return None
    if path == CURRENCY:
        return Pricing(source) if CURRENCY in sight.filterable(kind.key, source.actions) else None
    step = path.partition(".")[0]
    parent = kind.fields[step].target or ""
    if CURRENCY not in sight.filterable(parent) or step not in sight.filterable(kind.key, source.actions):
        return None
    holder = sight.table(parent)
    return Pricing(holder, (holder.id == source[step]) & holder.visible)
