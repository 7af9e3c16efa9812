"""The house of the forms' tests: people of different rights behind the whole application."""

from collections.abc import Callable

import pytest

from tests.kit_forms.conftest import browser, furnish, house
from tests.kit_forms.house import Browser

__all__ = ["browser", "furnish", "house"]


@pytest.fixture
def two(browser: Callable[..., Browser]) -> dict[str, Browser]:
    """Bohdan and Sofiia, signed in: who reviews unless a test says otherwise."""
    return {name: browser(name) for name in ("Bohdan", "Sofiia")}
