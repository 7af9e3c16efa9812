"""What the lines of a quote come to: before discounts, after them, the tax, and how large the discounts are."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from crm.backoffice.money import WIDE, exact_sum, round_half_up
from crm.sales.quotes.limits import Limits

NOTHING = Decimal(0)
SHOWN, SHARE = 2, 6  # decimals of money on paper, and of a share


class Line(NamedTuple):
    """What of a line is counted: its amounts in the quote's currency before tax, None where it has no price."""

    quantity: Decimal
    price: Decimal | None
    list_price: Decimal | None
    tax_rate: Decimal | None
    amount: Decimal | None
    category: int | None = None

    @property
    def base(self) -> Decimal:
        """What it would cost without a discount: by its own price, or by that of the product where that one is higher."""
        price = max((one for one in (self.price, self.list_price) if one is not None), default=None)
        return self.amount or NOTHING if price is None else WIDE.multiply(self.quantity, price)

    @property
    def discount(self) -> Decimal:
        """A fraction of what it would cost; never below zero."""
        return share(self.base, self.amount or NOTHING)


@dataclass(frozen=True)
class Totals:
    """Of a whole quote. `amount` is the exact sum of its lines; `tax` is counted once a rate over all lines of it and rounded half up, as is what
    `total` adds it to, so that the three figures on paper agree."""

    list_amount: Decimal
    amount: Decimal
    tax: Decimal
    total: Decimal
    discount: Decimal
    deepest: Decimal
    over_limit: bool


def share(base: Decimal, amount: Decimal) -> Decimal:
    """By which fraction `amount` is less than `base`, to six decimals."""
    return max(NOTHING, round_half_up(1 - WIDE.divide(amount, base), SHARE)) if base > 0 else NOTHING


def taxes(lines: Iterable[Line]) -> dict[Decimal, Decimal]:
    """Rate → the tax on all lines of it, rounded once; lines without a rate are not taxed."""
    by_rate: dict[Decimal, list[Decimal]] = {}
    for line in lines:
        if line.tax_rate is not None:
            by_rate.setdefault(line.tax_rate, []).append(line.amount or NOTHING)
    return {rate: round_half_up(WIDE.multiply(exact_sum(amounts), rate), SHOWN) for rate, amounts in sorted(by_rate.items())}


def totals(lines: Iterable[Line], limits: Limits) -> Totals:
    """What these lines come to, and whether one of their discounts needs a yes."""
    known = list(lines)
    base, amount = exact_sum(one.base for one in known), exact_sum(one.amount or NOTHING for one in known)
    tax = exact_sum(taxes(known).values())
    return Totals(
        round_half_up(base, 4), amount, tax, round_half_up(amount, SHOWN) + tax, share(base, amount), max((one.discount for one in known), default=NOTHING),
        any(limits.passed(one.base, one.amount or NOTHING, one.category) for one in known),
    )
