"""The house of the forms' tests."""

from tests.kit_forms.conftest import browser, house

__all__ = ["browser", "house"]
