"""Reads the lines of quotes and keeps what they come to beside them."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.backoffice.saving import quietly
from crm.errors import FieldError, Invalid
from crm.messages import m
from crm.sales.models import Product
from crm.sales.quotes.limits import Limits, limits
from crm.sales.quotes.models import Quote, QuoteLine
from crm.sales.quotes.totals import Line, Totals, totals

QUOTE, LINE, PRODUCT = Quote.__table__, QuoteLine.__table__, Product.__table__
MOST_LINES = 500  # of a quote: all of them stand on its sheet
KEPT = ("list_amount", "whole_amount", "amount", "tax", "total", "discount", "deepest", "over_limit")


def lines_of(session: DataSession, quotes: Sequence[int], chosen: Collection[int] | None = None) -> dict[int, list[Line]]:
    """Quote → what of its lines is counted, whoever asks; `chosen` are the optional lines that are, instead of those that stand there."""
    columns = (
        LINE.c.quote_id, LINE.c.id, LINE.c.optional, LINE.c.chosen,
        LINE.c.quantity, LINE.c.price, LINE.c.list_price, LINE.c.tax_rate, LINE.c.amount, PRODUCT.c.category_id,
    )
    found: dict[int, list[Line]] = {number: [] for number in quotes}
    for part in in_parts(quotes):
        query = select(*columns).join(PRODUCT, PRODUCT.c.id == LINE.c.product_id).where(LINE.c.quote_id.in_(part), LINE.c.deleted_at.is_(None))
        for number, line, optional, taken, *values in session.kernel(query.order_by(LINE.c.id)):
            found[number].append(Line(*values)._replace(counted=not optional or (taken if chosen is None else line in chosen)))
    return found


def counted(session: DataSession, quote: int, author: int | None, whole: Decimal | None) -> Totals:
    """What a quote comes to now with a discount of `whole`, its discounts judged by the limits of its author."""
    return totals(lines_of(session, [quote])[quote], limits(session, author), whole)


def if_chosen(session: DataSession, quote: int, chosen: Collection[int]) -> Totals:
    """What a quote would come to, were these of its optional lines chosen and no others."""
    whole = session.kernel(select(QUOTE.c.whole_discount).where(QUOTE.c.id == quote)).scalar()
    return totals(lines_of(session, [quote], chosen)[quote], Limits({}, {}, frozenset()), whole)


def keep_totals(session: DataSession, quotes: Collection[int]) -> None:
    """Work out what these quotes come to and keep it with them; they were locked before. Raises Invalid for what is too large to be money."""
    fits, numbers = session.catalog.entity("quote").fields["total"].clean, sorted(quotes)
    about, rows = dict[int, tuple[int | None, Decimal | None]](), dict[int, dict[str, object]]()
    for part in in_parts(numbers):
        of_quote = select(QUOTE.c.id, QUOTE.c.author_id, QUOTE.c.whole_discount).where(QUOTE.c.id.in_(part))
        about |= {number: (author, whole) for number, author, whole in session.kernel(of_quote)}
    for number, lines in lines_of(session, numbers).items():
        author, whole = about.get(number, (None, None))
        one = totals(lines, limits(session, author), whole)
        try:
            fits(max(one.list_amount, one.total))
        except FieldError:
            raise Invalid({"amount": m("The quote would come to more than money is kept for.")}) from None
        rows[number] = {key: getattr(one, key) for key in KEPT} if lines else {**dict.fromkeys(KEPT), "over_limit": False}
    quietly.put(session, QUOTE, rows)
