"""References to many records of one entity, kept in a table of links."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Unpack

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import EQUALITY, Facets, Field, FieldError, Reader, Ref, Text
from crm.backoffice.fields.reference import ReferenceField
from crm.backoffice.text import sort_key
from crm.messages import Label, m

BETWEEN = "; "
MOST = 1_000


class SetChange(NamedTuple):
    """Instead of a whole set: numbers to put into it and numbers to take out of it."""

    added: frozenset[int] = frozenset()
    taken: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ManyToManyField(Field):
    """A value is a set: different target numbers in ascending order, None when it is empty; rows give `Ref`s in the order of their names.

    A reader's set holds the targets that he sees and no sign of the others; what he saves changes only that part of it. `eq` and `in`
    ask whether one of the named targets is in the set, `contains` whether all of them are. In text, codes stand between semicolons;
    one that holds a semicolon or a quote stands in quotes.
    """

    type: ClassVar[str] = "many_to_many"
    operators = EQUALITY | {"contains"}
    several: ClassVar[bool] = True

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
        """The table `<owner>__<attribute>` of pairs (owner_id, target_id); `owner` is the table of the entity that has the field."""
        name = f"{owner}__{self.attribute}"
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
        if isinstance(value, SetChange):
            return SetChange(*(frozenset(self._each(tuple(part), self.one.clean) or ()) for part in value))
        return self._each(value, self.one.clean)

    def parse(self, text: str, reader: Reader) -> Any:
        return self._each(listed(text), lambda one: self.one.parse(one, reader))

    def read(self, value: Any, reader: Reader) -> Any:
        return self._each(listed(value) if isinstance(value, str) else value, lambda one: self.one.read(one, reader))

    def _each(self, value: Any, take: Callable[[Any], Any]) -> tuple[Any, ...] | None:
        if value is None or value == "":
            return None
        if not isinstance(value, list | tuple | frozenset) or isinstance(value, Ref) or len(value) > MOST:
            raise FieldError(m("A list of at most 1,000 values is expected here."))
        return in_order(one for one in map(take, value) if one is not None)

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        show = self.one.formatter(reader)
        return lambda value: "" if value is None else value if isinstance(value, str) else ", ".join(map(show, value))

    def input_text(self, value: Any, reader: Reader) -> Text:
        return "" if value is None else joined(self.one.input_text(one, reader) for one in value)

    def export(self, value: Any, reader: Reader) -> Any:
        codes = self.codes(value, reader)
        return codes if codes is None or isinstance(codes, str) else joined(codes)

    def codes(self, value: Any, reader: Reader) -> list[str] | str | None:
        """The codes of a set as a list, for files that have lists; a mask passes as it is."""
        if value is None or isinstance(value, str):
            return value
        return [str(code) for code in (self.one.export(one, reader) for one in value) if code is not None] or None

    def journal(self, value: Any) -> Any:
        return None if value is None else sorted(self.one.journal(one) for one in value)

    def unjournal(self, value: Any) -> Any:
        return None if value is None else tuple(value)


def in_order(values: Iterable[Any]) -> tuple[Any, ...] | None:
    """The canonical form of a set: numbers ascending, then codes that nobody has looked up yet; None when it is empty."""
    return tuple(sorted(set(values), key=lambda one: (isinstance(one, str), one))) or None


def by_name(refs: Iterable[Ref]) -> tuple[Ref, ...]:
    """References in the order of their names, those without one last."""
    return tuple(sorted(refs, key=lambda ref: (ref.text is None, sort_key(ref.text or ""), ref.id)))


def listed(text: str) -> list[str]:
    """The parts of `a; "b; c"; d`. Raises FieldError."""
    try:
        rows = list(csv.reader([text], delimiter=";", skipinitialspace=True))
    except csv.Error:
        raise FieldError(m("A list with semicolons between its values is expected here.")) from None
    return [part.strip() for row in rows for part in row if part.strip()]


def joined(parts: Iterable[str]) -> str:
    """A list as one text, such that `listed` reads it back."""
    return BETWEEN.join('"' + part.replace('"', '""') + '"' if ";" in part or '"' in part else part for part in parts)


def many_to_many(target: str, label: Label, *, reverse: tuple[str, Label] | None = None, **facets: Unpack[Facets]) -> ManyToManyField:
    """References to many records of `target`; `reverse` names the relation seen from there. It is no column: the class that
    declares it gets a table of links."""
    return ManyToManyField(label=label, target=target, reverse=reverse, **facets)
