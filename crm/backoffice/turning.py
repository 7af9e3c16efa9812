"""A value of one type as another type takes it: by decision, else as a file would give it, else as a person would read it."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

from crm.backoffice.fields.base import Field, Reader
from crm.backoffice.fields.numbers import parse_decimal, read_decimal
from crm.errors import FieldError
from crm.messages import Message

Outcome = Literal["clean", "rounded", "shortened", "decided", "lost"]
NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Decided:
    """What somebody has decided for values by how a file says them: the new value as a file says it, None for none. Values that are neither accepted
    nor decided stand, as a person reads them, in the new text field `rest_in`, where one is named."""

    values: Mapping[str, Any] = field(default_factory=lambda: NONE)
    rest_in: str = ""


UNDECIDED = Decided()
Decisions = Mapping[tuple[str, str], Decided]  # by entity and key of a field


@dataclass(frozen=True)
class Turned:
    """What became of a value, and why nothing did."""

    value: Any
    outcome: Outcome
    why: Message | None = None


def turner(was: Field, new: Field, reader: Reader, decided: Mapping[str, Any] = NONE) -> Callable[[Any], Turned]:
    """The function that turns stored values, each different one once. Raises FieldError for a decided value that the new type does not accept."""
    show, known = was.formatter(reader), dict[Any, Turned]()
    chosen = {old: accepted(new, value, reader) for old, value in decided.items()}

    def one(value: Any) -> Turned:
        found = known.get(value)
        if found is None:
            found = _turned(value, was, new, reader, show(value), chosen)
            if len(known) < 50_000:
                known[value] = found
        return found

    return one


def accepted(new: Field, value: Any, reader: Reader) -> Any:
    """A decided value as the new type keeps it. Raises FieldError."""
    if value is None or value == "":
        return None
    try:
        return _clean(new, new.read(value, reader))
    except (FieldError, TypeError, AttributeError):
        return _clean(new, new.parse(str(value), reader))


def said_of(value: Any, was: Field, reader: Reader) -> str:
    """A value as decisions name it."""
    told = was.export(value, reader)
    return ("true" if told else "false") if isinstance(told, bool) else ", ".join(map(str, told)) if isinstance(told, list | tuple) else str(told)


def turn(value: Any, was: Field, new: Field, reader: Reader, shown: str) -> Any:
    """Raises FieldError."""
    try:
        return _clean(new, new.read(was.export(value, reader), reader))
    except (FieldError, TypeError, AttributeError):
        return _clean(new, new.parse(shown, reader))


def _clean(new: Field, value: Any) -> Any:
    """Options that are only planned have numbers below zero, which no record may hold yet."""
    numbers = value if isinstance(value, tuple | list) else (value,)
    if new.picklist is not None and any(isinstance(one, int) and one < 0 for one in numbers):
        return tuple(value) if isinstance(value, list) else value
    return new.clean(value)


def _turned(value: Any, was: Field, new: Field, reader: Reader, shown: str, chosen: Mapping[str, Any]) -> Turned:
    said = said_of(value, was, reader)
    if said in chosen:
        return Turned(chosen[said], "decided")
    try:
        turned = turn(value, was, new, reader, shown)
    except FieldError as why:
        if new.type == "text" and new.max_length and len(shown) > new.max_length:
            try:
                return Turned(new.clean(shown[: new.max_length].rstrip()), "shortened")
            except FieldError:
                pass
        return Turned(None, "lost", why.message)
    return Turned(turned, _outcome(value, turned, was, new, reader, shown))


def _outcome(value: Any, turned: Any, was: Field, new: Field, reader: Reader, shown: str) -> Outcome:
    if turned is None:
        return "lost"
    if isinstance(turned, Decimal | int) and not isinstance(turned, bool):
        exact = [value] if isinstance(value, Decimal | int) else _exactly(new, shown, reader)
        return "rounded" if exact and turned not in exact else "clean"
    if isinstance(value, datetime) and isinstance(turned, date) and not isinstance(turned, datetime):
        return "shortened"
    return "clean"


def _exactly(new: Field, shown: str, reader: Reader) -> list[Decimal]:
    """The numbers that a text may say, with all their decimals: as a file says them, and as a person does."""
    found: list[Decimal] = []
    if new.type in ("decimal", "money"):
        with suppress(FieldError):
            found.append(read_decimal(shown))
        with suppress(FieldError):
            found.append(parse_decimal(shown, reader.language))
    return found
