"""The company of the form tests, its people signed in, and a worker at hand that does what waits."""

from tests.kit_forms.conftest import browser, house

__all__ = ["browser", "house"]
