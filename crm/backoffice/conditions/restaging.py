"""A configured row (a stage) replaced by another inside conditions, however they name it: by number, code, key or label."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from crm.backoffice.catalog import Configured
from crm.backoffice.conditions.revaluing import Replacing
from crm.backoffice.conditions.tree import Latest, Leaf
from crm.backoffice.fields.base import Field
from crm.backoffice.text import fold

WIDER = {"eq": "in", "ne": "not_in"}


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
