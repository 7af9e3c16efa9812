"""What this reader may do with one record: the actions, the fields that show on it and those that may be changed. One query."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Label, select

from crm.backoffice.access import Action
from crm.backoffice.conditions.tree import Not
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.saving.rights import places
from crm.errors import NotFound

ASKED: tuple[Action, ...] = ("update", "delete", "assign")


@dataclass(frozen=True)
class Standing:
    """Rights on one record. `shown` are fields that stand there unmasked, `masked` those of which the reader gets a mask; `absent` are those that
    by a rule do not belong to it now, `editable` holds none that by a rule is for reading only."""

    actions: frozenset[str]
    shown: frozenset[str]
    masked: frozenset[str]
    editable: frozenset[str]
    absent: frozenset[str] = frozenset()

    def sees(self, key: str) -> bool:
        return (key in self.shown or key in self.masked) and key not in self.absent


def standing(session: UserSession, entity: Entity, record_id: int) -> Standing:
    """Raises NotFound, alike for a record that does not exist, is deleted, or is not this reader's to know of."""
    source, sight = session.table(entity.key), session.sight
    readable, filterable = sight.readable(entity.key), sight.filterable(entity.key)
    editable = sight.editable(entity.key)
    masks = {k: mask for k in readable if (mask := source.masked(k)) is not None}
    columns: list[Label[Any]] = [source.id.label("id")]
    columns += [source.may(a).label(f"may_{a}") for a in ASKED]
    columns += [source.shows(k).label(f"shows_{k}") for k in filterable]
    columns += [source.may_edit(k, "update").label(f"edits_{k}") for k in editable]
    columns += [mask.is_not(None).label(f"masks_{k}") for k, mask in masks.items()]
    absent = {f.key: f.visible_if for f in entity.conditional if f.visible_if is not None and f.key in readable}
    locked = {f.key: f.read_only_if for f in entity.conditional if f.read_only_if is not None and f.key in editable}
    columns += [source.by_rule(Not(node)).label(f"absent_{k}") for k, node in absent.items()]
    columns += [source.by_rule(node).label(f"locked_{k}") for k, node in locked.items()]
    row = session.execute(select(*columns).where(source.visible, source.id == record_id)).mappings().first()
    if row is None:
        raise NotFound()
    shown = frozenset(k for k in filterable if row[f"shows_{k}"])
    # Whose a record is may be changed only by who may give it away.
    kept = frozenset() if row["may_assign"] else places(entity)
    return Standing(
        frozenset(a for a in ASKED if row[f"may_{a}"]),
        shown,
        frozenset(k for k in masks if row[f"masks_{k}"]) - shown,
        frozenset(k for k in editable if row[f"edits_{k}"] and not (k in locked and row[f"locked_{k}"])) & shown - kept if row["may_update"] else frozenset(),
        frozenset(k for k in absent if row[f"absent_{k}"]),
    )
