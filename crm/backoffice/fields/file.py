"""A kept file: the column holds what is known of it, the file itself lies outside the database and is never overwritten."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy import ColumnElement
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.fields.text import MAX_SOUGHT, looked_for, refuse_controls
from crm.backoffice.text import fold
from crm.backoffice.types import FileRef, KeptFile, KeyText
from crm.messages import Label, m

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class FileField(Field):
    """A value is a `FileRef`, made by `attachments.take` alone: no text, no JSON and no file of an import names a file. Found by its name."""

    type: ClassVar[str] = "file"
    operators = frozenset({"contains", "starts", "empty", "not_empty"})
    companions: ClassVar[tuple[str, ...]] = ("__find",)
    picture: ClassVar[bool] = False

    sortable: bool = False
    most: int = 25 * MEGABYTE  # bytes

    def sql_type(self) -> TypeEngine[Any]:
        return KeptFile()

    def companion_type(self, suffix: str) -> TypeEngine[Any]:
        return KeyText()

    def stored(self, value: Any) -> dict[str, Any]:
        return {self.attribute: value, f"{self.attribute}__find": fold(value.name) if value is not None else None}

    def clean(self, value: Any) -> FileRef | None:
        if value is None or value == "":
            return None
        if not isinstance(value, FileRef):
            raise FieldError(m("A file is chosen here, not written."))
        return value

    def parse(self, text: str, reader: Reader) -> Any:
        return self.clean(text.strip())

    def read(self, value: Any, reader: Reader) -> Any:
        return self.clean(value)

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        return lambda value: "" if value is None else value if isinstance(value, str) else value.name

    def export(self, value: Any, reader: Reader) -> Any:
        """The file's name: the file itself is fetched where the record is."""
        return value.name if isinstance(value, FileRef) else value

    def journal(self, value: Any) -> Any:
        return None if value is None else asdict(value)

    def unjournal(self, value: Any) -> Any:
        return None if value is None else FileRef(**value)

    def operand(self, op: str, value: Any, reader: Reader) -> Any:
        if op in ("empty", "not_empty"):
            return None
        if op not in ("contains", "starts") or not isinstance(value, str) or len(value) > MAX_SOUGHT:
            raise FieldError(m("A file is looked for by a part of its name."))
        refuse_controls(value)
        return fold(value)

    def compare(self, column: Callable[[str], ColumnElement[Any]], op: str, operand: Any) -> ColumnElement[bool]:
        return column("").is_not(None) if op == "not_empty" else looked_for(column("__find"), op, operand)


@dataclass(frozen=True, kw_only=True)
class ImageField(FileField):
    """A picture: drawn anew when it comes in, so that nothing but the picture is kept, with a small one beside."""

    type: ClassVar[str] = "image"
    picture: ClassVar[bool] = True


def file(label: Label, *, most: int = 25 * MEGABYTE, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A file of at most `most` bytes."""
    return declare(FileField(label=label, most=most, **facets))


def image(label: Label, *, most: int = 25 * MEGABYTE, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A picture of at most `most` bytes as it comes."""
    return declare(ImageField(label=label, most=most, **facets))
