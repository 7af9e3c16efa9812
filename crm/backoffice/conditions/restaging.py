"""A configured row (a stage) replaced by another inside conditions, however they name it: by number, code, key or label where a reference is
compared, and by the text of its code, key or name where a path goes through the reference (`stage.key`)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from crm.backoffice.catalog import Configured
from crm.backoffice.conditions.renaming import Entities, walked
from crm.backoffice.conditions.revaluing import NO_MOVES, Replacing
from crm.backoffice.conditions.tree import All, Any_, Latest, Leaf, Node
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import NEGATED, Field
from crm.backoffice.text import fold

WIDER = {"eq": "in", "ne": "not_in"}
NARROWER = {"in": "eq", "not_in": "ne"}
EXACT = frozenset({"eq", "ne", "in", "not_in"})  # with a part of a text (`contains`, `starts`) no row is named
NAMING = frozenset({"code", "key", "name", "name_en"})  # texts by which a row is named


@dataclass(frozen=True)
class Restaging(Replacing):
    """A row of `entity`, by number, is another one from now on. `rows` are all of them; without `new` no row takes its place, which only tells where
    the old one is named."""

    entity: str
    rows: Mapping[int, Configured]
    old: int
    new: int | None

    def concerns(self, spec: Field) -> bool:
        return spec.target == self.entity

    def comparison(self, node: Leaf | Latest, kind: Entity, entities: Entities) -> Node:
        if isinstance(node, Leaf) and node.op in EXACT and node.path[-1] in NAMING and self._goes_through(node.path, kind, entities):
            return self._by_text(node, node.path[-1])
        return super().comparison(node, kind, entities)

    def compared(self, node: Leaf | Latest) -> Leaf | Latest:
        if isinstance(node.value, list):
            found = [one for given in node.value for one in self._instead(given)]
            return replace(node, value=list(dict.fromkeys(found))) if found != node.value else node
        found = self._instead(node.value)
        if len(found) == 1:
            return replace(node, value=found[0])
        return replace(node, op=WIDER.get(node.op, node.op), value=found)

    def means(self, given: Any) -> bool:
        """Whether a value names the old row, perhaps beside others."""
        return self.old in self._meant(given)

    def _goes_through(self, path: tuple[str, ...], kind: Entity, entities: Entities) -> bool:
        """Whether the last step before the field is a reference to such rows: of the rows themselves (`key` of a list of stages) nothing moves."""
        if len(path) < 2:
            return False
        _, home = walked(path[:-2], kind, entities, NO_MOVES)
        spec = home.fields.get(path[-2]) if home is not None else None
        return spec is not None and self.concerns(spec)

    def _by_text(self, node: Leaf, name: str) -> Node:
        """The comparison of a text of the rows. It goes on meaning other rows that have the old one's text; where others have the new one's, that
        one is asked for by its code, which nobody else has."""
        said = self.rows[self.old].values.get(name)
        given = node.value if isinstance(node.value, list) else [node.value]
        if said is None or said not in given:
            return node
        kept = [one for one in given if one != said or self._others_have(name, said, self.old)]
        if self.new is None:
            return _asking(node, [*kept, "\0"])
        text = self.rows[self.new].values.get(name)
        if text is not None and not self._others_have(name, text, self.new):
            return _asking(node, list(dict.fromkeys([*kept, text])))
        by_code = _asking(replace(node, path=(*node.path[:-1], "code")), [self.rows[self.new].code])
        if not kept:
            return by_code
        return (All if node.op in NEGATED else Any_)((_asking(node, kept), by_code))

    def _others_have(self, name: str, text: Any, but: int) -> bool:
        return any(row.values.get(name) == text for number, row in self.rows.items() if number != but)

    def _instead(self, given: Any) -> list[Any]:
        """What stands in the place of a value: both rows' names where it means others beside the old one."""
        meant = self._meant(given)
        if self.old not in meant:
            return [given]
        other = self._named(given)
        return [other] if meant == {self.old} else [given, other]

    def _meant(self, given: Any) -> set[int]:
        if isinstance(given, int):
            return {given}
        if not isinstance(given, str):
            return set()
        for fits in (lambda row: row.code == given, lambda row: row.key == given, lambda row: fold(given) in (fold(row.label.uk), fold(row.label.en))):
            found = {number for number, row in self.rows.items() if fits(row)}
            if found:
                return found
        return set()

    def _named(self, given: Any) -> Any:
        if self.new is None:
            return "\0"
        if isinstance(given, int):
            return self.new
        row = self.rows[self.new]
        return row.key if sum(one.key == row.key for one in self.rows.values()) == 1 else row.code


def _asking(node: Leaf, values: list[Any]) -> Leaf:
    """The same comparison with these values, as a list only where there are several."""
    if len(values) == 1:
        return replace(node, op=NARROWER.get(node.op, node.op), value=values[0])
    return replace(node, op=WIDER.get(node.op, node.op), value=values)
