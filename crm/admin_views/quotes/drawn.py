"""What stands on the sheet of a quote, as far as its reader sees it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date

from crm.admin_views.kit import context
from crm.admin_views.kit.cells import currency_sign
from crm.admin_views.kit.standing import standing
from crm.admin_views.quotes.reading import lines, text, values_of
from crm.backoffice import lists
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.fields.base import Ref
from crm.backoffice.fields.numbers import decimal_formatter
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import ListQuery, Masked
from crm.backoffice.rates import PLACES
from crm.backoffice.spelled import in_words
from crm.errors import NotFound
from crm.sales.quotes.counting import if_chosen

QUOTE = (
    "name", "number", "version", "deal", "legal_entity", "sent_on", "valid_until", "currency", "amount", "tax", "total", "list_amount", "discount",
    "whole_discount", "whole_amount", "answered_by", "answered_at", "answer_reason", "payment_terms", "delivery_terms", "owner",
)
LINE = ("product", "description", "quantity", "price", "discount", "tax_rate", "amount", "priced_in", "rate", "rate_day", "optional", "chosen")
SAID = ("name", "number", "version", "payment_terms", "delivery_terms", "owner", "discount", "whole_discount")
SELLER = ("full_name", "name", "tax_code", "address", "iban", "bank", "signatory")
BUYER = ("name", "tax_code", "address", "city")
FIGURES = ("quantity", "price", "discount", "tax_rate", "amount")


@dataclass(frozen=True)
class Row:
    """A line on the sheet; figures by their key, "" where there is none."""

    id: int
    name: str
    description: str
    unit: str
    figures: dict[str, str]
    optional: bool
    counted: bool


def drawn(session: UserSession, quote: int, choice: Collection[int] | None = None) -> dict[str, Any]:
    """What templates/admin/quote/paper.html shows, in the reader's language. With a `choice` it is of these optional lines: only for who sees the sheet
    wholly. Raises NotFound."""
    language, today = context.reader().language, context.reader().today
    rights = standing(session, session.catalog.entity("quote"), quote)
    row = {key: value for key, value in values_of(session, "quote", quote, QUOTE).values.items() if rights.sees(key)}
    found = lines(session, quote, LINE)
    if choice is not None:
        would = if_chosen(session, quote, choice)
        row |= {key: getattr(would, key) for key in ("list_amount", "whole_amount", "amount", "tax", "total", "discount")}
    rows = _rows(session, found, choice)
    columns = [key for key in FIGURES if any(_stands(key, line.values.get(key)) for line in found)]
    currency = found_currency if isinstance(found_currency := row.get("currency"), str) else ""
    said = {key: text(session, "quote", key, row) for key in SAID}
    days = {key: _day(session, key, row) for key in ("sent_on", "valid_until")}
    total, taken, amount = row.get("total"), row.get("whole_amount"), row.get("amount")
    if isinstance(taken, Decimal) and isinstance(amount, Decimal) and taken:
        row["lines_amount"] = taken + amount
    return {
        "id": quote, "said": said, "days": days,
        "sums": {key: _sum(session, key, row) for key in ("list_amount", "whole_amount", "lines_amount", "amount", "tax", "total")},
        "in_words": in_words(total, currency, language) if isinstance(total, Decimal) else "", "lowered": _lower(row),
        "seller": _named(session, "legal_entity", row.get("legal_entity"), SELLER), "buyer": _buyer(session, row.get("deal")), "columns": columns,
        "labels": {key: session.catalog.entity("quote_line").fields[key].label.text(language) for key in FIGURES}, "rows": [one for one in rows if one.counted],
        "options": [one for one in rows if not one.counted], "optional": [one for one in rows if one.optional],
        "rates": _rates(session, found, currency),
        "answer": {"by": text(session, "quote", "answered_by", row), "at": text(session, "quote", "answered_at", row),
                   "reason": text(session, "quote", "answer_reason", row)},
        "currency": currency, "today": format_date(today, "d MMMM y", locale=language),
    }


def _day(session: UserSession, key: str, row: dict[str, Any]) -> str:
    """A day in words; "" where there is none, its mask where the reader only knows that there is one."""
    day = row.get(key)
    return format_date(day, "d MMMM y", locale=context.reader().language) if isinstance(day, date) else text(session, "quote", key, row)


def _sum(session: UserSession, key: str, row: dict[str, Any]) -> str:
    """An amount to the last coin, with its currency."""
    value, currency, language = row.get(key), row.get("currency"), context.reader().language
    if not isinstance(value, Decimal):
        return text(session, "quote", key, row) if value is not None else ""
    return f"{decimal_formatter(language, 2, 2)(value)} {currency_sign(currency, language) if isinstance(currency, str) else ''}".strip()


def _stands(key: str, value: Any) -> bool:
    """Whether a column has anything to show: discounts and rates that nobody has are left out."""
    return value is not None and not (key == "discount" and value == 0)


def _lower(row: dict[str, Any]) -> bool:
    """Whether what it costs before discounts is worth telling."""
    whole, amount = row.get("list_amount"), row.get("lines_amount", row.get("amount"))
    return isinstance(whole, Decimal) and isinstance(amount, Decimal) and whole > amount


def _rows(session: UserSession, found: list[lists.RowView], choice: Collection[int] | None) -> list[Row]:
    numbers = sorted({ref.id for line in found if isinstance(ref := line.values.get("product"), Ref)})
    units, language = _units(session, numbers), context.reader().language
    exact = decimal_formatter(language, 2, 4)  # an amount of a line has four decimals where it needs them, so that the sum is seen to be right
    rows = []
    for line in found:
        figures = {}
        for key in FIGURES:
            value = line.values.get(key)
            figures[key] = exact(value) if key in ("price", "amount") and isinstance(value, Decimal) else text(session, "quote_line", key, line.values)
        ref = line.values.get("product")
        unit = units.get(ref.id, "") if isinstance(ref, Ref) else ""
        optional = line.values.get("optional") is True
        counted = not optional or (line.values.get("chosen") is not False if choice is None else line.id in choice)
        name, description = (text(session, "quote_line", key, line.values) for key in ("product", "description"))
        rows.append(Row(line.id, name, description, unit, figures, optional, counted))
    return rows


def _rates(session: UserSession, found: list[lists.RowView], currency: str) -> list[str]:
    """At which rates of which days prices were converted, each once: “1 USD = 41.25 UAH”, with the day."""
    language, said = context.reader().language, dict[str, None]()
    for line in found:
        of, rate, day = (line.values.get(key) for key in ("priced_in", "rate", "rate_day"))
        if currency and isinstance(of, str) and isinstance(rate, Decimal) and isinstance(day, date):
            said[f"1 {of} = {decimal_formatter(language, 2, PLACES)(rate)} {currency}, {format_date(day, 'd MMMM y', locale=language)}"] = None
    return list(said)


def _units(session: UserSession, products: list[int]) -> dict[int, str]:
    if not products or "unit" not in session.sight.filterable("product"):
        return {}
    query = ListQuery("product", ("unit",), Leaf(("id",), "in", products), (("id", False),), size=len(products))
    return {row.id: text(session, "product", "unit", row.values) for row in lists.page(session, query).rows}


def _buyer(session: UserSession, deal: Any) -> dict[str, str]:
    """To whom: the company of the deal and its contact person, as far as the reader sees them."""
    if not isinstance(deal, Ref):
        return {}
    try:
        row = values_of(session, "deal", deal.id, ("account", "contact")).values
    except NotFound:
        return {}
    found = _named(session, "account", row.get("account"), BUYER)
    person = text(session, "deal", "contact", row)
    return {**found, "contact": person} if person else found


def _named(session: UserSession, entity: str, ref: Any, keys: tuple[str, ...]) -> dict[str, str]:
    """The particulars of a company that show to this reader; none where he does not see it."""
    if not isinstance(ref, Ref) or not session.sight.may(entity, "read"):
        return {}
    try:
        row = values_of(session, entity, ref.id, keys).values
    except NotFound:
        return {}
    return {key: text(session, entity, key, row) for key in row if row[key] is not None and not isinstance(row[key], Masked)}
