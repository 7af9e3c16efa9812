"""An accepted quote is what the deal is about from now on: its lines and its amount are put onto the deal in a person's name."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.money import round_half_up
from crm.errors import Invalid, NotFound
from crm.messages import m
from crm.sales.quotes.course import ACCEPTED, state_of
from crm.sales.quotes.making import OF_DEAL, Row, wholly, writes
from crm.sales.quotes.totals import NOTHING, SHARE, off

COMPARED = tuple(key for key in OF_DEAL if key != "product")


def onto_deal(session: DataSession, quote: int) -> int:
    """Lines of the deal become those of the quote but options that were not chosen, line by line of the same product, each less what of the discount on
    the whole falls to it; the amount is their sum, in the quote's currency. The number of the deal. Raises NotFound, Forbidden, Invalid."""
    (about,) = wholly(session, "quote", ("deal", "state", "currency", "amount", "whole_discount"), "id", quote) or (None,)
    if about is None:
        raise NotFound()
    if state_of(session, about["state"]) != ACCEPTED:
        raise Invalid({"state": m("Only what the customer has accepted is put onto the deal.")})
    deal = int(about["deal"])
    there = wholly(session, "deal_line", OF_DEAL, "deal", deal)
    offered = wholly(session, "quote_line", (*OF_DEAL, "optional", "chosen"), "quote", quote)
    wanted = lowered([row for row in offered if row["chosen"] or not row["optional"]], about["whole_discount"])
    writes(session, "deal_line", OF_DEAL)
    kept, new = matched(there, wanted)
    gone = [row["id"] for row in there if row["id"] not in {old["id"] for old, _ in kept}]
    if gone:
        records.remove_many(session, "deal_line", gone)
    changes = {old["id"]: {key: row[key] for key in COMPARED} for old, row in kept if any(old[key] != row[key] for key in COMPARED)}
    records.change_many(session, "deal_line", changes)
    records.create_many(session, "deal_line", [{**{key: row[key] for key in OF_DEAL}, "deal": deal} for row in new])
    records.change(session, "deal", deal, {"amount": about["amount"], "currency": about["currency"]})
    return deal


def lowered(lines: Sequence[Row], whole: Decimal | None) -> list[Row]:
    """The lines with a discount of `whole` on all of them: in their amounts exactly, in their discounts to six decimals."""
    reduced, shares = off([row["amount"] or NOTHING for row in lines], whole)
    if not whole or not reduced:
        return list(lines)
    return [
        {**row, "amount": None if row["amount"] is None else row["amount"] - part, "discount": combined(row["discount"], whole)}
        for row, part in zip(lines, shares, strict=True)
    ]


def combined(own: Decimal | None, whole: Decimal) -> Decimal:
    """The discount of a line together with that on the whole, a fraction."""
    return round_half_up(1 - (1 - (own or NOTHING)) * (1 - whole), SHARE)


def matched(there: Sequence[Row], wanted: Sequence[Row]) -> tuple[list[tuple[Row, Row]], list[Row]]:
    """Rows of two lists that are about the same product, in their order, and those of the second that are about no product left in the first."""
    left: dict[Any, list[Row]] = {}
    for row in there:
        left.setdefault(row["product"], []).append(row)
    pairs: list[tuple[Row, Row]] = []
    new: list[Row] = []
    for row in wanted:
        same = left.get(row["product"])
        if same:
            pairs.append((same.pop(0), row))
        else:
            new.append(row)
    return pairs, new
