"""JSON and YAML that come from outside, and YAML that goes there. What no database keeps and no answer can say is refused here, once for all who read."""

import json
import re
from typing import Any

import yaml

from crm.errors import BadRequest
from crm.messages import m

# Of libyaml wherever PyYAML was built with it, as its wheels are: seven times as fast, and it refuses what is nested too deeply.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_UNSOUND = re.compile("[\0\ud800-\udfff]")


def read_json(text: str | bytes, **hooks: Any) -> Any:
    """What `text` says. Raises ValueError or RecursionError when it is no JSON, BadRequest when it is unsound; `hooks` are those of `json.loads`."""
    return sound(json.loads(text, **hooks))


def read_yaml(text: str | bytes, loader: type[yaml.SafeLoader] | type[yaml.BaseLoader] = _Loader) -> Any:
    """What `text` says. Raises YAMLError, ValueError or RecursionError when it is no YAML, BadRequest when it is unsound."""
    return sound(yaml.load(text, Loader=loader))  # noqa: S506 - both loaders make plain values only


def write_yaml(value: Any, width: int = 160) -> str:
    """`value`, a tree of dicts, lists and plain values, as people read it: in its order, in any letters."""
    text: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=width)
    return text


def sound(value: Any) -> Any:
    """`value`, a tree of dicts, lists and plain values. Raises BadRequest when a text in it, keys included, holds a zero character or half
    of a surrogate pair: `"\\u0000"` and `"\\ud800"` are well-formed JSON."""
    left, seen = [value], set()
    while left:
        one = left.pop()
        if isinstance(one, str):
            if _UNSOUND.search(one):
                raise BadRequest(m("The text holds a zero character or half a character, which nothing can keep."))
        elif isinstance(one, dict | list) and id(one) not in seen:
            seen.add(id(one))  # an alias of YAML stands in many places and is looked at once
            left.extend([*one, *one.values()] if isinstance(one, dict) else one)
    return value
