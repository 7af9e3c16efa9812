"""What servers and the `flask` command load: `create_app`, and `app`, the application of the environment's settings, made when first asked for.

Modules are never thrown away, so the collector of garbage looks at none of them: a third of the time to the first answer.
"""

import gc
import sys
from functools import cache
from itertools import pairwise
from typing import Any

from flask import Flask

gc.disable()
from config import BadSetting, from_environment  # noqa: E402
from crm.application import create_app  # noqa: E402
from crm.messages import Message, render  # noqa: E402

gc.freeze()
gc.enable()

__all__ = ["app", "create_app"]  # noqa: F822  # `app` is made by __getattr__ when first asked for


@cache
def _app() -> Flask:
    try:
        return create_app(from_environment())
    except BadSetting as wrong:
        sys.exit(render(Message(wrong.text, wrong.params), language()))


def language() -> str:
    """The language asked for on the command line: settings are read before it is parsed."""
    return next((value for option, value in pairwise(sys.argv) if option == "--lang"), "en")


def __getattr__(name: str) -> Any:
    if name == "app":
        return _app()
    raise AttributeError(name)
