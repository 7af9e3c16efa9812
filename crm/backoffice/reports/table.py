"""What a report answers: columns with units, rows, totals, and for every cell the records behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from crm.backoffice.filling import Unfinished
from crm.messages import Label, Message

Unit = Literal[
    "name", "option", "stage", "flag", "band", "month", "quarter", "year", "count", "number", "score", "decimal", "minutes", "rate", "days", "money",
]
ROW_UNITS = frozenset({"name", "option", "stage", "flag", "band", "month", "quarter", "year"})  # of columns that name the row
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One column of a report. `needs` are the fields its figures are computed from, as paths of the report's entity or, as "deal:amount", of another one:
    a reader to whom one of them is hidden does not get the column."""

    key: str
    label: Label
    unit: Unit
    help: Label | None = None
    needs: tuple[str, ...] = ()
    picklist: str = ""  # whose options an "option" names, by their keys
    words: tuple[tuple[str, Label], ...] = ()  # of an "option" of no picklist: what each key is called
    sample: tuple[str, ...] = ()  # the counts that a rate rests on together: a small sum is marked as a small sample

    @property
    def measure(self) -> bool:
        """Whether the column holds a figure; the others name the row."""
        return self.unit not in ROW_UNITS


@dataclass(frozen=True)
class Drill:
    """The records behind a cell: an entity and the condition for its list (`/<entity>/?where=`); where a cell compares, what the list is grouped by
    and the columns it shows, so that the sums that are compared stand beside each other; the search that the report was asked with."""

    entity: str
    where: Mapping[str, Any]
    group: str = ""
    columns: tuple[str, ...] = ()
    search: str = ""


@dataclass(frozen=True)
class Series:
    """One set of bars of a chart; `tone` is the meaning that gives the colour, the same everywhere."""

    column: str
    tone: Literal["won", "lost", "open", "whole"]


@dataclass(frozen=True)
class Chart:
    """How the table is drawn: bars of these columns, one group a row; figures that do not add up, as means, `beside` each other. A `kind` draws it as
    whoever asks for that kind has it: a line for each value of the second dimension."""

    title: Label
    series: tuple[Series, ...]
    note: str = ""  # a column written beside each bar
    beside: bool = False
    kind: Literal["", "line"] = ""


@dataclass(frozen=True)
class Table:
    """The answer of a report.

    Rows and totals hold by column key: int for counts and sums of minutes, float fractions of 1 for rates, float days, numbers and median minutes (none
    rounded), Decimal with four places for money in `currency`, Decimal as it is for "decimal", None where a figure is undefined. A dimension over
    a reference has `<key>_id` beside it.
    """

    columns: tuple[Column, ...]
    rows: list[dict[str, Any]]
    totals: dict[str, Any]
    currency: str
    drill: Callable[[Row | None, str], Drill | None]  # row (None: the totals) and column key
    notes: tuple[Message, ...] = ()
    unfinished: tuple[Unfinished, ...] = ()  # fields on which the figures rest and that are still being worked out; the notes say so
    chart: Chart | None = None

    @property
    def dimensions(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if not c.measure)

    @property
    def measures(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.measure)


def rate(part: int, whole: int) -> float | None:
    """`part` of `whole` as a fraction of 1, None of nothing."""
    return part / whole if whole else None


def ordered(rows: list[dict[str, Any]], order: tuple[tuple[str, bool], ...]) -> list[dict[str, Any]]:
    """`rows` sorted by column keys with whether descending, the first key weighing most; what is undefined stands last either way."""
    found = list(rows)
    for key, descending in reversed(order):
        known = [r for r in found if r[key] is not None]
        known.sort(key=lambda r: r[key], reverse=descending)
        found = known + [r for r in found if r[key] is None]
    return found
