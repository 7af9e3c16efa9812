"""What a dry run shows of a change: old and new as files hold them."""

from collections.abc import Sequence
from typing import Any

from crm.backoffice.exchange import existing
from crm.backoffice.exchange.convert import Wanted, WantedOption, each
from crm.backoffice.exchange.planned import Context, RowPlan
from crm.backoffice.exchange.references import Later, ToMake
from crm.backoffice.guard import DataSession


def changes(session: DataSession, plans: Sequence[RowPlan], context: Context) -> list[dict[str, Any]]:
    """`{"row", "code", "field", "old", "new"}` of every field that an existing record would change."""
    numbers: dict[str, set[int]] = {}
    for one in plans:
        for change in one.changes:
            target = context.catalog.entity(change.entity).fields[change.key].target
            if target is not None and target not in context.catalog.configured:
                numbers.setdefault(target, set()).update(v for side in (change.old, change.new) for v in each(side) if isinstance(v, int))
    codes: dict[str, dict[int, Any]] = {}
    for target, ids in numbers.items():
        named = "code" if "code" in session.sight.filterable(target) else None
        codes[target] = {i: s.values["code"] for i, s in existing.by_ids(session, target, ids, ("code",)).items()} if named else {}

    def text(entity: str, key: str, value: Any) -> Any:
        if value.__class__ is tuple:
            return [code for part in value if (code := text(entity, key, part)) is not None]
        if isinstance(value, ToMake | Later):
            return value.wanted.text
        if isinstance(value, Wanted):
            return value.text
        if isinstance(value, WantedOption):
            return value.key
        spec = context.catalog.entity(entity).fields[key]
        if spec.target in context.catalog.configured and value is not None:
            row = context.catalog.configured[str(spec.target)].get(value)
            return row.key if row is not None else None
        if spec.target is not None:
            return codes.get(spec.target, {}).get(value)
        if spec.multiple and value is not None:
            return spec.export((value,), session.reader)
        return spec.export(value, session.reader) if value is not None else None

    found: list[dict[str, Any]] = []
    for one in plans:
        if not one.good:
            continue
        for change in one.changes:
            found.append({
                "row": one.number, "code": one.code, "field": change.name,
                "old": text(change.entity, change.key, change.old), "new": text(change.entity, change.key, change.new),
            })
        waiting = ((key, w.text) for key, later in one.later.items() for w in later if not one.is_new)
        found += [{"row": one.number, "code": one.code, "field": key, "old": None, "new": text} for key, text in waiting]
    return found
