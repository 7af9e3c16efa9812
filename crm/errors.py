"""What may be refused, and how each refusal answers: a sentence, an HTTP status, an exit code. See docs/errors.md."""

from collections.abc import Mapping
from typing import ClassVar

from crm.messages import Message, m


class BramaError(Exception):
    """A refusal that a person reads. Nothing was written."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    exit_code: int = 1

    def __init__(self, message: Message) -> None:
        super().__init__(str(message.id))
        self.message = message


class BadRequest(BramaError):
    """The request itself makes no sense: an unknown name, a value of the wrong form, a tree too deep."""

    code = "bad_request"


class UnknownName(BadRequest):
    """A field, entity or relation that does not exist — or that this reader may not know; both read alike."""

    code = "unknown_name"

    def __init__(self, name: str, *, hidden: bool = False) -> None:
        super().__init__(m("There is no field or relation named “%(name)s”.", name=name[:80]))
        self.name = name
        self.hidden = hidden
        if hidden:
            self.exit_code = 4


class UnknownCondition(UnknownName):
    """A saved condition that does not exist — or that asks for what this reader may not know; both read alike."""

    def __init__(self, key: str, *, hidden: bool = False) -> None:
        super().__init__(key, hidden=hidden)
        self.message = m("There is no saved condition “%(key)s”.", key=key[:64])


class FieldError(ValueError):
    """A value that a field, a period or an amount does not accept; carries the sentence for the person who typed it."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message.id))
        self.message = message


class NotFound(BramaError):
    """No such record, or none that this reader may know of."""

    code = "not_found"
    status = 404

    def __init__(self, message: Message | None = None) -> None:
        super().__init__(message or m("There is no such record."))


class Forbidden(BramaError):
    """The record is visible, the action on it is not allowed."""

    code = "forbidden"
    status = 403
    exit_code = 4

    def __init__(self, message: Message | None = None) -> None:
        super().__init__(message or m("You do not have the right to do this."))


class Invalid(BramaError):
    """Values that the entity does not accept; `fields` says which and why."""

    code = "invalid"
    status = 422

    def __init__(self, fields: Mapping[str, Message], message: Message | None = None) -> None:
        super().__init__(message or next(iter(fields.values()), m("Some values are not accepted.")))
        self.fields = dict(fields)


class Conflict(BramaError):
    """Somebody saved the same fields first; `record_id` and `fields` name what collides."""

    code = "conflict"
    status = 409

    def __init__(self, entity: str, record_id: int, fields: tuple[str, ...]) -> None:
        super().__init__(m("Somebody else has changed the same fields meanwhile."))
        self.entity, self.record_id, self.fields = entity, record_id, fields


class GuardRefusal(BramaError):
    """A statement that the guard does not let through: a fault of the program, never of the reader."""

    code = "guard"
    status = 500

    def __init__(self, why: str) -> None:
        super().__init__(m("The request was stopped by the data guard."))
        self.why = why

    def __str__(self) -> str:
        return f"refused by the guard: {self.why}"
