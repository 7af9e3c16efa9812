"""Quotes and their lines as one reader may see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from crm.admin_views.kit import context
from crm.admin_views.kit.cells import currency_sign, text_formatter
from crm.admin_views.kit.days import day_words
from crm.backoffice import lists
from crm.backoffice.conditions.tree import All, Leaf
from crm.backoffice.fields.base import Ref
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import ListQuery, Masked, RowView
from crm.sales.quotes.counting import MOST_LINES

MOST = 100  # versions on a card
NUMBER = "<int(min=1, max=2147483647):record_id>"
VERSION = ("name", "number", "version", "state", "total", "currency", "sent_on", "valid_until", "deepest")


@dataclass(frozen=True)
class Version:
    """A version of a quote in a list: what its reader does not see is "", and so is a version that its name says already."""

    id: int
    url: str
    name: str
    version: str
    state: str
    colour: str
    total: str
    day: str
    compare: str = ""


def values_of(session: UserSession, entity: str, number: int, keys: tuple[str, ...]) -> RowView:
    """The record with those of `keys` that show to its reader. Raises NotFound."""
    readable = session.sight.readable(entity)
    return lists.record(session, entity, number, tuple(key for key in keys if key in readable))


def text(session: UserSession, entity: str, key: str, row: Mapping[str, Any]) -> str:
    """A value as its reader reads it, a mask as it is, "" for what does not show."""
    value = row.get(key)
    if value is None:
        return ""
    if isinstance(value, Masked):
        return value.text
    if isinstance(value, Ref):
        return str(value.text or "")
    return text_formatter(session.catalog.entity(entity).fields[key], context.reader())(value)


def money(session: UserSession, entity: str, key: str, row: Mapping[str, Any], currency: Any) -> str:
    """An amount with the sign of its currency."""
    amount = text(session, entity, key, row)
    sign = currency_sign(currency, context.reader().language) if isinstance(currency, str) and currency else ""
    return f"{amount}\u00a0{sign}" if amount and sign else amount


def versions(session: UserSession, deal: int | None, number: str | None = None, but: int | None = None) -> list[Version]:
    """The quotes of a deal, or the versions of one number of it, newest first; none where he may not know whose they are."""
    usable = set(session.sight.filterable("quote"))
    if deal is None or not ({"deal"} | ({"number"} if number is not None else set())) <= usable:
        return []
    leaves = [Leaf(("deal",), "eq", deal)] + ([Leaf(("number",), "eq", number)] if number is not None else [])
    columns = tuple(key for key in VERSION if key in session.sight.readable("quote"))
    rows = lists.page(session, ListQuery("quote", columns, All(tuple(leaves)), (("id", True),), size=MOST)).rows
    return [_version(session, row, but) for row in rows]


def _version(session: UserSession, row: RowView, but: int | None) -> Version:
    values, reader = row.values, context.reader()
    held = values.get("state")
    option = session.catalog.picklists["quote_state"].by_id(held) if isinstance(held, int) else None
    day = values.get("sent_on") or values.get("valid_until")
    compare = f"/quote/{but}/compare?{urlencode({'with': row.id})}" if but is not None and row.id != but else ""
    name, version = text(session, "quote", "name", values), text(session, "quote", "version", values)
    return Version(
        row.id, f"/quote/{row.id}/", name, "" if version == "1" or name.endswith(f"· {version}") else version,
        option.label.text(reader.language) if option else "", option.colour if option else "", money(session, "quote", "total", values, values.get("currency")),
        day_words(reader)(day) if day is not None and not isinstance(day, Masked) else "", compare,
    )


def lines(session: UserSession, quote: int, keys: tuple[str, ...]) -> list[RowView]:
    """The lines of a quote in their order, with those of `keys` that show to their reader."""
    if "quote" not in session.sight.filterable("quote_line"):
        return []
    columns = tuple(key for key in keys if key in session.sight.readable("quote_line"))
    return list(lists.page(session, ListQuery("quote_line", columns, Leaf(("quote",), "eq", quote), (("id", False),), size=MOST_LINES)).rows)
