"""Many at once goes in parts: a statement never holds more numbers than that."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
PART = 500


def in_parts(many: Sequence[T], size: int = PART) -> Iterator[Sequence[T]]:
    """`many` in order, at most `size` at a time; nothing of none."""
    return (many[start : start + size] for start in range(0, len(many), size))
