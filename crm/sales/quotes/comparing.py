"""What changed from one version of a quote to another, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from crm.sales.quotes.agreed import matched
from crm.sales.quotes.making import Row


@dataclass(frozen=True)
class Difference:
    """A line in both versions: what it is about, what became of it, and of a changed one each field with what it was and is."""

    what: Literal["added", "removed", "changed", "same"]
    product: Any
    before: Row | None
    after: Row | None
    changed: dict[str, tuple[Any, Any]] = field(default_factory=dict)


def compared(before: Sequence[Row], after: Sequence[Row], keys: Sequence[str]) -> list[Difference]:
    """The lines of the later version in their order, then those that it has no more. Rows name their `product`; lines of the same product are
    taken in their order. Only `keys` are compared."""
    pairs, _ = matched(before, after)
    old_of = {id(new): old for old, new in pairs}
    found = [_one(old_of.get(id(row)), row, keys) for row in after]
    kept = {id(old) for old, _ in pairs}
    return found + [Difference("removed", row["product"], row, None) for row in before if id(row) not in kept]


def _one(old: Row | None, new: Row, keys: Sequence[str]) -> Difference:
    if old is None:
        return Difference("added", new["product"], None, new)
    changed = {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}
    return Difference("changed" if changed else "same", new["product"], old, new, changed)
