"""Flask-Admin's way to give a method an address, with its type."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask_admin import expose

View = TypeVar("View", bound=Callable[..., Any])


def route(path: str, *methods: str) -> Callable[[View], View]:
    """Answer `path` below the view's own address; GET when no methods are named."""
    return cast(Callable[[View], View], expose(path, methods=methods or ("GET",)))
