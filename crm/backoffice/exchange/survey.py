"""The first reading of a file: which form each column's dates keep, which rows share a key, which names the file itself holds.

Nothing is looked up and nothing judged; what it finds is small beside the file (a key a row) and the same on every reading,
so an import that was interrupted goes on as it began.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from crm.backoffice.exchange.convert import Wanted, cell_text, each, fits
from crm.backoffice.exchange.layout import Layout
from crm.backoffice.exchange.table import Row, Table
from crm.backoffice.fields.base import FieldError

Progress = Callable[[int], None]


@dataclass
class Survey:
    """What the file says of itself."""

    rows: int = 0
    # match keys that stand in several rows: key → their numbers, the first few
    twice: dict[tuple[str, ...], list[int]] = field(default_factory=dict)
    # for references to the same entity: field they go by → text → the rows that hold it (two are enough to know)
    held: dict[str, dict[str, tuple[int, ...]]] = field(default_factory=dict)
    self_references: bool = False


def survey(table: Table, layout: Layout, dates: tuple[str, ...], progress: Progress | None = None) -> tuple[Layout, Survey]:
    """The layout with the date form of every column, and what else the file says. Raises Unreadable."""
    found = Survey()
    alive: dict[int, list[str]] = {index: list(dates) for index in layout.dated} if dates else {}
    first: dict[int, str] = {}
    seen: dict[tuple[str, ...], int] = {}
    keyed = _key_indexes(layout)
    sought = _self_keys(layout)
    holders = {by: next((s for s in layout.own if s.key == by), None) for by in sought}
    found.held = {by: {} for by in sought}
    for row in table.rows():
        found.rows += 1
        if progress is not None and found.rows % 1000 == 0:
            progress(found.rows)
        if row.problem is not None or row.blank:
            continue
        for index, forms in alive.items():
            _narrow(row, index, forms, first)
        if keyed:
            key = tuple(cell_text(row.cells[index]) for index in keyed)
            if any(key):
                if key in seen:
                    numbers = found.twice.setdefault(key, [seen[key]])
                    if len(numbers) < 5:
                        numbers.append(row.number)
                else:
                    seen[key] = row.number
        for by, slot in holders.items():
            if slot is not None:
                try:
                    value = slot.convert(row.cells[slot.index], None)
                except FieldError:
                    continue
                if value is not None:
                    held = found.held[by]
                    held[str(value)] = (*held.get(str(value), ())[:1], row.number)
    found.self_references = bool(sought)
    forms_of = {index: (alive[index][0] if alive[index] else first.get(index, dates[0])) for index in alive}
    return replace(layout, forms={**layout.forms, **forms_of}), found


def _narrow(row: Row, index: int, forms: list[str], first: dict[int, str]) -> None:
    cell = row.cells[index]
    if not isinstance(cell, str) or not cell.strip() or not forms:
        return
    left = [form for form in forms if fits(cell, form)]
    if left:
        first.setdefault(index, left[0])
        forms[:] = left
    elif index in first:
        forms.clear()  # the column mixes forms: the first one stays, and rows of another fail
        forms.append(first[index])
    # a value of no form at all (NULL, "unknown") says nothing about the column


def _key_indexes(layout: Layout) -> list[int]:
    if layout.match == ("id",):
        return [layout.id_index] if layout.id_index is not None else []
    by_key = {s.key: s.index for s in layout.own}
    return [by_key[key] for key in layout.match if key in by_key]


def _self_keys(layout: Layout) -> set[str]:
    """What references to the entity's own records go by; a probe of the converter tells, whatever the column holds."""
    found: set[str] = set()
    for slot in layout.own:
        if slot.spec.target == layout.kind.key:
            found |= {probe.by for probe in each(slot.convert("\u2060probe", None)) if isinstance(probe, Wanted)}
    return found
