"""Formats of files that only some records have, as an area writes them: an address book of people."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from crm.backoffice.guard import DataSession
from crm.backoffice.lists import RowView

# the session of whoever exports, and some records with the fields asked for → their part of the file
Write = Callable[[DataSession, Sequence[RowView]], str]


@dataclass(frozen=True)
class Written:
    """How records of an entity are written in a format. `fields` are those that it has a place for."""

    entity: str
    format: str
    content_type: str
    ending: str
    fields: tuple[str, ...]
    write: Write


WRITTEN: dict[tuple[str, str], Written] = {}
PART = 200  # records written at once


def written_as(entity: str, form: str, *, content_type: str, ending: str, fields: tuple[str, ...]) -> Callable[[Write], Write]:
    """Declare a format of an entity, with the function that writes some records."""

    def register(write: Write) -> Write:
        WRITTEN[entity, form] = Written(entity, form, content_type, ending, fields, write)
        return write

    return register


def formats_of(entity: str) -> tuple[str, ...]:
    """The formats that this entity has besides the common ones."""
    return tuple(form for kind, form in WRITTEN if kind == entity)


def pieces(session: DataSession, how: Written, rows: Iterator[RowView]) -> Iterator[bytes]:
    """The file in pieces."""
    part: list[RowView] = []
    for row in rows:
        part.append(row)
        if len(part) == PART:
            yield how.write(session, part).encode()
            part = []
    if part:
        yield how.write(session, part).encode()
