"""Addresses that are written by a function of their own, compiled when the first is needed: there are more than a thousand of them, a command asks
for none and a page for a few dozen. Compiled at once, they were a quarter of the time in which a command or a server starts."""

from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Flask
from werkzeug.routing import Rule


class Address(Rule):
    """A rule that werkzeug reads at once and writes when asked."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(super()._compile_builder)

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            return compiled(append_unknown)(rule, **values)

        return build


def init_app(app: Flask) -> None:
    """Before the first address is added: Flask adds that of static files itself, when it is made."""
    app.url_rule_class = Address
