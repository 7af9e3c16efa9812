"""One row as a draft: cells converted, nothing looked up yet, every cell that does not fit named with its reason."""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from crm.backoffice.exchange.convert import ABSENT, cell_text
from crm.backoffice.exchange.layout import Layout, Slot
from crm.backoffice.exchange.table import Row
from crm.backoffice.fields.base import FieldError
from crm.messages import Message, m

if TYPE_CHECKING:
    from crm.backoffice.exchange.decisions import Decision


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be taken: its number, the column it is about ("" for the row itself) and the sentence."""

    row: int
    column: str
    value: str
    message: Message


@dataclass
class RowDraft:
    """What a row asks for. Values may be Wanted, WantedStep or WantedOption until they are resolved."""

    number: int
    own: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)  # name → "child" or "behind" → key → value
    days: dict[str, dict[str, date]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # what stood in the cell, by target name
    record_id: int | None = None  # given by the file itself
    problems: list[Problem] = field(default_factory=list)
    blank: bool = False
    decision: "Decision | None" = None

    @property
    def left(self) -> bool:
        """Whether it was decided that the row is not written, for good or until somebody has looked at it."""
        return self.decision is not None and self.decision.action in ("skip", "review")

    def refuse(self, column: str, message: Message, value: str = "") -> None:
        self.problems.append(Problem(self.number, column, value[:200], message))


def draft(row: Row, layout: Layout) -> RowDraft:
    """The draft of a row. An empty cell of a field that every record has says nothing of it."""
    made = RowDraft(row.number, blank=row.blank)
    if row.problem is not None:
        made.refuse("", row.problem)
        return made
    if made.blank:
        return made
    for slot in layout.own:
        value = _value(made, row, slot, layout)
        if value is not ABSENT and not (value is None and (slot.spec.required or slot.key == "currency")):
            made.own[slot.key] = value
    for group in layout.groups:
        parts = {
            place: {s.key: v for s in slots if (v := _value(made, row, s, layout)) is not ABSENT}
            for place, slots in (("child", group.child), ("behind", group.behind))
        }
        if any(v is not None for part in parts.values() for v in part.values()):
            for slot in group.match:
                if parts["behind" if group.related.behind else "child"].get(slot.key) is None:
                    made.refuse(slot.column, m("The cell is empty, but others of “%(name)s” are filled.", name=group.related.name))
            made.groups[group.related.name] = parts
    for days in layout.days:
        given = {argument: _value(made, row, slot, layout) for argument, slot in days.slots}
        made.days[days.extra.name] = {argument: day for argument, day in given.items() if isinstance(day, date)}
    if layout.id_index is not None and layout.match == ("id",):
        made.record_id = _number(made, row, layout.id_index)
    return made


def _value(made: RowDraft, row: Row, slot: Slot, layout: Layout) -> Any:
    cell = row.cells[slot.index]
    made.texts[slot.name] = cell_text(cell)
    try:
        return slot.convert(cell, layout.forms.get(slot.index))
    except FieldError as error:
        made.refuse(slot.column, error.message, cell_text(cell))
        return ABSENT


def _number(made: RowDraft, row: Row, index: int) -> int | None:
    text = cell_text(row.cells[index])
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    made.refuse("id", m("“%(value)s” is no number of a record.", value=text[:60]), text)
    return None


def match_key(values: Map[str, Any], match: tuple[str, ...]) -> tuple[Any, ...]:
    """What a row or a record is matched by."""
    return tuple(values.get(key) for key in match)
