"""References to many records of one entity, kept in a table of links."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import Facets, Field, FieldError, Reader, Text
from crm.backoffice.fields.reference import ReferenceField
from crm.messages import Label, m

BETWEEN = "; "
MOST = 1_000


@dataclass(frozen=True, kw_only=True)
class ManyToManyField(Field):
    """A value is a tuple of different target numbers in order; rows give a tuple of `Ref`."""

    type: ClassVar[str] = "many_to_many"

    sortable: bool = False

    @property
    def one(self) -> ReferenceField:
        """What each of the references answers for itself."""
        return ReferenceField(key=self.key, label=self.label, target=self.target)

    def sql_type(self) -> TypeEngine[Any]:
        raise TypeError("a field of many references has no column; see link_table")

    def stored(self, value: Any) -> dict[str, Any]:
        return {}

    def link_table(self, metadata: MetaData, owner: str) -> Table:
        """The table `<owner>__<key>` of pairs (owner_id, target_id); `owner` is the table that declares the field."""
        name = f"{owner}__{self.key}"
        if name in metadata.tables:
            return metadata.tables[name]
        table = Table(
            name, metadata,
            Column("owner_id", Integer, ForeignKey(f"{owner}.id"), primary_key=True),
            Column("target_id", Integer, ForeignKey(f"{self.target}.id"), primary_key=True),
        )
        Index(f"ix_{name}_target_id", table.c.target_id)
        return table

    def clean(self, value: Any) -> Any:
        return self._each(value, self.one.clean)

    def parse(self, text: str, reader: Reader) -> Any:
        parts = [part.strip() for part in text.split(";") if part.strip()]
        return self._each(parts, lambda one: self.one.parse(one, reader))

    def read(self, value: Any, reader: Reader) -> Any:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(";") if part.strip()]
        return self._each(value, lambda one: self.one.read(one, reader))

    def _each(self, value: Any, take: Callable[[Any], Any]) -> tuple[Any, ...] | None:
        if value is None or value == "":
            return None
        if not isinstance(value, list | tuple) or hasattr(value, "id") or len(value) > MOST:
            raise FieldError(m("A list of at most 1,000 values is expected here."))
        return tuple(dict.fromkeys(one for one in map(take, value) if one is not None)) or None

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        show = self.one.formatter(reader)
        return lambda value: "" if value is None else value if isinstance(value, str) else ", ".join(map(show, value))

    def input_text(self, value: Any, reader: Reader) -> Text:
        return "" if value is None else BETWEEN.join(self.one.input_text(one, reader) for one in value)

    def export(self, value: Any, reader: Reader) -> Any:
        if value is None or isinstance(value, str):
            return value
        exported = (self.one.export(one, reader) for one in value)
        return BETWEEN.join(str(one) for one in exported if one is not None) or None

    def journal(self, value: Any) -> Any:
        return None if value is None else [self.one.journal(one) for one in value]

    def unjournal(self, value: Any) -> Any:
        return None if value is None else tuple(value)


def many_to_many(target: str, label: Label, *, key: str = "", reverse: tuple[str, Label] | None = None, **facets: Unpack[Facets]) -> ManyToManyField:
    """References to many records of `target`. It is no column: the field itself, which makes its own table."""
    return ManyToManyField(key=key, attribute=key, label=label, target=target, reverse=reverse, **facets)
