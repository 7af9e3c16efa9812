"""The screens of entities made in the browser: one set of addresses for all of them, so that a new one is there at once, in every worker."""

from typing import Any

from flask import Flask, g
from flask_login import current_user
from werkzeug.routing import BaseConverter

from crm.admin_views.kit import context
from crm.admin_views.kit.view import EntityView
from crm.backoffice.custom.models import CustomEntity
from crm.errors import NotFound

PLACE = "made"


class MadeKey(BaseConverter):
    """The key of an entity; whether there is one, the configuration of the request says."""

    regex = r"[a-z][a-z0-9_]{0,47}"


class MadeView(EntityView):
    """The screens of whichever made entity the address names. The product's own have addresses of their own, which come first."""

    def __init__(self) -> None:
        self._of(CustomEntity, "Made", PLACE, f"/<{PLACE}:{PLACE}>")

    @property
    def key(self) -> str:
        return str(g.get(PLACE, ""))

    def is_accessible(self) -> bool:
        """Who may not read it is not told that there is such an entity: unlike the product's own, its name says what the company does."""
        if not current_user.is_authenticated:
            return False
        kind = context.catalog().entities.get(self.key)
        if kind is None or not kind.custom or not super().is_accessible():
            raise NotFound()
        return True


def init_app(app: Flask) -> None:
    """Take the entity's key out of the address before a screen is called: the screens know it from their view."""
    app.url_map.converters[PLACE] = MadeKey

    @app.url_value_preprocessor
    def keep(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values is not None and PLACE in values:
            setattr(g, PLACE, values.pop(PLACE))
