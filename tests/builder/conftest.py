"""The house of the forms' tests: people of different rights behind the whole application."""

from tests.kit_forms.conftest import browser, furnish, house

__all__ = ["browser", "furnish", "house"]
