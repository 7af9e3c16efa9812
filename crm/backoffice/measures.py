"""What a list adds up: those of its columns that can be added up, and what open records are worth by their probability.

Both stand in the same statements, so that the foot of a list, the heads of groups and the columns of a board cannot differ.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession
from crm.backoffice.sight import READ, Source
from crm.backoffice.stage_rules import stage_field
from crm.backoffice.types import product

WEIGHTED = "~weighted"


class Measure(NamedTuple):
    """A sum of a list, by its key: of a field, or with `share` of the field times that share over the records that stand in the stages `of` (open)."""

    key: str
    spec: Field
    share: str = ""
    stage: str = ""
    of: tuple[int, ...] = ()

    @property
    def is_money(self) -> bool:
        return self.spec.type == "money"

    def column(self, source: Source) -> ColumnElement[Any]:
        """What is added up of each record."""
        if not self.share:
            return source[self.spec.key]
        worth = product(source[self.spec.key], source[self.share])
        return source.sight.seal(case((source[self.stage].in_(self.of), worth), else_=None))  # type: ignore[no-any-return]


def measures(session: DataSession, entity: str, columns: Sequence[str], usable: Sequence[str]) -> list[Measure]:
    """The sums of a list of these columns for a reader who may use the fields `usable`."""
    kind = session.catalog.entity(entity)
    summed = [kind.fields[key] for key in columns if key in usable and kind.fields[key].totals]
    found = [Measure(spec.key, spec) for spec in summed]
    return [*found, *(one for spec in summed if (one := _weighted(session, kind, spec, usable)) is not None)]


def measured(session: DataSession, entity: str, columns: Sequence[str], actions: frozenset[Any]) -> list[Measure]:
    """The same, for whoever reads in `session` what `actions` may be done with."""
    return measures(session, entity, columns, session.sight.filterable(entity, actions | READ))


def weighted(key: str) -> str:
    """The key of the weighted sum of a field."""
    return key + WEIGHTED


def _weighted(session: DataSession, kind: Entity, spec: Field, usable: Sequence[str]) -> Measure | None:
    """The weighted sum of a field; None of one that has none, or where its reader may not know the probability or the stage. A won or a lost record is
    no longer a matter of probability, so it is in no weighted sum."""
    amount, share = kind.declared.weighed
    stage = stage_field(session.catalog, kind) if spec.key == amount else None
    if stage is None or not {share, stage.key} <= set(usable):
        return None
    still = tuple(row.id for row in session.catalog.configured["stage"].values() if row.values.get("kind") == "open")
    return Measure(weighted(spec.key), spec, share, stage.key, still)
