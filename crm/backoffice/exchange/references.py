"""Names in the file → numbers of records, looked up in bulk and remembered for the length of an import."""

from collections.abc import Iterable, Mapping as Map
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from crm.backoffice.catalog import Catalog
from crm.backoffice.exchange.convert import Wanted
from crm.backoffice.fields.base import FieldError
from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.messages import Message, m

PART = 400


@dataclass(frozen=True)
class ToMake:
    """A record that does not exist and will be made, since the mapping says so."""

    wanted: Wanted


@dataclass(frozen=True)
class Later:
    """A record that the file holds in another row and that is not written yet."""

    wanted: Wanted


Found = int | None


@dataclass
class References:
    """Everything this import has looked up so far. `held` are the names that the file's own rows bring."""

    catalog: Catalog
    own: str  # the entity of the rows themselves: its records appear while the import goes on, so misses are not remembered
    held: Map[str, Map[str, tuple[int, ...]]] = field(default_factory=dict)
    known: dict[tuple[str, str], dict[str, tuple[int, ...]]] = field(default_factory=dict)
    refused: dict[Wanted, Message] = field(default_factory=dict)  # records that could not be made, and why

    def load(self, session: DataSession, wanted: Iterable[Wanted]) -> None:
        """Look up what is not known yet. Raises UnknownName when the session may not look there."""
        asked: dict[tuple[str, str], set[str]] = {}
        for one in wanted:
            place = (one.entity, one.by)
            if one.text not in self.known.get(place, {}):
                asked.setdefault(place, set()).add(one.text)
        for place, texts in asked.items():
            self._look(session, place, sorted(texts))

    def _look(self, session: DataSession, place: tuple[str, str], texts: list[str]) -> None:
        entity, by = place
        spec = self.catalog.entity(entity).fields[by]
        values: dict[str, Any] = {}
        for text in texts:
            try:
                values[text] = spec.clean(spec.read(text, session.reader))
            except FieldError:
                values[text] = None  # no record can hold it
        found: dict[Any, list[int]] = {}
        operands = sorted({v for v in values.values() if v is not None}, key=str)
        for part in in_parts(operands, PART):
            source = session.table(entity)
            query = select(source.id, source[by]).where(source.visible, source[by].in_(part))
            for record_id, value in session.execute(query):
                found.setdefault(value, []).append(record_id)
        known = self.known.setdefault(place, {})
        for text, value in values.items():
            ids = tuple(found.get(value, ())) if value is not None else ()
            if ids or entity != self.own:
                known[text] = ids

    def resolve(self, wanted: Wanted) -> int | ToMake | Later | None:
        """The record that is meant: its number, None (left empty), or that it will be made or written later. Raises FieldError."""
        ids = self.known.get((wanted.entity, wanted.by), {}).get(wanted.text, ())
        label = self.catalog.entity(wanted.entity).label
        if len(ids) == 1:
            return ids[0]
        if len(ids) > 1:
            raise FieldError(m("%(entity)s “%(value)s”: several records fit.", entity=label, value=wanted.text[:60]))
        rows = self.held.get(wanted.by, {}).get(wanted.text, ()) if wanted.entity == self.own else ()
        if len(rows) == 1:
            return Later(wanted)
        if rows:
            raise FieldError(m("%(entity)s “%(value)s”: several rows of the file fit.", entity=label, value=wanted.text[:60]))
        if wanted.missing == "create":
            if wanted in self.refused:
                raise FieldError(self.refused[wanted])
            return ToMake(wanted)
        if wanted.missing == "empty":
            return None
        raise FieldError(m("%(entity)s “%(value)s” is not known.", entity=label, value=wanted.text[:60]))

    def made(self, wanted: Wanted, record_id: int) -> None:
        """Remember a record that was just made."""
        self.known.setdefault((wanted.entity, wanted.by), {})[wanted.text] = (record_id,)

    def forget(self, wanted: Iterable[Wanted]) -> None:
        """What was made is gone again: its transaction did not commit."""
        for one in wanted:
            self.known.get((one.entity, one.by), {}).pop(one.text, None)


def values_of(catalog: Catalog, wanted: Wanted) -> dict[str, Any]:
    """The record that `missing: create` makes of a name: the field it goes by, and the name when it has no other."""
    title = catalog.entity(wanted.entity).declared.title
    return {title: wanted.text, wanted.by: wanted.text}
