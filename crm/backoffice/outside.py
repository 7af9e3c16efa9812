"""JSON and YAML that come from outside, and YAML that goes there. What no database keeps and no answer can say is refused here, once for all who read."""

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from crm.errors import BadRequest
from crm.messages import m

MERGED = "tag:yaml.org,2002:merge"  # `<<` may stand more than once


class NamedTwice(yaml.YAMLError):
    """A mapping names one key twice; what YAML's own loaders make of it is the second one alone."""

    def __init__(self, key: str, line: int) -> None:
        super().__init__(key)
        self.key, self.line = key[:80], line


# Of libyaml wherever PyYAML was built with it, as its wheels are: seven times as fast, and it refuses what is nested too deeply.
if TYPE_CHECKING:
    from yaml import SafeLoader as _Fast
else:
    _Fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Fast):
    """Plain values, and every key once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set[str]()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode) or key.tag == MERGED:
                continue
            if key.value in seen:
                raise NamedTwice(key.value, key.start_mark.line + 1)
            seen.add(key.value)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


_Dumper: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_UNSOUND = re.compile("[\0\ud800-\udfff]")


def read_json(text: str | bytes, **hooks: Any) -> Any:
    """What `text` says. Raises ValueError or RecursionError when it is no JSON, BadRequest when it is unsound; `hooks` are those of `json.loads`."""
    return sound(json.loads(text, **hooks))


def read_yaml(text: str | bytes, loader: type[yaml.SafeLoader] | type[yaml.BaseLoader] = _Loader) -> Any:
    """What `text` says. Raises YAMLError, ValueError or RecursionError when it is no YAML, of these NamedTwice for a key that stands twice, and
    BadRequest when it is unsound."""
    return sound(yaml.load(text, Loader=loader))  # noqa: S506 - both loaders make plain values only


def line_of(fault: Exception) -> int:
    """The line in which text stops being YAML, the first one where the fault does not say."""
    mark = getattr(fault, "problem_mark", None)
    return mark.line + 1 if mark is not None else 1


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
