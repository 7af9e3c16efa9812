"""A report as a chart: what its script draws, and the same in a sentence for those who do not see it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from crm.admin_views.report_texts import DAYS, dimension_text, figure, stage_text
from crm.backoffice.fields.base import Reader
from crm.backoffice.periods import period
from crm.backoffice.reports import Column, Row, Table
from crm.messages import Label, m, render

BARS = 40  # names on the axis
SERIES = 8  # colours that are told apart
LONGEST_LINE = 120  # steps of time that a line goes through
KINDS: Mapping[str, Label] = {
    "bar": Label("Стовпці", "Bars"), "stacked": Label("Стовпці з частин", "Stacked bars"), "line": Label("Лінія", "Line"),
    "share": Label("Частки", "Shares"), "none": Label("Без діаграми", "No chart"),
}
Drawn = dict[str, Any]


def chart(table: Table, reader: Reader, kind: str = "") -> Drawn | None:
    """What the chart's script draws: as the report itself says, or of the `kind` asked for; None when there is nothing to draw. Parts and shares are
    drawn of figures that add up; others stand beside each other."""
    if kind == "none":
        return None
    kind = kind or (table.chart.kind if table.chart is not None else "")
    return _as_asked(table, reader, kind) if kind else _as_declared(table, reader)


def _as_declared(table: Table, reader: Reader) -> Drawn | None:
    spec = table.chart
    if spec is None or not table.rows or not any(row.get(s.column) for row in table.rows for s in spec.series):
        return None
    by_key = {c.key: c for c in table.columns}
    drawn = table.rows[:BARS]
    dimension = table.dimensions[0]
    return {
        "kind": "bar", "title": spec.title.text(reader.language), "upright": dimension.unit in DAYS, "beside": spec.beside,
        "names": [_name(table, row, reader) for row in drawn], "rates": all(by_key[s.column].unit == "rate" for s in spec.series if s.column in by_key),
        "marks": [_mark(row[dimension.key]) for row in drawn] if dimension.unit in DAYS and len(table.dimensions) == 1 else None,
        "series": [
            {"name": by_key[s.column].label.text(reader.language), "tone": s.tone, "values": [_number(row[s.column]) for row in drawn],
             "texts": [figure(row[s.column], by_key[s.column], table, reader) for row in drawn]}
            for s in spec.series if s.column in by_key
        ],
        "note": {
            "name": by_key[spec.note].label.text(reader.language), "texts": [figure(row[spec.note], by_key[spec.note], table, reader) for row in drawn],
        } if spec.note in by_key else None,
    }


def _as_asked(table: Table, reader: Reader, kind: str) -> Drawn | None:
    if not table.rows or not table.dimensions or not table.measures:
        return None
    first = table.measures[0]
    if kind in ("share", "stacked") and not (adds_up(first) and all((row[first.key] or 0) >= 0 for row in table.rows)):
        kind = "bar"
    if kind == "share":
        return _shares(table, first, reader)
    across, keys = table.dimensions[0], _keys(table, kind, reader)
    several = _split(table, keys, reader) if len(table.dimensions) > 1 else _measured(table, keys, reader)
    if not any(value for one in several for value in one["values"]):
        return None
    upright = kind == "line" or across.unit in DAYS
    by_key = {_value(row, across): row for row in table.rows}
    return {
        "kind": kind, "title": _title(table, reader), "upright": upright, "beside": kind == "bar" and len(several) > 1, "rates": first.unit == "rate",
        "names": [_called(across, by_key.get(key), key, table, reader) for key in keys],
        "marks": [_mark(key) for key in keys] if across.unit in DAYS else None, "series": several, "note": None,
    }


def adds_up(column: Column) -> bool:
    """Whether the figures of rows together are that of all: numbers and sums, no rates, means or bounds."""
    function = column.key.partition(":")[0]
    return column.unit in ("count", "money") if ":" not in column.key else function == "sum"


def _keys(table: Table, kind: str, reader: Reader) -> list[Any]:
    """What stands on the axis, in the order of the rows; along time in its order, and of a line every step between the first and the last."""
    across = table.dimensions[0]
    found = list(dict.fromkeys(_value(row, across) for row in table.rows))
    if across.unit not in DAYS:
        return found[:BARS]
    days = sorted(key for key in found if key is not None)
    if kind == "line" and days:
        days = list(_steps(days[0], days[-1], reader))
    return [*days[-LONGEST_LINE if kind == "line" else -BARS :], *([None] if None in found and kind != "line" else [])]


def _steps(first: str, last: str, reader: Reader) -> Iterator[str]:
    """The months, quarters or years, written as they are, from the first to the last; the last ones where there are too many."""
    found, here = [first], period(first, reader.today)
    while found[-1] < last:
        day = here.last + timedelta(days=1)
        text = str(day.year) if len(first) == 4 else f"{day.year}-Q{(day.month + 2) // 3}" if "Q" in first else f"{day.year:04d}-{day.month:02d}"
        here = period(text, reader.today)
        found.append(text)
    yield from found[-LONGEST_LINE:]


def _value(row: Row, column: Column) -> Any:
    """What tells rows apart: two records may have one name, and those that are not seen have none."""
    return row.get(f"{column.key}_id", row[column.key])


def _measured(table: Table, keys: Sequence[Any], reader: Reader) -> list[Drawn]:
    """The measures that have the unit of the first, one series each."""
    across, unit = table.dimensions[0], table.measures[0].unit
    rows = {_value(row, across): row for row in table.rows}
    columns = [column for column in table.measures if column.unit == unit][:SERIES]
    return [_series(column.label.text(reader.language), n, column, [rows.get(key) for key in keys], table, reader) for n, column in enumerate(columns)]


def _split(table: Table, keys: Sequence[Any], reader: Reader) -> list[Drawn]:
    """The first measure, a series a value of the second dimension: the largest, the rest together where it adds up."""
    across, by, column = table.dimensions[0], table.dimensions[1], table.measures[0]
    cells: dict[Any, dict[Any, Row]] = {}
    for row in table.rows:
        cells.setdefault(_value(row, by), {})[_value(row, across)] = row
    weight = {value: sum(abs(_number(row[column.key]) or 0) for row in of.values()) for value, of in cells.items()}
    # Steps of time stand in their order, others the largest first.
    order = sorted(cells, key=lambda value: (value is None, str(value))) if by.unit in DAYS else sorted(cells, key=lambda value: -weight[value])
    shown = order if len(order) <= SERIES else [value for value in order if value in sorted(cells, key=lambda value: -weight[value])[: SERIES - 1]]
    found = [
        _series(_called(by, next(iter(cells[value].values())), value, table, reader), n, column, [cells[value].get(key) for key in keys], table, reader)
        for n, value in enumerate(shown)
    ]
    rest = [value for value in order if value not in shown]
    if rest and adds_up(column):
        sums: list[Row | None] = []
        for key in keys:
            values = [cells[value][key][column.key] for value in rest if key in cells[value]]
            sums.append({column.key: sum(value or 0 for value in values)} if values else None)
        found.append(_series(render(m("Others"), reader.language), SERIES - 1, column, sums, table, reader))
    return found


def _series(name: str, place: int, column: Column, rows: Sequence[Row | None], table: Table, reader: Reader) -> Drawn:
    """Where there is no row, nothing was counted: 0 of a number, no figure of all else."""
    values = [row[column.key] if row is not None else 0 if column.unit == "count" and adds_up(column) else None for row in rows]
    return {"name": name, "tone": f"s{place + 1}", "values": [_number(v) for v in values], "texts": [figure(v, column, table, reader) for v in values]}


def _shares(table: Table, column: Column, reader: Reader) -> Drawn | None:
    """The largest rows of one measure as parts of the whole, the rest together."""
    rows = sorted((row for row in table.rows if row[column.key]), key=lambda row: -row[column.key])
    if not rows:
        return None
    named = [(_name(table, row, reader), row[column.key]) for row in rows[: SERIES if len(rows) <= SERIES else SERIES - 1]]
    if len(rows) > len(named):
        named.append((render(m("Others"), reader.language), sum(row[column.key] for row in rows[len(named) :])))
    return {
        "kind": "share", "title": _title(table, reader), "upright": False, "beside": False, "names": [name for name, _ in named], "marks": None, "note": None,
        "series": [{
            "name": column.label.text(reader.language), "tone": "s1", "values": [_number(value) for _, value in named],
            "texts": [figure(value, column, table, reader) for _, value in named],
        }],
    }


def _title(table: Table, reader: Reader) -> str:
    first = table.measures[0].label.text(reader.language)
    by = " · ".join(column.label.text(reader.language).lower() for column in table.dimensions)
    return f"{first} – {by}"


def _number(value: Any) -> float | int | None:
    return float(value) if isinstance(value, Decimal) else value


def _mark(month: str | None) -> str:
    """A month short enough for an axis: 03.2026."""
    return ".".join(reversed(month.split("-"))) if month else "—"


def _called(column: Column, row: Row | None, key: Any, table: Table, reader: Reader) -> str:
    """A row by one dimension; without a row a step of time, which has none."""
    if row is None:
        return dimension_text(column, key, reader)
    if column.unit == "stage" and row[column.key] is not None:
        return stage_text(column, row, table, reader)
    return "•" if row[column.key] is None and _value(row, column) is not None else dimension_text(column, row[column.key], reader)


def _name(table: Table, row: Row, reader: Reader) -> str:
    return " · ".join(_called(column, row, row[column.key], table, reader) for column in table.dimensions)


def chart_words(drawn: Mapping[str, Any], table: Table, reader: Reader) -> str:
    """The chart in a sentence, for those who do not see it."""
    if drawn["kind"] == "share":
        parts = zip(drawn["names"], drawn["series"][0]["texts"], strict=True)
        return f"{drawn['title']}: {', '.join(f'{name} {text}' for name, text in parts)}"
    by_label = {column.label.text(reader.language): column for column in table.measures}
    told = [f"{one['name'].lower()} {figure(table.totals[column.key], column, table, reader)}"
            for one in drawn["series"] if (column := by_label.get(one["name"])) is not None]
    return f"{drawn['title']}: {', '.join(told or [one['name'] for one in drawn['series']])}"
