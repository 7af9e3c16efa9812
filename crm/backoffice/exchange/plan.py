"""A chunk of rows against the records that exist: what each row would make, change or leave, and why some cannot be taken.

The same plan serves the check before the first write, the dry run, and the writing itself.
"""

from collections.abc import Iterator, Mapping as Map, Sequence
from typing import Any

from crm.backoffice.entities import Entity
from crm.backoffice.exchange import existing
from crm.backoffice.exchange.convert import Wanted, WantedOption, WantedStep, each, step
from crm.backoffice.exchange.existing import Stored
from crm.backoffice.exchange.layout import Days, Group, Layout
from crm.backoffice.exchange.planned import Change, ChildPlan, Context, RowPlan, parent_field
from crm.backoffice.exchange.references import Later, References, ToMake
from crm.backoffice.exchange.related import Entry
from crm.backoffice.exchange.rows import RowDraft, match_key
from crm.backoffice.fields.base import FieldError
from crm.backoffice.fields.many_to_many import in_order
from crm.backoffice.guard import DataSession
from crm.messages import m


def plan(session: DataSession, drafts: Sequence[RowDraft], context: Context) -> list[RowPlan]:
    """Plans of `drafts`, in order; references must be loaded (`wanted`). Raises UnknownName where the session may not look."""
    plans = [RowPlan(d) for d in drafts]
    good = [p for p in plans if p.good]
    for one in good:
        _same_key(one, context)
        _resolve(one, context)
    good = [p for p in good if p.good]
    _match(session, good, context)
    for one in good:
        if one.good and one.is_new and one.draft.decision is not None and one.draft.decision.action == "update":
            one.draft.refuse("", m("The row was to change a record, and there is none with its key."))
    good = [p for p in good if p.good]
    stored = _stored(session, good, context)
    lists = _lists(session, good, context.layout)
    above = _standing_of_parents(session, good, stored, context)
    for one in good:
        record = stored.get(one.record_id) if one.record_id is not None else None
        _own(one, record, context, above.get(one.number))
        for group in context.layout.groups:
            if one.good and group.related.name in one.draft.groups:
                _group(one, group, lists)
        for days in context.layout.days:
            if one.good and one.draft.days.get(days.extra.name):
                _days(one, days, record, lists, context)
    return plans


def wanted(drafts: Sequence[RowDraft]) -> Iterator[Wanted]:
    """Every record that the drafts name."""
    for one in drafts:
        parts = [one.own, *(part for group in one.groups.values() for part in group.values())]
        yield from (v for part in parts for value in part.values() for v in each(value) if isinstance(v, Wanted))


def wanted_options(drafts: Sequence[RowDraft]) -> Iterator[WantedOption]:
    """Every option that the drafts ask to be made."""
    for one in drafts:
        parts = [one.own, *(part for group in one.groups.values() for part in group.values())]
        yield from (v for part in parts for value in part.values() for v in each(value) if isinstance(v, WantedOption))


def _same_key(one: RowPlan, context: Context) -> None:
    """Two rows with one key: nobody can say which of them is right, so neither is taken."""
    layout = context.layout
    names = {s.key: s.name for s in layout.own}
    key = tuple(one.draft.texts.get(names[k], "") for k in layout.match if k in names)
    if layout.match == ("id",):
        key = (str(one.draft.record_id),) if one.draft.record_id is not None else ()
    rows = context.survey.twice.get(key) if key else None
    if rows:
        numbers = ", ".join(map(str, rows))
        one.draft.refuse(", ".join(layout.match), m("Several rows have the key “%(key)s”: %(rows)s.", key=" · ".join(key)[:120], rows=numbers))


def _resolve(one: RowPlan, context: Context) -> None:
    """Names of records become numbers; what comes later in the file or is still to be made stays as it is."""
    columns = context.columns
    _resolve_in(one, one.draft.own, columns, context.references)
    for group in context.layout.groups:
        parts = one.draft.groups.get(group.related.name, {})
        for place, slots in (("child", group.child), ("behind", group.behind)):
            _resolve_in(one, parts.get(place, {}), {s.key: s.column for s in slots}, context.references)


def _resolve_in(one: RowPlan, values: dict[str, Any], columns: Map[str, str], references: References) -> None:
    for key, value in values.items():
        parts: list[Any] = []
        for part in each(value):
            try:
                parts.append(references.resolve(part) if isinstance(part, Wanted) else part)
            except FieldError as error:
                one.draft.refuse(columns.get(key, key), error.message, part.text)
        if value.__class__ is tuple:
            values[key] = tuple(p for p in parts if p is not None) or None
        elif parts:
            values[key] = parts[0]


def _match(session: DataSession, plans: Sequence[RowPlan], context: Context) -> None:
    layout = context.layout
    plans = _decided(session, plans, layout)
    if not layout.match:
        return
    if layout.match == ("id",):
        ids = [p.draft.record_id for p in plans if p.draft.record_id is not None]
        known = existing.by_ids(session, layout.kind.key, ids, ())
        for one in plans:
            if one.draft.record_id is not None and one.draft.record_id not in known:
                one.draft.refuse("id", m("There is no such record."), str(one.draft.record_id))
            one.record_id = one.draft.record_id
        return
    keys: dict[int, tuple[Any, ...]] = {}
    for one in plans:
        key = match_key({**context.layout.defaults, **one.draft.own}, layout.match)
        try:
            key = tuple(step(context.catalog, v, None) if isinstance(v, WantedStep) else v for v in key)
        except FieldError as error:
            one.draft.refuse(", ".join(layout.match), error.message)
            continue
        if all(v is None for v in key):
            if layout.match_named:
                one.draft.refuse(", ".join(layout.match), m("The cells that match rows to records are empty."))
        elif not any(isinstance(v, ToMake | Later | WantedOption) for v in key):
            keys[one.number] = key
    found = existing.by_keys(session, layout.kind.key, layout.match, keys.values(), ())
    for one in plans:
        fitting = found.get(keys[one.number], []) if one.number in keys else []
        if one.draft.decision is not None and one.draft.decision.action == "create":
            if fitting:
                one.draft.refuse(", ".join(layout.match), m("A record with this key has appeared since the trial."))
        elif len(fitting) == 1:
            one.record_id = fitting[0].id
        elif fitting:
            one.draft.refuse(", ".join(layout.match), m("Several records have this key: %(count)s.", count=len(fitting)))


def _decided(session: DataSession, plans: Sequence[RowPlan], layout: Layout) -> list[RowPlan]:
    """Give rows the records that were decided on; the rows that still look for theirs."""
    chosen = {p.number: d.record for p in plans if (d := p.draft.decision) is not None and d.action == "update" and d.record is not None}
    known = existing.by_ids(session, layout.kind.key, chosen.values(), ())
    rest: list[RowPlan] = []
    for one in plans:
        decision = one.draft.decision
        if one.number in chosen:
            one.record_id = chosen[one.number]
            if one.record_id not in known:
                one.draft.refuse("", m("There is no such record."))
        elif decision is None or not decision.firm or decision.action != "create":
            rest.append(one)
    return rest


def _stored(session: DataSession, plans: Sequence[RowPlan], context: Context) -> dict[int, Stored]:
    """The records that rows change, with what is compared and what stages and days depend on."""
    layout = context.layout
    keys = {s.key for s in layout.own} | {k for d in layout.days for k in d.extra.needs}
    keys |= {context.under[s.key] for s in layout.own if s.key in context.under}
    if layout.kind.is_record:
        keys.add("code")
    return existing.by_ids(session, layout.kind.key, [p.record_id for p in plans if p.record_id is not None], sorted(keys & set(layout.kind.fields)))


def _lists(session: DataSession, plans: Sequence[RowPlan], layout: Layout) -> dict[str, tuple[dict[int, list[Stored]], dict[int, Stored]]]:
    """The lists of the records that rows change: name → (parent → rows, record behind by number)."""
    parents = [p.record_id for p in plans if p.record_id is not None]
    found: dict[str, tuple[dict[int, list[Stored]], dict[int, Stored]]] = {}
    for group in layout.groups:
        related = group.related
        keys = [*(s.key for s in group.child), *([related.behind] if related.behind else [])]
        rows = existing.of_parents(session, related.child.key, related.parent, parents, keys)
        behind: dict[int, Stored] = {}
        if related.behind and related.target:
            ids = {r.values[related.behind] for several in rows.values() for r in several if r.values[related.behind] is not None}
            behind = existing.by_ids(session, related.target.key, ids, [s.key for s in group.behind])
        found[related.name] = (rows, behind)
    for days in layout.days:
        child = session.catalog.entity(days.extra.child)
        shown = set(session.sight.filterable(child.key))
        keys = [f.key for f in child.editable() if f.key in shown and f.key != child.parent]
        found[days.extra.name] = (existing.of_parents(session, child.key, child.parent or "", parents, keys), {})
    return found


def _standing_of_parents(session: DataSession, plans: Sequence[RowPlan], stored: Map[int, Stored], context: Context) -> dict[int, int]:
    """For child rows that name stages: row number → the pipeline of the deal they belong to, which says whose stages are meant."""
    kind = context.layout.kind
    steps = {s.spec.target for s in context.layout.own if s.spec.target in context.catalog.configured}
    if kind.parent is None or not steps:
        return {}
    parent = context.catalog.entity(kind.fields[kind.parent].target or "")
    key = next((found for target in steps if (found := parent_field(context.catalog, parent, target)) is not None), None)
    if key is None or key not in session.sight.filterable(parent.key):
        return {}
    parents: dict[int, int] = {}
    for one in plans:
        record = stored.get(one.record_id or 0)
        value = one.draft.own.get(kind.parent, record.values.get(kind.parent) if record is not None else None)
        if isinstance(value, int):
            parents[one.number] = value
    known = existing.by_ids(session, parent.key, parents.values(), (key,))
    return {number: known[i].values[key] for number, i in parents.items() if i in known and known[i].values[key] is not None}


def _own(one: RowPlan, record: Stored | None, context: Context, above: int | None) -> None:
    """The record's own values: all for a new one, with defaults; what differs for one that exists."""
    layout = context.layout
    values = dict(one.draft.own)
    if one.is_new:
        values = {**values, **{k: v for k, v in layout.defaults.items() if values.get(k) is None}}
    before: Map[str, Any] = record.values if record is not None else layout.defaults
    columns = context.columns
    # A pipeline first: it says whose stages are meant.
    for key in sorted(values, key=context.under.__contains__):
        value = values[key]
        if value.__class__ is tuple and layout.kind.fields[key].several:
            _settle_set(one, key, values, context, columns)
        elif isinstance(value, WantedStep):
            parent = context.under.get(key)
            standing = values.get(parent, before.get(parent)) if parent else above
            try:
                values[key] = step(context.catalog, value, standing if isinstance(standing, int) else None)
            except FieldError as error:
                one.draft.refuse(columns.get(key, key), error.message, value.text)
    for key, value in list(values.items()):
        waiting = tuple(part.wanted for part in each(value) if isinstance(part, Later))
        if waiting:
            one.later[key] = waiting
            rest = tuple(part for part in each(value) if not isinstance(part, Later))
            if rest:
                values[key] = rest
            else:
                del values[key]
    one.code = record.values.get("code") if record is not None else values.get("code")
    if record is None:
        one.values = values
        return
    for key, value in values.items():
        if value != record.values.get(key):
            one.values[key] = value
            one.changes.append(Change(key, layout.kind.key, key, record.values.get(key), value))


def _settle_set(one: RowPlan, key: str, values: dict[str, Any], context: Context, columns: Map[str, str]) -> None:
    """A set in its canonical form, as far as its records are known; configured rows are found by their names."""
    parts: list[Any] = []
    for part in values[key]:
        try:
            parts.append(step(context.catalog, part, None) if isinstance(part, WantedStep) else part)
        except FieldError as error:
            one.draft.refuse(columns.get(key, key), error.message, part.text)
    known = [part for part in parts if part is not None]
    values[key] = (in_order(known) if all(isinstance(part, int) for part in known) else tuple(known)) or None


def _group(one: RowPlan, group: Group, lists: Map[str, tuple[dict[int, list[Stored]], dict[int, Stored]]]) -> None:
    related = group.related
    parts = one.draft.groups[related.name]
    child, behind = dict(parts["child"]), dict(parts["behind"])
    rows, known = lists[related.name]
    mine = rows.get(one.record_id, []) if one.record_id is not None else []
    wanted_values = behind if related.behind else child

    def holds(row: Stored) -> Map[str, Any]:
        if related.behind is None:
            return row.values
        linked = known.get(row.values[related.behind])
        return linked.values if linked is not None else {}

    fitting = [row for row in mine if all(holds(row).get(s.key) == wanted_values.get(s.key) for s in group.match)]
    if len(fitting) > 1:
        one.draft.refuse(group.match[0].column, m("Several rows of “%(name)s” fit.", name=related.name))
        return
    if not fitting:
        one.children.append(ChildPlan(related.name, related.child, related.parent, None, child, related.behind, related.target, None, behind))
        return
    row = fitting[0]
    differing = _differing(one, related.name, related.child, child, row.values)
    linked = known.get(row.values[related.behind]) if related.behind else None
    beyond = _differing(one, related.name, related.target, behind, linked.values) if linked is not None and related.target is not None else {}
    if differing or beyond:
        one.children.append(
            ChildPlan(related.name, related.child, related.parent, row.id, differing, related.behind, related.target, linked.id if linked else None, beyond))


def _days(one: RowPlan, days: Days, record: Stored | None, lists: Map[str, tuple[dict[int, list[Stored]], dict[int, Stored]]], context: Context) -> None:
    extra = days.extra
    standing = {**(record.values if record is not None else context.layout.defaults), **one.values}
    try:
        entries: list[Entry] = extra.make(context.catalog, standing, one.draft.days[extra.name])
    except FieldError as error:
        one.draft.refuse(days.slots[0][1].column, error.message)
        return
    child = context.catalog.entity(extra.child)
    mine = lists[extra.name][0].get(one.record_id, []) if one.record_id is not None else []
    for entry in entries:
        fitting = [row for row in mine if all(row.values.get(k) == v for k, v in entry.match.items())]
        exact = [row for row in fitting if all(row.values.get(k) == v for k, v in entry.values.items())]
        if exact:
            continue
        if len(fitting) > 1:
            one.draft.refuse(days.slots[0][1].column, m("Several rows of “%(name)s” fit.", name=extra.name))
        elif fitting:
            differing = _differing(one, extra.name, child, entry.values, fitting[0].values)
            one.children.append(ChildPlan(extra.name, child, child.parent or "", fitting[0].id, differing))
        else:
            one.children.append(ChildPlan(extra.name, child, child.parent or "", None, {**entry.match, **entry.values, **entry.new}))


def _differing(one: RowPlan, name: str, kind: Entity, values: Map[str, Any], stored: Map[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        if value is None and kind.fields[key].required:
            continue
        if value != stored.get(key):
            found[key] = value
            one.changes.append(Change(f"{name}.{key}", kind.key, key, stored.get(key), value))
    return found
