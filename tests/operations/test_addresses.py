"""Addresses are written as werkzeug writes them, by functions that are compiled when somebody asks."""

from typing import Any

import pytest
from werkzeug.routing import BuildError, Map, Rule

from crm.addresses import Address

RULES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/", {"endpoint": "home"}), ("/<entity>/<int(min=1):number>/", {"endpoint": "card"}), ("/pages/", {"endpoint": "pages", "defaults": {"page": 1}}),
    ("/pages/<int:page>", {"endpoint": "pages"}), ("/files/<path:name>", {"endpoint": "file"}),
)
ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("home", {}), ("home", {"q": "Київ & co", "tab": ["a", "b"]}), ("card", {"entity": "угода", "number": 7, "rule": "x"}), ("pages", {"page": 1}),
    ("pages", {"page": 2}), ("file", {"name": "a b/ґ.txt"}),
)


def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses whose functions are compiled from now on."""
    found: list[str] = []
    real = Rule._compile_builder

    def noting(self: Rule, append_unknown: bool = True) -> Any:
        found.append(self.rule)
        return real(self, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", noting)
    return found


def test_each_is_what_werkzeug_writes_and_none_is_compiled_before(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = Map([Rule(text, **options) for text, options in RULES]).bind("brama.example")
    noted = compiled(monkeypatch)
    ours = Map([Address(text, **options) for text, options in RULES]).bind("brama.example")
    assert noted == []
    for endpoint, values in ASKED * 2:
        assert ours.build(endpoint, values) == theirs.build(endpoint, values)
        assert ours.build(endpoint, values, append_unknown=False) == theirs.build(endpoint, values, append_unknown=False)
    assert sorted(set(noted)) == sorted(text for text, _ in RULES)
    assert len(noted) == 2 * len(RULES)  # with what is unknown and without, once each
    with pytest.raises(BuildError):
        ours.build("card", {"entity": "deal"})
