"""What the one door would refuse, asked before the first row is written."""

from collections.abc import Callable, Collection, Mapping as Map, Sequence
from typing import Any

from crm.backoffice import records
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.convert import Wanted, WantedOption, each
from crm.backoffice.exchange.planned import ChildPlan, Context, RowPlan
from crm.backoffice.exchange.references import ToMake, values_of
from crm.backoffice.guard import DataSession
from crm.backoffice.saving import rights
from crm.errors import BramaError
from crm.messages import Message, m

Refusals = Map[int, Map[str, Message]]
OPEN = (ToMake, WantedOption)  # not there yet: what depends on it is judged when it is


def check_makable(session: DataSession, wanted: Sequence[Wanted], context: Context) -> None:
    """Note which records of `missing: create` could not be made, so that the rows that want them fail."""
    by_entity: dict[str, list[Wanted]] = {}
    for one in dict.fromkeys(wanted):
        by_entity.setdefault(one.entity, []).append(one)
    for entity, several in by_entity.items():
        kind = context.catalog.entity(entity)
        rows = [values_of(context.catalog, w) for w in several]
        if not session.sight.may(entity, "create"):
            refused: Refusals = {n: {"": m("You may not create records of “%(entity)s”.", entity=kind.label)} for n in range(len(rows))}
        else:
            refused = _asked(lambda part, e=entity: records.check_new(session, e, part), rows)  # type: ignore[misc]  # a default argument binds the loop's value
        for position, why in refused.items():
            reason = next(iter(why.values()))
            one = several[position]
            context.references.refused[one] = m("%(entity)s “%(value)s” cannot be made: %(why)s", entity=kind.label, value=one.text[:60], why=reason)


def check(session: DataSession, plans: Sequence[RowPlan], context: Context) -> None:
    """Add to every plan the problems that writing it would meet."""
    kind = context.layout.kind
    columns = context.columns
    new = [p for p in plans if p.good and p.is_new]
    rows = [_known(p.values) for p in new]
    waiting = {id(row) for row, p in zip(rows, new, strict=True) if _waits_for_place(p, kind)}
    refused = _asked(lambda part: records.check_new(session, kind.key, part, below={n for n, row in enumerate(part) if id(row) in waiting}), rows)
    _note(new, refused, columns, [_open(p.values) | set(p.later) for p in new])
    changed = [p for p in plans if p.good and not p.is_new and (p.values or p.later)]
    known = {p.record_id: _known(p.values) for p in changed if p.record_id is not None}
    refused = _asked_changes(session, kind.key, known, {p.record_id for p in changed if p.record_id is not None and _waits_for_place(p, kind)})
    _note(changed, refused, columns, [_open(p.values) for p in changed])
    for part in _by_child(plans).values():
        _check_children(session, part, context)


def _waits_for_place(one: RowPlan, kind: Entity) -> bool:
    """Whether the row is to stand below another row of the file, which is not written yet."""
    return "parent" in rights.places(kind) & one.later.keys()


def _check_children(session: DataSession, part: Sequence[tuple[RowPlan, ChildPlan]], context: Context) -> None:
    columns = {s.name: s.column for s in context.layout.slots}
    child, behind = part[0][1].child.key, part[0][1].behind

    def nothing(_: ChildPlan) -> set[str | None]:
        return set()

    made = [(p, c) for p, c in part if c.id is None]
    refused = _asked(lambda rows: records.check_new(session, child, rows), [_given(c) for _, c in made])
    _note_children(made, refused, columns, lambda c: {c.parent, c.link})
    kept = {c.id: (p, c) for p, c in part if c.id is not None and c.values}
    refused = _asked_changes(session, child, {i: _known(c.values) for i, (_, c) in kept.items()})
    _note_children(list(kept.values()), refused, columns, nothing)
    if behind is None:
        return
    refused = _asked(lambda rows: records.check_new(session, behind.key, rows), [_known(c.behind_values) for _, c in made])
    _note_children(made, refused, columns, nothing)
    known = {c.behind_id: (p, c) for p, c in part if c.behind_id is not None and c.behind_values}
    refused = _asked_changes(session, behind.key, {i: _known(c.behind_values) for i, (_, c) in known.items()})
    _note_children(list(known.values()), refused, columns, nothing)


def _given(child: ChildPlan) -> dict[str, Any]:
    """A new row's values without its parent and the record behind it, which do not exist yet."""
    return {k: v for k, v in _known(child.values).items() if v is not None or not child.child.fields[k].required}


def _by_child(plans: Sequence[RowPlan]) -> dict[str, list[tuple[RowPlan, ChildPlan]]]:
    found: dict[str, list[tuple[RowPlan, ChildPlan]]] = {}
    for one in plans:
        if one.good:
            for child in one.children:
                found.setdefault(child.group, []).append((one, child))
    return found


def _known(values: Map[str, Any]) -> dict[str, Any]:
    """What a row gives already; of a set the records that are there."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        parts = tuple(part for part in each(value) if not isinstance(part, OPEN))
        if parts:
            found[key] = parts if value.__class__ is tuple else value
    return found


def _open(values: Map[str, Any]) -> set[str]:
    return {k for k, v in values.items() if any(isinstance(part, OPEN) for part in each(v))}


def _note(plans: Sequence[RowPlan], refused: Refusals, columns: Map[str, str], open_keys: Sequence[set[str]]) -> None:
    for position, why in refused.items():
        one = plans[position]
        for key, message in why.items():
            if key not in open_keys[position]:
                one.draft.refuse(columns.get(key, key), message, one.draft.texts.get(key, ""))


def _note_children(
    pairs: Sequence[tuple[RowPlan, ChildPlan]], refused: Refusals, columns: Map[str, str], unknown: Callable[[ChildPlan], set[str | None]]
) -> None:
    for position, why in refused.items():
        one, child = pairs[position]
        for key, message in why.items():
            if key not in unknown(child) and key not in _open(child.values) | _open(child.behind_values):
                name = f"{child.group}.{key}"
                one.draft.refuse(columns.get(name, name), message, one.draft.texts.get(name, ""))


def _asked(ask: Callable[[list[dict[str, Any]]], Refusals], rows: list[dict[str, Any]]) -> Refusals:
    """The door's refusals by position; when it refuses all of them at once, each is asked alone."""
    if not rows:
        return {}
    try:
        return ask(rows)
    except BramaError as error:
        if len(rows) == 1:
            return {0: {"": error.message}}
    found: dict[int, Map[str, Message]] = {}
    for position, row in enumerate(rows):
        for why in _asked(ask, [row]).values():
            found[position] = why
    return found


def _asked_changes(session: DataSession, entity: str, changes: Map[int, dict[str, Any]], moving: Collection[int] = ()) -> Refusals:
    if not changes:
        return {}
    try:
        return records.check_changes(session, entity, changes, moving=moving)
    except BramaError as error:
        if len(changes) == 1:
            return {0: {"": error.message}}
    found: dict[int, Map[str, Message]] = {}
    for position, (record_id, values) in enumerate(changes.items()):
        for why in _asked_changes(session, entity, {record_id: values}, moving).values():
            found[position] = why
    return found
