"""The house of the forms' tests."""

from tests.kit_forms.conftest import browser, furnish, house

__all__ = ["browser", "furnish", "house"]
