"""What an area keeps of a person beside records: sign-ins, letters. It says what there is, why it cannot go, and takes it away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.backoffice.guard import DataSession

Numbers = Sequence[int]


@dataclass(frozen=True)
class Beside:
    """For persons of one kind. `judge` raises when this session may not erase one; `gather` gives rows by name, as JSON; `erase` takes them away."""

    judge: Callable[[DataSession, Numbers], None]
    gather: Callable[[DataSession, Numbers], Mapping[str, list[dict[str, Any]]]]
    erase: Callable[[DataSession, Numbers], None]


_known: dict[str, Beside] = {}


def keeps(entity: str, beside: Beside) -> None:
    """Register what is kept of persons of `entity`."""
    _known[entity] = beside


def beside(entity: str) -> Beside | None:
    return _known.get(entity)
