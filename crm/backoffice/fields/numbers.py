"""How numbers are written: digits grouped as the reader's language does, and read back from what people type."""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import Any, NamedTuple

from babel import Locale

from crm.errors import FieldError
from crm.messages import m

MAX_TYPED = 100
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’ʼ]")
_PLAIN = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?|[+-]?\.[0-9]{1,40}")
_EXPORTED = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?")


class Signs(NamedTuple):
    """How a language groups thousands and marks the fraction."""

    group: str
    decimal: str


@cache
def signs(language: str) -> Signs:
    """Asked of Babel once a language."""
    symbols = Locale(language).number_symbols["latn"]
    return Signs(symbols["group"], symbols["decimal"])


def quantized(value: Decimal, places: int) -> Decimal:
    """`value` with `places` decimals, halves away from zero; never a negative zero."""
    rounded = value.quantize(Decimal(1).scaleb(-places), context=_WIDE)
    return rounded if rounded else abs(rounded)


def decimal_formatter(language: str, least: int, most: int) -> Callable[[Any], str]:
    """Shows Decimals with at least `least` and at most `most` decimals, as Babel would with halves rounded up, several times faster."""
    group, point = signs(language)
    unit = Decimal(1).scaleb(-most)
    table = {ord(","): group, ord("."): point}

    def show(value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        rounded = value.quantize(unit, context=_WIDE)
        text = format(rounded if rounded else abs(rounded), ",f")
        if most > least:
            text = _shortened(text, most - least)
        return text.translate(table)

    return show


def _shortened(text: str, spare: int) -> str:
    """`text` without zeros among its last `spare` decimals."""
    kept = len(text) - spare
    return (text[:kept] + text[kept:].rstrip("0")).rstrip(".")


def integer_formatter(language: str) -> Callable[[Any], str]:
    """Shows whole numbers with grouped thousands."""
    group = signs(language).group

    def show(value: Any) -> str:
        if value is None:
            return ""
        return value if isinstance(value, str) else format(value, ",d").replace(",", group)

    return show


def parse_decimal(text: str, language: str) -> Decimal:
    """The number that a person wrote. Spaces and apostrophes group digits everywhere; of a comma and a dot together the last marks the
    fraction; a comma alone groups in English and marks the fraction in Ukrainian. Raises FieldError."""
    written = _SPACES.sub("", text[:MAX_TYPED]).replace("−", "-")
    if len(text) > MAX_TYPED:
        raise not_a_number(text)
    sign = written[:1] if written[:1] in ("-", "+") else ""
    plain = sign + _plain(written[len(sign) :], language)
    if not _PLAIN.fullmatch(plain):
        raise not_a_number(text)
    return Decimal(plain)


def _plain(digits: str, language: str) -> str:
    """`digits` with a dot as the only sign in it; what cannot be read stays as it is and is refused by the caller."""
    commas, dots = digits.count(","), digits.count(".")
    if commas and dots:
        point = max(",", ".", key=digits.rfind)
        group = "." if point == "," else ","
        whole, _, fraction = digits.rpartition(point)
        return f"{whole.replace(group, '')}.{fraction}" if _grouped(whole, group) else digits
    sign = "," if commas else "."
    grouping = commas + dots > 1 or (commas == 1 and signs(language).group == ",")
    if grouping:
        return digits.replace(sign, "") if _grouped(digits, sign) else digits
    return digits.replace(",", ".")


def _grouped(digits: str, sign: str) -> bool:
    first, *rest = digits.split(sign)
    return 1 <= len(first) <= 3 and all(len(part) == 3 for part in rest)


def read_decimal(value: Any) -> Decimal:
    """A number out of a file or a condition: an integer, a Decimal, a decimal string, or a float as JSON gives it. Raises FieldError."""
    if isinstance(value, Decimal):
        exact = value
    elif isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < 200:
        exact = Decimal(value)
    elif isinstance(value, float):
        exact = Decimal(repr(value))
    elif isinstance(value, str) and _EXPORTED.fullmatch(value.strip()[:MAX_TYPED]):
        exact = Decimal(value.strip())
    else:
        raise not_a_number(value)
    if not exact.is_finite():
        raise not_a_number(value)
    return exact


def exact_text(value: Decimal, least: int = 0) -> str:
    """A Decimal as files hold it: a dot, no grouping, no exponent, no needless zeros beyond `least` decimals."""
    text = format(value, "f")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    return f"{whole}.{fraction}" if fraction else whole


def not_a_number(value: Any) -> FieldError:
    return FieldError(m("“%(text)s” is not a number.", text=str(value)[:60]))
