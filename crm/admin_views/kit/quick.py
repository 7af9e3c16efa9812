"""What is done with a record by one key from its card, as an area declares it: a change of some fields through the record's own form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crm.backoffice.fields.base import Reader


@dataclass(frozen=True)
class Choice:
    """One way of an action that asks for a value first."""

    label: str
    value: str


@dataclass(frozen=True)
class Quick:
    """A button: `key` presses it, `posts` is what the record's form gets. With `asks`, the name of a field of type moment, that is chosen
    among `choices` or typed first."""

    key: str
    label: str
    icon: str
    posts: Mapping[str, str]
    asks: str = ""
    choices: tuple[Choice, ...] = ()
    url: str = ""  # where it is posted with the number of the record, instead of to the record's form
    needs: frozenset[str] = frozenset()  # fields that it changes in the end

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it changes."""
        return self.needs | frozenset(self.posts) | ({self.asks} if self.asks else frozenset())


Make = Callable[[Reader, Mapping[str, Any]], list[Quick]]
_makers: dict[str, Make] = {}


def quick_actions(entity: str) -> Callable[[Make], Make]:
    """Mark a function (reader, the values he sees) → the actions on a record of `entity` as it stands."""

    def keep(function: Make) -> Make:
        _makers[entity] = function
        return function

    return keep


def of_record(entity: str, reader: Reader, values: Mapping[str, Any], editable: frozenset[str]) -> list[Quick] | None:
    """The actions whose fields this reader may change; None for an entity that knows none."""
    if entity not in _makers:
        return None
    return [one for one in _makers[entity](reader, values) if one.fields <= editable]
