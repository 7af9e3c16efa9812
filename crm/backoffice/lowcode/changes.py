"""A difference that a configuration makes, as it is planned, printed and kept with its version."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One difference: what kind of thing, which entity and field or key, what happens, how many records it touches."""

    kind: str
    entity: str
    field: str | None
    effect: str
    records: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "entity": self.entity, "field": self.field, "effect": self.effect, "records": self.records}
