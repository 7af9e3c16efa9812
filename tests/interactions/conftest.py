"""The house of the forms' tests, and the world of the doors' tests."""

from tests.contracts.conftest import world
from tests.kit_forms.conftest import browser, furnish, house

__all__ = ["browser", "furnish", "house", "world"]
