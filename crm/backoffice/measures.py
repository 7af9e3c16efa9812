"""What a list adds up: those of its columns that can be added up, what open records are worth by their probability, and what is won.

They stand in the same statements, so that the foot of a list, the heads of groups and the columns of a board cannot differ.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, case

from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession
from crm.backoffice.sight import READ, Source
from crm.backoffice.stage_rules import stage_field
from crm.backoffice.types import product

if TYPE_CHECKING:
    from crm.backoffice.lists import ListQuery

WEIGHTED, WON = "~weighted", "~won"


class Measure(NamedTuple):
    """A sum of a list, by its key: of a field; with `stage` over the records alone that stand in the stages `of`; with `share` each times that share."""

    key: str
    spec: Field
    stage: str = ""
    of: tuple[int, ...] = ()
    share: str = ""

    @property
    def is_money(self) -> bool:
        return self.spec.type == "money"

    def column(self, source: Source) -> ColumnElement[Any]:
        """What is added up of each record."""
        worth = product(source[self.spec.key], source[self.share]) if self.share else source[self.spec.key]
        if not self.stage:
            return worth
        return source.sight.seal(case((source[self.stage].in_(self.of), worth), else_=None))  # type: ignore[no-any-return]


def measured(session: DataSession, query: "ListQuery") -> list[Measure]:
    """The sums of a list for whoever reads in `session`."""
    kind = session.catalog.entity(query.entity)
    usable = session.sight.filterable(query.entity, query.actions | READ)
    summed = [kind.fields[key] for key in query.columns if key in usable and kind.fields[key].totals]
    amount, share = kind.declared.weighed
    found = [Measure(spec.key, spec) for spec in summed]
    stage = stage_field(session.catalog, kind)
    if stage is None or stage.key not in usable:
        return found
    for spec in (spec for spec in summed if spec.key == amount):
        if share in usable:  # what is won or lost is no longer a matter of probability
            found.append(Measure(spec.key + WEIGHTED, spec, stage.key, tuple(session.catalog.stages("open")), share))
        if query.closed:
            found.append(Measure(spec.key + WON, spec, stage.key, tuple(session.catalog.stages("won"))))
    return found
