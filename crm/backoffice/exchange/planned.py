"""What a row of a file would do, and what lasts from chunk to chunk while that is found out."""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.convert import Wanted
from crm.backoffice.exchange.layout import Layout
from crm.backoffice.exchange.references import References
from crm.backoffice.exchange.rows import RowDraft
from crm.backoffice.exchange.survey import Survey


@dataclass(frozen=True)
class Change:
    """One field that a row changes on a record that exists: names and stored values."""

    name: str
    entity: str
    key: str
    old: Any
    new: Any


@dataclass
class ChildPlan:
    """A row of a list to be made (`id` None) or changed, and the record behind it."""

    group: str
    child: Entity
    parent: str
    id: int | None
    values: dict[str, Any]
    link: str | None = None  # the child's reference to the record behind
    behind: Entity | None = None
    behind_id: int | None = None
    behind_values: dict[str, Any] = field(default_factory=dict)


@dataclass
class RowPlan:
    """What one row does."""

    draft: RowDraft
    record_id: int | None = None
    fresh: bool = False  # its record was made by this very write
    code: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    later: dict[str, tuple[Wanted, ...]] = field(default_factory=dict)  # references to rows of the file that are not written yet
    children: list[ChildPlan] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def number(self) -> int:
        return self.draft.number

    @property
    def good(self) -> bool:
        return not self.draft.problems and not self.draft.blank and not self.draft.left

    @property
    def is_new(self) -> bool:
        return self.record_id is None

    @property
    def idle(self) -> bool:
        """Nothing would be written."""
        return not self.is_new and not self.values and not self.later and not self.children


@dataclass
class Context:
    """What lasts through an import: layout, what the file says of itself, what has been looked up."""

    catalog: Catalog
    layout: Layout
    survey: Survey
    references: References

    @cached_property
    def under(self) -> Map[str, str]:
        """Fields that name a row standing under another (a stage): field → the field that names the other (the pipeline)."""
        kind = self.layout.kind
        found = {key: parent_field(self.catalog, kind, spec.target) for key, spec in kind.fields.items()}
        return {key: above for key, above in found.items() if above is not None}

    @cached_property
    def columns(self) -> Map[str, str]:
        """Field → the column that fills it."""
        return {s.key: s.column for s in self.layout.own}


def parent_field(catalog: Catalog, kind: Entity, target: str | None) -> str | None:
    """For a reference to configured rows that stand under others (stages in a pipeline): the field of `kind` that holds the parent."""
    rows = catalog.configured.get(target or "")
    parents = {c.parent_id for c in rows.values()} - {None} if rows else set()
    if not parents:
        return None
    above = (f for f in kind.fields.values() if f.target is not None and f.target != target and f.target in catalog.configured)
    return next((f.key for f in above if f.target is not None and parents & set(catalog.configured[f.target])), None)
