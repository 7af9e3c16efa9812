"""A file against the records that an import made of it: are they all there, what differs, and do the sums agree?

Every row is planned anew against the records as they are now, with the eyes of whoever asks: what the plan would change is what differs.
"""

from collections.abc import Callable, Mapping as Map, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from crm.backoffice.exchange import existing
from crm.backoffice.exchange.decisions import Decision
from crm.backoffice.exchange.layout import Layout
from crm.backoffice.exchange.plan import plan, wanted
from crm.backoffice.exchange.planned import Context, RowPlan
from crm.backoffice.exchange.references import References
from crm.backoffice.exchange.rows import draft
from crm.backoffice.exchange.survey import Survey
from crm.backoffice.exchange.table import Table, parts
from crm.backoffice.guard import DataSession

PART = 800
SHOWN = 100  # rows that differ, told one by one

# (session, first and last number of a part) → the record that each row became
Became = Callable[[DataSession, int, int], Map[int, int]]


@dataclass
class Side:
    """What one side counts: rows, and their amounts."""

    rows: int = 0
    amount: Decimal = Decimal(0)


@dataclass
class Comparison:
    """What was found. `sums`: (field, number of the currency) → the file's sum, the sum here; `groups`: field → its value → there, here."""

    rows: int = 0
    found: int = 0
    absent: list[int] = field(default_factory=list)
    differing: list[dict[str, Any]] = field(default_factory=list)
    absent_count: int = 0
    differing_count: int = 0
    sums: dict[tuple[str, Any], list[Decimal]] = field(default_factory=dict)
    groups: dict[str, dict[Any, tuple[Side, Side]]] = field(default_factory=dict)
    records: set[int] = field(default_factory=set)


def compare(
    session: DataSession, table: Table, layout: Layout, survey: Survey, became: Became, by: Sequence[str], *, told: Set[int] = frozenset(),
) -> Comparison:
    """The file of `table` against what its rows became; `by` are fields to group by. Rows that became nothing are passed over: they were left in
    the file; and so are records `told` of by a later file. Raises UnknownName where this reader may not look."""
    kind = layout.kind
    context = Context(session.catalog, layout, survey, References(session.catalog, kind.key, survey.held))
    money = [s.key for s in layout.own if s.spec.type == "money"]
    groups = [key for key in by if any(s.key == key for s in layout.own)]
    filled = {s.key for s in layout.own}
    kept = [key for key in dict.fromkeys((*money, *groups, "currency")) if key in kind.fields and key in session.sight.filterable(kind.key)]
    found = Comparison()
    for part in parts(table.rows(), lambda: PART):
        records = {row: record for row, record in became(session, part[0].number, part[-1].number).items() if record not in told}
        found.records.update(records.values())
        drafts = [draft(row, layout) for row in part if row.number in records]
        for one in drafts:
            one.decision = Decision("update", records[one.number], firm=True)
        context.references.load(session, list(dict.fromkeys(wanted(drafts))))
        plans = plan(session, drafts, context)
        stored = existing.by_ids(session, kind.key, records.values(), kept)
        for planned in plans:
            _take(found, planned, stored.get(records[planned.number]), money, groups, filled)
    return found


def together(several: Sequence[Comparison]) -> Comparison:
    """The figures of several files of one entity added up. What differs is told file by file."""
    whole = Comparison()
    for one in several:
        whole.rows += one.rows
        whole.found += one.found
        whole.absent_count += one.absent_count
        whole.differing_count += one.differing_count
        for of, (there, here) in one.sums.items():
            sums = whole.sums.setdefault(of, [Decimal(0), Decimal(0)])
            sums[0] += there
            sums[1] += here
        for key, values in one.groups.items():
            for value, pair in values.items():
                added = whole.groups.setdefault(key, {}).setdefault(value, (Side(), Side()))
                for side, more in zip(added, pair, strict=True):
                    side.rows += more.rows
                    side.amount += more.amount
    return whole


def _take(found: Comparison, one: RowPlan, stored: existing.Stored | None, money: Sequence[str], groups: Sequence[str], filled: set[str]) -> None:
    found.rows += 1
    changes = {change.key: change.new for change in one.changes if change.name == change.key}
    if stored is None or one.draft.problems:
        found.absent_count += 1
        if len(found.absent) < SHOWN:
            found.absent.append(one.number)
        return
    found.found += 1
    if changes:
        found.differing_count += 1
        if len(found.differing) < SHOWN:
            found.differing.append({"row": one.number, "record": stored.id, "fields": sorted(changes)})
    there = {**stored.values, **changes}
    for key in money:
        for side, values in enumerate((there, stored.values)):
            amount = values.get(key)
            if amount is not None:
                found.sums.setdefault((key, values.get("currency")), [Decimal(0), Decimal(0)])[side] += amount
    for key in groups:
        for side, values in enumerate((there, stored.values)):
            pair = found.groups.setdefault(key, {}).setdefault(values.get(key), (Side(), Side()))
            pair[side].rows += 1
            pair[side].amount += (values.get(money[0]) or Decimal(0)) if money else Decimal(0)
