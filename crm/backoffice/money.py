"""Amounts with their currency, and the one way to round them. Rates of exchange stand in `rates`."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache, reduce

from babel import Locale
from babel.core import get_global

from crm.errors import BramaError
from crm.messages import m

WIDE = Context(prec=60, rounding=ROUND_HALF_UP)


class CurrencyMismatch(BramaError):
    """Two currencies cannot be added: convert at a dated rate first."""

    code = "currency_mismatch"
    status = 422

    def __init__(self, one: str, other: str) -> None:
        super().__init__(m("Amounts in %(one)s and %(other)s cannot be added without a rate.", one=one, other=other))


def round_half_up(value: Decimal, places: int) -> Decimal:
    """`value` with `places` decimals, halves away from zero: as people and tax offices round."""
    rounded = value.quantize(Decimal(1).scaleb(-places), context=WIDE)
    return rounded if rounded else abs(rounded)


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """The sum to sixty digits: the usual 28 are too few for amounts at rates of ten decimals."""
    return reduce(WIDE.add, amounts, Decimal(0))


@dataclass(frozen=True)
class Money:
    """An amount in one currency (ISO 4217 code). Adding or comparing two currencies raises CurrencyMismatch."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def times(self, factor: Decimal | int) -> "Money":
        """The amount `factor` times, exact; round it once, where it is shown."""
        return Money(self.amount * factor, self.currency)

    def rounded(self, places: int = 2) -> "Money":
        return Money(round_half_up(self.amount, places), self.currency)

    def _same(self, other: "Money") -> Decimal:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.amount


# Young currencies that Babel cannot name in Ukrainian yet.
UNNAMED = {"uk": {"VED": "цифровий болівар", "XCG": "карибський гульден", "ZWG": "зимбабвійське золото"}}


@cache
def currency_names(language: str) -> dict[str, str]:
    """Every ISO 4217 code that Babel knows, historic ones too → its name in `language`, the English one where that is missing."""
    return {**Locale("en").currencies, **UNNAMED.get(language, {}), **Locale(language).currencies}


@cache
def tender() -> frozenset[str]:
    """Codes of the currencies that some country pays in today: what a choice offers."""
    known = currency_names("en")
    territories = get_global("territory_currencies")
    return frozenset(code for rows in territories.values() for code, _since, until, legal in rows if legal and until is None and code in known)
