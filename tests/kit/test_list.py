"""The list page: what each person sees of it, what its address may say, and what is answered to nonsense."""

from collections.abc import Callable
from decimal import Decimal
from urllib.parse import quote

from tests.kit.conftest import Browser, House, where

SignIn = Callable[..., Browser]


def test_list_shows_records_and_columns_of_the_reader_only(house: House, browser: SignIn) -> None:
    house.make("account", name="Вербиченько", revenue=Decimal("8731000"), phone="+380441234567")
    seen_by_owner = browser("Olena").page("/account/")
    assert "Вербиченько" in seen_by_owner
    assert "8,731,000" in seen_by_owner
    seen_by_blind = browser("Bohdan").page("/account/")
    assert "Вербиченько" in seen_by_blind
    assert "8,731,000" not in seen_by_blind
    assert 'data-field="revenue"' not in seen_by_blind
