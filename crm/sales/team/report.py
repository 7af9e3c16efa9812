"""The report on the duties of deal teams: what is open, what was done, and how late."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import case, func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Series, Table, report
from crm.backoffice.reports.figures import median
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered, rate
from crm.backoffice.stage_rules import ROLES
from crm.messages import Label

DUTY, DUE, DONE, LATE = "deal_duty", "due_on", "done_at", "late_days"


@dataclass(frozen=True, kw_only=True)
class DutyParams(CommonParams):
    """What all reports are asked; owner, department and territory are those of whoever has the duty, the period is that of `due_on`."""

    def conditions(self, dated: str, *, moment: bool = False) -> list[Json]:
        found = CommonParams.conditions(replace(self, owner=None, department=None, territory=None), dated, moment=moment)
        if self.owner is not None:
            found.append({"field": "user", "op": "eq", "value": self.owner})
        for name, ids in (("department", self.department), ("territory", self.territory)):
            if ids is not None:
                found.append({"field": f"user.{name}", "op": "in", "value": list(ids)})
        return found


DIMENSIONS = (
    Dimension("role", Label("Роль", "Role"), "role", picklist=ROLES),
    Dimension("user", Label("Хто", "Who"), "user", "user"),
    Dimension("department", Label("Підрозділ", "Department"), "user.department", "department"),
    Dimension("pipeline", Label("Воронка", "Pipeline"), "stage.pipeline", "pipeline"),
    Dimension("account", Label("Компанія", "Company"), "deal.account", "account"),
    Dimension("month", Label("Місяць строку", "Month of the due day"), DUE),
)
MEASURES = (
    Column("open", Label("Відкрито", "Open"), "count", Label("Ще не зроблено", "Not done yet"), (DONE,)),
    Column("overdue", Label("З них прострочено", "Of these overdue"), "count", Label("Ще не зроблено, а строк минув", "Not done yet, and the day is over"),
           (DONE, DUE)),
    Column("done", Label("Зроблено", "Done"), "count", Label("Позначено зробленим", "Ticked as done"), (DONE,)),
    Column("late", Label("З них пізно", "Of these late"), "count", Label("Зроблено пізніше за строк", "Done after the day on which it was due"), (LATE,)),
    Column("on_time_rate", Label("Частка вчасних", "On-time rate"), "rate",
           Label("Зроблені вчасно, поділені на всі зроблені, що мали строк", "Done in time divided by all that were done and had a day"), (LATE,),
           sample=("done",)),
    Column("median_lateness", Label("Запізнення, медіана", "Lateness, median"), "days",
           Label("Календарних днів після строку: зроблених пізно й прострочених",
                 "Calendar days after the due day: of what was done late and of what is overdue"),
           (LATE, DUE, DONE)),
)
CHART = Chart(Label("Обовʼязки команд", "Duties of teams"), (Series("done", "won"), Series("open", "open")))


@dataclass
class Figures:
    """The duties of one row; how late they are by days, of those that are late, and how many of the done had a day."""

    open: int = 0
    overdue: int = 0
    done: int = 0
    late: int = 0
    dated: int = 0
    days: Counter[int] = field(default_factory=Counter)

    def add(self, *, done: bool, due: date | None, late: int | None, number: int, today: date) -> None:
        """Count duties that are alike."""
        if done:
            self.done, self.dated = self.done + number, self.dated + (number if late is not None else 0)
        else:
            self.open += number
            late = (today - due).days if due is not None else None
        if late is not None and late > 0:
            self.late, self.overdue = (self.late + number, self.overdue) if done else (self.late, self.overdue + number)
            self.days[late] += number

    def measures(self, params: CommonParams) -> dict[str, Any]:
        lateness = median(self.days)
        every = {
            "open": self.open, "overdue": self.overdue, "done": self.done, "late": self.late, "on_time_rate": rate(self.dated - self.late, self.dated),
            "median_lateness": float(lateness) if lateness is not None else None,
        }
        return {c.key: every[c.key] for c in params.shown}


@report(
    "deal_duties", label=Label("Обовʼязки команд угод", "Duties of deal teams"),
    question=Label("Що має зробити кожна роль в угодах і чи робить вона це вчасно?", "What has each role to do on deals, and does it do so in time?"),
    group="sales", entity=DUTY, measures=MEASURES, dimensions=DIMENSIONS, params=DutyParams, icon="list-check", opening={"by": "role"},
)
def deal_duties(session: DataSession, params: DutyParams) -> Table:
    """Duties of deal teams by the day on which they are due, split by `params.by`.

    A duty is late that is done on a later day of the company than it was due, and overdue that is open when its day is over in `params.time_zone`.
    `on_time_rate` is a fraction of 1 of those done that had a day, `median_lateness` calendar days over the late and the overdue; None of none.
    """
    today = datetime.now(UTC).astimezone(params.time_zone).date()
    duty = session.table(DUTY)
    groups, known = grouping(duty, params.dimensions), set(session.sight.filterable(DUTY))
    done = case((duty[DONE].is_not(None), 1), else_=0) if DONE in known else None
    parts = [part for part in (done, duty[DUE] if DUE in known else None, duty[LATE] if LATE in known else None) if part is not None]
    names = [name for name in (DONE, DUE, LATE) if name in known]
    statement = groups.joined(select(*groups.expressions, *parts, func.count(duty.id)).select_from(duty.table))
    found: dict[Key, Figures] = defaultdict(Figures)
    whole = Figures()
    chosen = duty.asked({"all": params.conditions(DUE)})
    for row in session.execute(statement.where(duty.visible, chosen).group_by(*groups.expressions, *parts)):
        *values, number = row[groups.width :]
        alike = dict(zip(names, values, strict=True))
        for one in (found[groups.key(row)], whole):
            one.add(done=bool(alike.get(DONE)), due=alike.get(DUE), late=alike.get(LATE), number=number, today=today)
    if not params.dimensions:
        found = {(): whole}
    keys = row_keys(session, params.dimensions, found)
    rows = [{**keys[key], **figures.measures(params)} for key, figures in found.items()]
    standard = (("overdue", True),) if params.shows("overdue") else ()
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown),
        rows=ordered(ordered(rows, tuple((d.key, False) for d in params.dimensions)), params.sort or standard),
        totals=whole.measures(params), currency=params.currency, drill=lambda row, key: _drill(session, params, row, key, today),
        chart=CHART if params.dimensions and params.shows("done") else None,
    )


def _drill(session: DataSession, params: DutyParams, row: Row | None, key: str, today: date) -> Drill:
    """The duties behind a figure; behind the rate those it is a share of."""
    overdue: list[Json] = [{"field": DONE, "op": "empty"}, {"field": DUE, "op": "lt", "value": str(today)}]
    late = {"field": LATE, "op": "gt", "value": 0}
    own: dict[str, list[Json]] = {
        "open": overdue[:1], "overdue": overdue, "done": [{"field": DONE, "op": "not_empty"}], "late": [late],
        "on_time_rate": [{"field": LATE, "op": "not_empty"}], "median_lateness": [{"any": [late, {"all": overdue}]}],
    }
    return Drill(DUTY, {"all": [*params.conditions(DUE), *own.get(key, []), *(row_conditions(session, DUTY, params.dimensions, row) if row else [])]})
