"""Amounts of money in words, as they stand on papers: “one thousand hryvnias 00 kopiykas”."""

from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any

from crm.backoffice.money import round_half_up

LARGEST = Decimal(10) ** 15
# What the library's English does not know: one and many of the unit and of its hundredth.
ENGLISH = {
    "UAH": (("hryvnia", "hryvnias"), ("kopiyka", "kopiykas")), "CZK": (("koruna", "korunas"), ("haler", "halers")),
    "CHF": (("franc", "francs"), ("centime", "centimes")),
}


def in_words(amount: Decimal, currency: str, language: str) -> str:
    """An amount, rounded to the last coin, in words of "uk" or "en", its coins in figures; "" for a currency or an amount that has no words."""
    exact = round_half_up(amount, 2)
    if not 0 <= exact < LARGEST:
        return ""
    try:
        said: str = _speaker()(exact, lang=language, to="currency", currency=currency, cents=False, separator="")
    except (NotImplementedError, KeyError):
        return ""
    said = said.replace("'", "’")
    return said[:1].upper() + said[1:]


@cache
def _speaker() -> Any:
    """Loaded when the first paper is drawn: the library brings all its languages along."""
    english: Any = import_module("num2words.lang_EN").Num2Word_EN
    english.CURRENCY_FORMS = {**ENGLISH, **english.CURRENCY_FORMS}
    return import_module("num2words").num2words
