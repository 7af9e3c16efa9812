"""`/quote/<number>/compare?with=<number>`: what changed from one version of a quote to another, line by line."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from crm.admin_views.kit import context
from crm.admin_views.kit.form_fields import number_of
from crm.admin_views.kit.standing import standing
from crm.admin_views.quotes.reading import NUMBER, lines, money, text, values_of
from crm.backoffice.fields.base import Ref
from crm.backoffice.guard import UserSession
from crm.errors import Forbidden, NotFound
from crm.sales.quotes.comparing import Difference, compared

pages = Blueprint("quote_comparison", __name__)
LINE = ("quantity", "price", "discount", "tax_rate", "amount", "optional", "chosen", "description")
QUOTE = ("name", "version", "deal", "number")
HEAD = (
    "valid_until", "legal_entity", "whole_discount", "list_amount", "whole_amount", "amount", "tax", "total", "deepest", "discount", "payment_terms",
    "delivery_terms",
)
MONEY = ("list_amount", "whole_amount", "amount", "tax", "total")


@dataclass(frozen=True)
class Changed:
    """A field of both versions: what it was and what it is."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """A line in words: what became of it, and what of it changed."""

    what: str
    product: str
    quantity: str
    amount: str
    changed: list[Changed]


@pages.get(f"/quote/{NUMBER}/compare")
def compare(record_id: int) -> Response:
    """Of two versions of the same number that this reader sees, in the order of their making. Raises NotFound, Forbidden."""
    session, other = context.session(), number_of(request.args.get("with", ""))
    if not session.sight.may("quote", "read"):
        raise Forbidden()
    if other is None or other == record_id:
        raise NotFound()
    older, newer = sorted((record_id, other))
    before, after = (_quote(session, number) for number in (older, newer))
    if _of(before) is None or _of(before) != _of(after):
        raise NotFound()
    fields, language = session.catalog.entity("quote").fields, context.reader().language
    heads = [
        Changed(fields[key].label.text(language), _told(session, key, before), _told(session, key, after))
        for key in HEAD if key in before and key in after and before[key] != after[key]
    ]
    rows = [_line(session, one) for one in compared(_lines(session, older), _lines(session, newer), LINE)]
    return make_response(render_template(
        "admin/quote/compare.html", heads=heads, lines=rows, before=_title(session, older, before), after=_title(session, newer, after),
        back=f"/quote/{record_id}/", same=not heads and all(row.what == "same" for row in rows),
    ))


def _quote(session: UserSession, number: int) -> dict[str, Any]:
    rights = standing(session, session.catalog.entity("quote"), number)
    row = values_of(session, "quote", number, (*QUOTE, *HEAD, "currency")).values
    return {key: value for key, value in row.items() if rights.sees(key)}


def _of(row: dict[str, Any]) -> tuple[int, str] | None:
    deal, number = row.get("deal"), row.get("number")
    return (deal.id, number) if isinstance(deal, Ref) and isinstance(number, str) else None


def _title(session: UserSession, number: int, row: dict[str, Any]) -> dict[str, str]:
    return {"url": f"/quote/{number}/", "name": text(session, "quote", "name", row), "version": text(session, "quote", "version", row)}


def _told(session: UserSession, key: str, row: dict[str, Any]) -> str:
    return money(session, "quote", key, row, row.get("currency")) if key in MONEY else text(session, "quote", key, row)


def _lines(session: UserSession, quote: int) -> list[dict[str, Any]]:
    return [{"id": row.id, "product": None, **row.values} for row in lines(session, quote, ("product", *LINE))]


def _line(session: UserSession, one: Difference) -> Told:
    row = one.after or one.before or {}
    fields, language = session.catalog.entity("quote_line").fields, context.reader().language
    changed = [
        Changed(fields[key].label.text(language), *(text(session, "quote_line", key, {key: value}) for value in pair)) for key, pair in one.changed.items()
    ]
    said = {key: text(session, "quote_line", key, row) for key in ("product", "quantity", "amount")}
    return Told(one.what, said["product"], said["quantity"], said["amount"], changed)
