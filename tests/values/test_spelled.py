"""Amounts in words, as they stand on papers."""

from decimal import Decimal

import pytest

from crm.backoffice.spelled import in_words


@pytest.mark.parametrize(("amount", "currency", "uk", "en"), [
    ("1968", "UAH", "Одна тисяча дев’ятсот шістдесят вісім гривень 00 копійок", "One thousand, nine hundred and sixty-eight hryvnias 00 kopiykas"),
    ("1.01", "UAH", "Одна гривня 01 копійка", "One hryvnia 01 kopiyka"), ("22.22", "UAH", "Двадцять дві гривні 22 копійки", "Twenty-two hryvnias 22 kopiykas"),
    ("2000000.425", "USD", "Два мільйони доларів 43 центи", "Two million dollars 43 cents"), ("0", "EUR", "Нуль євро 00 центів", "Zero euro 00 cents"),
    ("-1", "UAH", "", ""), ("1e15", "UAH", "", ""), ("5", "XXX", "", ""),
])
def test_an_amount_is_said_in_both_languages_and_rounded_half_up(amount: str, currency: str, uk: str, en: str) -> None:
    assert (in_words(Decimal(amount), currency, "uk"), in_words(Decimal(amount), currency, "en")) == (uk, en)
