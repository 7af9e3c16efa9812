"""A difference that a configuration makes, as it is planned, printed and kept with its version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from crm.backoffice.lowcode.conversion_report import Report
from crm.backoffice.lowcode.uses import Use


@dataclass(frozen=True)
class Change:
    """One difference: what kind of thing, which entity and field or key, what happens, how many records it touches; of what stages ask for also how many
    of their moves."""

    kind: str
    entity: str
    field: str | None
    effect: str
    records: int = 0
    uses: tuple[Use, ...] = ()  # of a field or a saved condition: who names it
    report: Report | None = None  # of a field of another type, where it was asked for: what becomes of its values; never kept
    moves: int = 0

    @property
    def needed_by(self) -> Use | None:
        """Of something removed: what could not be asked any more without it. A saved condition stays as long as anything but views of people's own
        names it."""
        if self.effect != "remove":
            return None
        return next((use for use in self.uses if use.needs or (self.kind == "condition" and use.kind != "own_view")), None)

    @classmethod
    def recorded(cls, kept: Mapping[str, Any]) -> Self:
        """As a version keeps it. Versions made before 0.1.0 was out may say no more of the company's terms than that they changed."""
        told = (kept["kind"], kept.get("entity", kept["kind"]), kept.get("field"), kept.get("effect", "change"), kept.get("records", 0))
        return cls(*told, moves=kept.get("moves", 0))

    def as_dict(self) -> dict[str, Any]:
        told = {"kind": self.kind, "entity": self.entity, "field": self.field, "effect": self.effect, "records": self.records}
        told |= {"moves": self.moves} if self.moves else {}
        return told | ({"uses": [{"kind": use.kind, "name": use.name} for use in self.uses]} if self.uses else {})
