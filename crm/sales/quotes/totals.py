"""What the lines of a quote come to: before discounts, after them, the tax, and how large the discounts are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from crm.backoffice.money import WIDE, exact_sum, round_half_up
from crm.sales.quotes.limits import Limits

NOTHING = Decimal(0)
SHOWN, SHARE = 2, 6  # decimals of money on paper, and of a share
UNIT = Decimal("0.0001")  # of an amount of a line


class Line(NamedTuple):
    """What of a line is counted: its amounts in the quote's currency before tax, None where it has no price."""

    quantity: Decimal
    price: Decimal | None
    list_price: Decimal | None
    tax_rate: Decimal | None
    amount: Decimal | None
    category: int | None = None
    counted: bool = True  # False of what the customer may choose and has not

    @property
    def base(self) -> Decimal:
        """What it would cost without a discount: by its own price, or by that of the product where that one is higher."""
        price = max((one for one in (self.price, self.list_price) if one is not None), default=None)
        return (self.amount or NOTHING) if price is None else WIDE.multiply(self.quantity, price)


@dataclass(frozen=True)
class Totals:
    """Of a whole quote. `amount` is the exact sum of its lines less `whole_amount`, the discount on the whole in coins; `tax` is counted once a rate over
    all lines of it, less what of that discount falls to them, and rounded half up, as is what `total` adds it to, so that the three figures on paper
    agree."""

    list_amount: Decimal
    whole_amount: Decimal
    amount: Decimal
    tax: Decimal
    total: Decimal
    discount: Decimal
    deepest: Decimal
    over_limit: bool
    offered: bool


def share(base: Decimal, amount: Decimal) -> Decimal:
    """By which fraction `amount` is less than `base`, to six decimals."""
    return max(NOTHING, round_half_up(1 - WIDE.divide(amount, base), SHARE)) if base > 0 else NOTHING


def off(amounts: Sequence[Decimal], whole: Decimal | None) -> tuple[Decimal, list[Decimal]]:
    """The discount `whole` on lines of these amounts, rounded half up to the coin, and what of it falls to each of them: shares of four decimals,
    by largest remainder, so that together they are the discount and no line is below zero."""
    reduced = round_half_up(WIDE.multiply(exact_sum(amounts), whole or NOTHING), SHOWN)
    reduced = min(reduced, exact_sum(amounts))
    if not reduced:
        return NOTHING, [NOTHING] * len(amounts)
    exact = [WIDE.divide(WIDE.multiply(reduced, one), exact_sum(amounts)) for one in amounts]
    shares = [one.quantize(UNIT, ROUND_DOWN, context=WIDE) for one in exact]
    left = int((reduced - exact_sum(shares)) / UNIT)
    for place in sorted(range(len(exact)), key=lambda at: (shares[at] - exact[at], at))[:left]:
        shares[place] += UNIT
    return reduced, shares


def taxes(lines: Iterable[Line]) -> dict[Decimal, Decimal]:
    """Rate → the tax on all lines of it, rounded once; lines without a rate are not taxed."""
    by_rate: dict[Decimal, list[Decimal]] = {}
    for line in lines:
        if line.tax_rate is not None:
            by_rate.setdefault(line.tax_rate, []).append(line.amount or NOTHING)
    return {rate: round_half_up(WIDE.multiply(exact_sum(amounts), rate), SHOWN) for rate, amounts in sorted(by_rate.items())}


def totals(lines: Iterable[Line], limits: Limits, whole: Decimal | None = None) -> Totals:
    """What those of these lines that are counted come to less a discount of `whole` on all of them, and whether one of the discounts needs a yes. A line's
    is judged together with that on the whole, before anything is rounded, and also where the customer has still to choose it."""
    every = list(lines)
    known = [one for one in every if one.counted]
    reduced, shares = off([one.amount or NOTHING for one in known], whole)
    lowered = [one._replace(amount=(one.amount or NOTHING) - part) for one, part in zip(known, shares, strict=True)]
    base, amount = exact_sum(one.base for one in known), exact_sum(one.amount or NOTHING for one in lowered)
    tax = exact_sum(taxes(lowered).values())
    asked = [(one, WIDE.multiply(one.amount or NOTHING, 1 - (whole or NOTHING))) for one in every]
    return Totals(
        round_half_up(base, 4), reduced, amount, tax, round_half_up(amount, SHOWN) + tax, share(base, amount),
        max((share(one.base, paid) for one, paid in asked), default=NOTHING), any(limits.passed(one.base, paid, one.category) for one, paid in asked),
        any(one.base for one in every),
    )
