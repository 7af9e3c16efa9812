"""The report on what was planned: how much of it took place, and what is overdue without an outcome, by how many working days."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import day_start
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Series, Table, report
from crm.backoffice.reports.drill import grouped_by
from crm.backoffice.reports.figures import middles
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.table import Row, ordered, rate
from crm.backoffice.working_time import Days, WorkingTime
from crm.contacts.interactions.course import HELD, PLANNED
from crm.contacts.reports import DIMENSIONS as ALL_DIMENSIONS, numbers
from crm.messages import Label

DATED = "ends_at"
NEEDS = ("state", DATED)
DIMENSIONS: tuple[Dimension, ...] = tuple(d for d in ALL_DIMENSIONS if d.key not in ("result", "month"))
LATE = (0, 1, 3, 6, 11)  # working days from which a column counts, until the next one
BACK = 3660  # days that a working day is looked for


def _late(least: int, most: int | None) -> Column:
    if least == 0:
        return Column("late_0", Label("Щойно", "Just now"), "count", Label("Відтоді не минуло жодного робочого дня", "No working day has come since"), NEEDS)
    if most is None:
        return Column(f"late_{least}", Label(f"Понад {least - 1} дн.", f"Over {least - 1} days"), "count",
                      Label(f"Понад {least - 1} робочих днів", f"More than {least - 1} working days"), NEEDS)
    return Column(f"late_{least}", Label(f"{least}–{most} дн.", f"{least}–{most} days"), "count",
                  Label(f"Від {least} до {most} робочих днів", f"From {least} to {most} working days"), NEEDS)


AGES = tuple(_late(least, most - 1 if most else None) for least, most in zip(LATE, (*LATE[1:], None), strict=True))
MEASURES = (
    Column("due", Label("Мало відбутися", "Due"), "count", Label("Заплановані, чий кінець за планом минув, хоч би що з ними сталося",
           "Planned ones whose planned end has passed, whatever became of them"), NEEDS),
    Column("kept", Label("Відбулося", "Held"), "count", Label("З них ті, що відбулися", "Of them, those that were held"), NEEDS),
    Column("kept_rate", Label("Частка тих, що відбулися", "Share held"), "rate", Label("Ті, що відбулися, поділені на ті, що мали відбутися",
           "Held divided by due"), NEEDS, sample=("due",)),
    Column("overdue", Label("Без результату", "No outcome"), "count", Label("З них ті, що досі значаться запланованими",
           "Of them, those that still stand as planned"), NEEDS),
    Column("overdue_rate", Label("Частка без результату", "Share without"), "rate", Label("Ті, що без результату, поділені на ті, що мали відбутися",
           "Those without an outcome divided by due"), NEEDS, sample=("due",)),
    Column("against_median", Label("Проти медіани", "Against the median"), "rate", Label("Кількість без результату, поділена на медіану рядків, у яких вони є",
           "Those without an outcome divided by the median of the rows that have any"), NEEDS),
    *AGES,
    Column("median_late", Label("Днів, медіана", "Days, median"), "days", Label("Робочі дні від кінця за планом; у половини менше, у половини більше",
           "Working days since the planned end; half have fewer, half more"), NEEDS),
)
CHART = Chart(
    Label("Що відбулося й що без результату", "What was held and what has no outcome"), (Series("kept", "won"), Series("overdue", "lost")),
    note="overdue_rate",
)


@dataclass
class Figures:
    """What is counted for one row; `late` by the column of its age, `middle` the working days late of the middle one or two."""

    due: int = 0
    kept: int = 0
    overdue: int = 0
    late: list[int] = field(default_factory=lambda: [0] * len(LATE))
    middle: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Today:
    """The moment at which it is asked, and the company's working days until then."""

    now: datetime
    zone: ZoneInfo
    working: WorkingTime
    days: Days

    @property
    def day(self) -> date:
        return self.now.astimezone(self.zone).date()

    def edges(self) -> list[datetime | None]:
        """For each of `LATE` after the first, the moment before which an end is so many working days ago; None where no end is."""
        found: dict[int, datetime] = {}
        number, day = 0, self.day
        for _ in range(BACK):
            if self.working.on(day, self.zone, self.days) is not None:
                number += 1
                found[number] = day_start(day, self.zone)
                if number == LATE[-1]:
                    break
            day -= timedelta(days=1)
        return [found.get(least) for least in LATE[1:]]

    def since(self, first: datetime) -> Callable[[datetime], int]:
        """How many working days have come after the day of a moment, of those from `first` until now."""
        worked = self.working.worked(first.astimezone(self.zone).date(), self.day, self.zone, self.days)
        return lambda end: len(worked) - bisect_right(worked, end.astimezone(self.zone).date())


@report(
    "overdue", label=Label("Заплановане й прострочене", "Planned and overdue"),
    question=Label("Що із запланованого відбулося, а що досі без результату й наскільки давно?",
                   "What of the planned was held, and what has no outcome yet, and since when?"),
    group="contacts", entity="interaction", measures=MEASURES, dimensions=DIMENSIONS, icon="clock", opening={"by": "owner"},
)
def overdue(session: DataSession, params: CommonParams) -> Table:
    """Interactions whose planned end has passed, by that end, split by `params.by`.

    `overdue` are those that still stand as planned; their age is the number of working days of the company after the day of the planned end, today
    included. Rates are fractions of `due`. `against_median` is `overdue` divided by its median over the rows that have any; None with fewer than two.
    """
    company = session.catalog.company
    today = Today(datetime.now(UTC), company.zone, company.working_time, session.catalog.special_days)
    states, edges = numbers(session, "interaction_state"), today.edges()
    rows = _counted(session, params, params.dimensions, today, edges, states)
    whole = _together(rows)
    if params.shows("median_late"):
        _middles(session, params, params.dimensions, today, states, rows)
        _middles(session, params, (), today, states, {(): whole})
    if not params.dimensions:
        rows = {(): whole}
    some = [found.overdue for found in rows.values() if found.overdue]
    usual = median(some) if len(some) > 1 else None
    keys = row_keys(session, params.dimensions, rows)
    shown = [{**keys[key], **_measures(found, params, usual)} for key, found in rows.items()]
    by_name = tuple((d.key, False) for d in params.dimensions)
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(ordered(shown, by_name), params.sort or (("overdue", True),)),
        totals=_measures(whole, params, None), currency=params.currency, drill=lambda row, key: _drill(session, params, row, key, today, edges),
        chart=CHART if params.dimensions else None,
    )


def _counted(
    session: DataSession, params: CommonParams, dimensions: tuple[Dimension, ...], today: Today, edges: list[datetime | None], states: Mapping[str, int],
) -> dict[Key, Figures]:
    source = session.table("interaction")
    groups, ends = grouping(source, dimensions), source[DATED]

    def number(*conditions: Any) -> Any:
        return func.sum(case((and_(*conditions), 1), else_=0))

    planned = source["state"] == states.get(PLANNED)
    parts = [func.count(source.id), number(source["state"] == states.get(HELD)), number(planned)]
    for before, after in zip((None, *edges), (*edges, None), strict=True):
        parts.append(number(planned, *([ends < before] if before else []), *([ends >= after] if after else [])))
    statement = groups.joined(select(*groups.expressions, *parts).select_from(source.table))
    chosen = source.asked({"all": params.conditions(DATED, moment=True)})
    found: dict[Key, Figures] = {}
    for row in session.execute(statement.where(source.visible, ends < today.now, chosen).group_by(*groups.expressions)):
        due, kept, late, *ages = (int(n or 0) for n in row[groups.width :])
        if due:
            known = [age if edge or n == 0 else 0 for n, (age, edge) in enumerate(zip(ages, (None, *edges), strict=True))]
            found[groups.key(row)] = Figures(due, kept, late, known)
    return found


def _middles(
    session: DataSession, params: CommonParams, dimensions: tuple[Dimension, ...], today: Today, states: Mapping[str, int], rows: Mapping[Key, Figures],
) -> None:
    """Put into every row the working days late of its middle ones: whose end came earlier is not fewer days late."""
    source = session.table("interaction")
    groups = grouping(source, dimensions)
    statement = groups.joined(select(*groups.expressions, source[DATED].label("value")).select_from(source.table))
    chosen = source.asked({"all": params.conditions(DATED, moment=True)})
    statement = statement.where(source.visible, source["state"] == states.get(PLANNED), source[DATED] < today.now, chosen)
    found = [(groups.key(row), row[groups.width]) for row in session.execute(middles(statement))]
    if found:
        late = today.since(min(end for _, end in found))
        for key, end in found:
            if key in rows:
                rows[key].middle.append(late(end))


def _together(rows: Mapping[Key, Figures]) -> Figures:
    parts = list(rows.values())
    late = [sum(ages) for ages in zip(*(part.late for part in parts), strict=True)] if parts else [0] * len(LATE)
    return Figures(sum(part.due for part in parts), sum(part.kept for part in parts), sum(part.overdue for part in parts), late)


def _measures(found: Figures, params: CommonParams, usual: float | None) -> dict[str, Any]:
    every: dict[str, Any] = {
        "due": found.due, "kept": found.kept, "kept_rate": rate(found.kept, found.due), "overdue": found.overdue,
        "overdue_rate": rate(found.overdue, found.due), "against_median": found.overdue / usual if usual and found.overdue else None,
        **{column.key: number for column, number in zip(AGES, found.late, strict=True)}, "median_late": float(mean(found.middle)) if found.middle else None,
    }
    return {c.key: every[c.key] for c in params.shown}


def _drill(session: DataSession, params: CommonParams, row: Row | None, key: str, today: Today, edges: list[datetime | None]) -> Drill:
    """The interactions behind a cell; behind a comparison all that have no outcome, in groups by what the rows are."""
    chosen: list[Mapping[str, Any]] = [{"field": DATED, "op": "lt", "value": today.now.isoformat()}, *params.conditions(DATED, moment=True)]
    state = {"due": None, "kept": HELD, "kept_rate": None}.get(key, PLANNED)
    if state is not None:
        chosen.append({"field": "state", "op": "eq", "value": state})
    place = next((n for n, column in enumerate(AGES) if column.key == key), None)
    if place is not None:
        for op, edge in (("lt", (None, *edges)[place]), ("ge", (*edges, None)[place])):
            chosen += [{"field": DATED, "op": op, "value": edge.isoformat()}] if edge else []
    if key == "against_median":
        return grouped_by(session, Drill("interaction", {"all": chosen}), params.dimensions, DATED)
    return Drill("interaction", {"all": [*chosen, *(row_conditions(session, "interaction", params.dimensions, row) if row else [])]})
