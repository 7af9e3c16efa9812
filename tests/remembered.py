"""What a process of tests makes once, although each test has an application of its own: the functions that write addresses and the
compiled templates. Made anew, they are more than half of what a test of the whole application costs."""

from collections.abc import Callable
from types import CodeType
from typing import Any

from flask import Flask, has_request_context
from jinja2.bccache import BytecodeCache, Bucket
from werkzeug.routing import Rule

from crm import templating


def install() -> None:
    """From here on every application shares them."""
    Rule._compile_builder = _remembered(Rule._compile_builder)  # type: ignore[method-assign]
    set_up, compiled = templating.ByLanguage.__init__, Compiled()

    def remembering(self: templating.ByLanguage, app: Flask, **options: Any) -> None:
        set_up(self, app, **options | ({"bytecode_cache": compiled} if app.name == "crm" else {}))

    templating.ByLanguage.__init__ = remembering  # type: ignore[method-assign]


def _remembered(build: Callable[..., Any]) -> Callable[..., Any]:
    """Equal rules are written by equal functions: each is bound to its own rule afterwards."""
    known: dict[Any, Any] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return build(rule, append_unknown)
        key = (append_unknown, *rule._trace)
        if key not in known:
            known[key] = build(rule, append_unknown)
        return known[key]

    return builder


class Compiled(BytecodeCache):
    """Templates as compiled: by name, source and what else they are compiled for (see `templating`)."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], CodeType] = {}

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return f"{name}|{filename}|{templating._language()}|{has_request_context()}"

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self.known[bucket.key, bucket.checksum] = bucket.code
