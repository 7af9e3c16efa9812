"""Writing planned rows through the one door, a chunk in one transaction."""

from collections.abc import Mapping as Map, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.backoffice import records
from crm.backoffice.exchange.convert import Wanted
from crm.backoffice.exchange.planned import ChildPlan, Context, RowPlan
from crm.backoffice.exchange.references import ToMake, values_of
from crm.backoffice.guard import DataSession


@dataclass
class Written:
    """What a chunk did: rows by outcome, records made besides by entity."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    related: dict[str, int] = field(default_factory=dict)

    def made(self, entity: str, count: int) -> None:
        if count:
            self.related[entity] = self.related.get(entity, 0) + count


def make_missing(session: DataSession, wanted: Sequence[Wanted], context: Context, written: Written) -> list[Wanted]:
    """Make the records of `missing: create` that nobody has and the file does not bring. Those made."""
    fresh: dict[str, list[Wanted]] = {}
    for one in dict.fromkeys(wanted):
        if one.missing == "create" and isinstance(context.references.resolve(one), ToMake):
            fresh.setdefault(one.entity, []).append(one)
    for entity, several in fresh.items():
        ids = records.create_many(session, entity, [values_of(context.catalog, w) for w in several])
        for one, record_id in zip(several, ids, strict=True):
            context.references.made(one, record_id)
        written.made(entity, len(ids))
    return [one for several in fresh.values() for one in several]


def write(session: DataSession, plans: Sequence[RowPlan], context: Context, written: Written) -> None:
    """Write good plans. Raises what the door raises; the caller rolls back."""
    kind = context.layout.kind.key
    new = [p for p in plans if p.is_new]
    for one, record_id in zip(new, records.create_many(session, kind, [p.values for p in new]), strict=True):
        one.record_id, one.fresh = record_id, True
    written.created += len(new)
    fresh = {id(p) for p in new}
    old = [p for p in plans if id(p) not in fresh]
    saved = records.change_many(session, kind, {p.record_id: p.values for p in old if p.record_id is not None and p.values})
    moved = {s.id for s in saved if s.changed}
    touched = {p.record_id for p in old if p.later} | moved
    groups: dict[str, list[tuple[RowPlan, ChildPlan]]] = {}
    for one in plans:
        for child in one.children:
            groups.setdefault(child.group, []).append((one, child))
    for pairs in groups.values():
        touched |= _write_children(session, pairs, written)
    written.updated += sum(1 for p in old if p.record_id in touched)
    written.unchanged += sum(1 for p in old if p.record_id not in touched)


def _write_children(session: DataSession, pairs: Sequence[tuple[RowPlan, ChildPlan]], written: Written) -> set[int]:
    """Rows of one list and the records behind them; the parents that really changed."""
    kind, behind = pairs[0][1].child, pairs[0][1].behind
    touched: set[int] = set()
    made = [(p, c) for p, c in pairs if c.id is None]
    if behind is not None:
        people = [(p, c) for p, c in made if c.behind_id is None]
        for (_, child), record_id in zip(people, records.create_many(session, behind.key, [c.behind_values for _, c in people]), strict=True):
            child.behind_id = record_id
        written.made(behind.key, len(people))
        changes = {c.behind_id: (p, c.behind_values) for p, c in pairs if c.id is not None and c.behind_id is not None and c.behind_values}
        touched |= _change(session, behind.key, changes)
    rows: list[dict[str, Any]] = []
    for one, child in made:
        link = {child.link: child.behind_id} if child.link else {}
        given = {k: v for k, v in child.values.items() if v is not None or not kind.fields[k].required}
        rows.append({**given, **link, child.parent: one.record_id})
        touched.add(one.record_id or 0)
    records.create_many(session, kind.key, rows)
    written.made(kind.key, len(rows))
    return touched | _change(session, kind.key, {c.id: (p, c.values) for p, c in pairs if c.id is not None and c.values})


def _change(session: DataSession, entity: str, changes: Map[int, tuple[RowPlan, dict[str, Any]]]) -> set[int]:
    saved = records.change_many(session, entity, {i: values for i, (_, values) in changes.items()})
    return {changes[s.id][0].record_id or 0 for s in saved if s.changed}
