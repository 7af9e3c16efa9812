"""The scorecard of managers: eight measures of how somebody works, each with its interval and beside the median of all who are compared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median as of_team
from typing import Any, Literal

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Column, CommonParams, Drill, Table, Unit, report
from crm.backoffice.reports.drill import prefixed
from crm.backoffice.reports.estimates import middle_interval, quantile, wilson
from crm.backoffice.reports.grouping import Key, columns_of, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered
from crm.contacts.interactions.course import HELD, PLANNED
from crm.contacts.reports import MOST_NAMED
from crm.messages import Label, Message, m
from crm.organization.dimensions import DEPARTMENT, MANAGER, OWNER, TERRITORY
from crm.sales.quality import IMPORTANT
from crm.sales.scorecard.measuring import CLOSED_ON, MILLIONTH, STEP, Asked, Sample, Samples, cycles, discounts, of_open, rates, touches, waits

ENOUGH = 20  # records from which on a figure gets its interval
DIMENSIONS = (OWNER, MANAGER, DEPARTMENT, TERRITORY)
ENDED = "ends_at"
LOW = Label("Нижня межа 95 % інтервалу; порожньо, якщо записів менше 20", "The lower end of the 95 % interval; empty below 20 records")
HIGH = Label("Верхня межа 95 % інтервалу; порожньо, якщо записів менше 20", "The upper end of the 95 % interval; empty below 20 records")
OPEN = ("stage",)
CLOSED = ("stage", CLOSED_ON)
OF_TALKS = ("interactions.state", "interactions.owner")


@dataclass(frozen=True)
class Measure:
    """One measure: how it is called, what it means, what it rests on, how its records are counted, and which they are (None: none can be named).
    `per` turns a whole number that was counted into the measure's unit. `better` says which end is good."""

    key: str
    label: Label
    help: Label
    unit: Unit
    needs: tuple[str, ...]
    counted: Callable[[Asked], Samples]
    behind: Callable[[Asked], tuple[str, list[Json]] | None]
    better: Literal["high", "low", ""]
    per: int = 1

    def columns(self) -> tuple[Column, ...]:
        """The figure, how many records it rests on, its interval, and the median of the rows."""
        name, en = self.label.uk, self.label.en
        return (
            Column(self.key, self.label, self.unit, self.help, self.needs, sample=(f"{self.key}_of",)),
            Column(f"{self.key}_of", Label(f"{name}: записів", f"{en}: records"), "count",
                   Label("На скількох записах це ґрунтується", "How many records it rests on"), self.needs),
            Column(f"{self.key}_low", Label(f"{name}: від", f"{en}: from"), self.unit, LOW, self.needs),
            Column(f"{self.key}_high", Label(f"{name}: до", f"{en}: up to"), self.unit, HIGH, self.needs),
            Column(f"{self.key}_team", Label(f"{name}: медіана команди", f"{en}: median of the team"), self.unit,
                   Label("Медіана рядків, які порівнюємо", "The median of the rows that are compared"), self.needs),
        )


def _due(asked: Asked) -> list[Json] | None:
    """Interactions whose planned end is over, whatever became of them but being put off or called off by us."""
    talks = asked.talks(ENDED)
    over: Json = {"field": ENDED, "op": "lt", "value": asked.now.isoformat()}
    return None if talks is None else [over, {"field": "state", "op": "in", "value": [HELD, "no_show", PLANNED]}, *talks]


def _held(asked: Asked) -> Samples:
    due = _due(asked)
    return rates(asked, "interaction", due, {"field": "state", "op": "eq", "value": HELD}) if due is not None else Samples(Sample)


def _open(asked: Asked) -> list[Json]:
    return asked.deals("open", dated=False)


def _won(asked: Asked) -> list[Json]:
    return asked.deals("won", dated=True)


def _closed(asked: Asked) -> list[Json]:
    return asked.deals("won", "lost", dated=True)


def _asking(asked: Asked) -> tuple[str, list[Json]] | None:
    talks = asked.talks("starts_at")
    if talks is None:
        return None
    return "interaction", [{"field": "state", "op": "eq", "value": HELD}, {"field": "direction", "op": "eq", "value": "inbound"}, *talks]


def _due_of(asked: Asked) -> tuple[str, list[Json]] | None:
    due = _due(asked)
    return ("interaction", due) if due is not None else None


SCORES = (
    Measure(
        "held", Label("Заплановане відбулося", "Planned and held"),
        Label("Взаємодії, чий запланований кінець минув: яка частка відбулася", "Of interactions whose planned end is over, the share that was held"), "rate",
        (*OF_TALKS, f"interactions.{ENDED}"), _held, _due_of, "high",
    ),
    Measure(
        "touches", Label("Дотиків на угоду", "Touches a deal"),
        Label("Взаємодії, що відбулися, на закриту угоду; медіана", "Held interactions a closed deal took; the median"), "number",
        (*CLOSED, "interactions.state"), touches, lambda asked: ("deal", _closed(asked)), "",
    ),
    Measure(
        "step", Label("Наступний крок", "Next step"),
        Label("Відкриті угоди, чий наступний крок сьогодні або пізніше", "Open deals whose next step is today or later"), "rate", (*OPEN, STEP),
        lambda asked: of_open(asked, "step"), lambda asked: ("deal", _open(asked)), "high",
    ),
    Measure(
        "response", Label("Перша відповідь, хв", "First response, min"),
        Label("Робочі хвилини від вхідної взаємодії до першої вихідної з тією самою компанією; медіана",
              "Working minutes from an inbound interaction to the first outbound one with the same company; the median"), "minutes",
        (*OF_TALKS, "interactions.direction", "interactions.account", "interactions.starts_at"), waits, _asking, "low", 60,
    ),
    Measure(
        "complete", Label("Повнота угод", "Complete deals"),
        Label("Відкриті угоди, в яких заповнено все важливе", "Open deals in which all that matters is filled"), "rate", (*OPEN, *IMPORTANT),
        lambda asked: of_open(asked, "complete"), lambda asked: ("deal", _open(asked)), "high",
    ),
    Measure(
        "discount", Label("Знижка", "Discount"), Label("Знижки в рядках виграних угод; медіана", "Discounts in the lines of won deals; the median"), "rate",
        (*CLOSED, "lines.discount"), discounts, lambda asked: ("deal", _won(asked)), "low", MILLIONTH,
    ),
    Measure(
        "cycle", Label("Цикл, днів", "Cycle, days"),
        Label("Від відкриття до закриття виграних угод; медіана", "From opening to closing of won deals; the median"), "days", (*CLOSED, "opened_on"), cycles,
        lambda asked: ("deal", [*_won(asked), {"field": "opened_on", "op": "not_empty"}, {"field": CLOSED_ON, "op": "not_empty"}]), "low",
    ),
    Measure(
        "win", Label("Частка виграних", "Win rate"), Label("Виграні, поділені на виграні й програні разом", "Won divided by won and lost together"), "rate",
        CLOSED, lambda asked: rates(asked, "deal", _closed(asked), {"field": "stage", "op": "in", "value": asked.session.catalog.stages("won")}),
        lambda asked: ("deal", _closed(asked)), "high",
    ),
)
MEASURES = tuple(column for one in SCORES for column in one.columns())
BY_KEY: Mapping[str, Measure] = {one.key: one for one in SCORES}


@report(
    "manager_scorecard", label=Label("Показники менеджерів", "Managers’ scorecard"),
    question=Label("Як працюють менеджери проти медіани команди?", "How do managers work beside the median of their team?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, icon="users", opening={"period": "last_90_days", "by": "owner"},
)
def manager_scorecard(session: DataSession, params: CommonParams) -> Table:
    """Eight measures a row, each with the number of its records, a 95 % interval and the median of the rows.

    A period looks at the planned end and the moment of interactions and at the day on which deals were closed; open deals are those of now. Rates and
    discounts are fractions of 1. Intervals of rates are Wilson's, those of medians lie between two values of the sample (`middle_interval`), None below 20
    records. `<measure>_team` is the median of the rows that have the measure, None of fewer than two. A measure of interactions is None where the condition
    on deals cannot be said of them, or where they may not be split so.
    """
    asked = Asked(session, params, datetime.now(UTC))
    shown = [one for one in SCORES if params.shows(one.key)]
    counted = {one.key: _counted(one, asked) for one in shown}
    keys = {key for samples in counted.values() for key in samples} or {()}
    if params.dimensions:
        keys.discard(())
    whole = {name: _whole(samples) for name, samples in counted.items()}
    figures = {key: {one.key: _figures(one, counted[one.key].get(key, Sample())) for one in shown} for key in (keys if params.dimensions else {()})}
    team = {one.key: _team([found[one.key][one.key] for key, found in figures.items() if any(part is not None for part in key)]) for one in shown}
    named = row_keys(session, params.dimensions, figures)
    rows = [{**named[key], **_row(shown, found, team)} for key, found in figures.items()]
    total = _row(shown, {one.key: _figures(one, whole[one.key]) for one in shown}, team)
    by_name = tuple((d.key, False) for d in params.dimensions)
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(ordered(rows, by_name), params.sort), totals=total, currency=params.currency,
        drill=lambda row, key: _drill(asked, counted, row, key), notes=_notes(asked, shown),
    )


def _counted(measure: Measure, asked: Asked) -> Samples:
    of_talks = any(path.startswith("interactions.") for path in measure.needs) and measure.key != "touches"
    return Samples(Sample) if of_talks and not asked.may_split("interaction") else measure.counted(asked)


def _whole(samples: Samples) -> Sample:
    found = Sample()
    for one in samples.values():
        found.join(one)
    return found


def _figures(measure: Measure, sample: Sample) -> dict[str, Any]:
    """The measure's figures but for the team's; by their columns' keys."""
    key = measure.key
    if not sample.values:
        between = wilson(sample.part, sample.number) if sample.number >= ENOUGH else None
        value = sample.part / sample.number if sample.number else None
        return {key: value, f"{key}_of": sample.number, f"{key}_low": between.low if between else None, f"{key}_high": between.high if between else None}
    values = sorted(sample.values)
    middle, ends = quantile(values, 0.5), middle_interval(values) if len(values) >= ENOUGH else None
    return {
        key: None if middle is None else middle / measure.per, f"{key}_of": len(values),
        f"{key}_low": ends[0] / measure.per if ends else None, f"{key}_high": ends[1] / measure.per if ends else None,
    }


def _team(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return of_team(known) if len(known) > 1 else None


def _row(shown: Sequence[Measure], figures: Mapping[str, Mapping[str, Any]], team: Mapping[str, float | None]) -> dict[str, Any]:
    return {key: value for one in shown for key, value in (*figures[one.key].items(), (f"{one.key}_team", team[one.key]))}


def _drill(asked: Asked, counted: Mapping[str, Samples], row: Row | None, key: str) -> Drill | None:
    """The records on which the measure rests; behind the team's median those of all rows. Which inbound interactions were answered no condition says: they
    are named one by one, or, where they are many, all inbound ones stand there. Behind a discount stand the lines."""
    name, _, what = key.partition("_")
    found = BY_KEY[name].behind(asked)
    if found is None:
        return None
    entity, chosen = found
    one_row = row if what != "team" else None
    if name == "response":
        ids = [number for key, sample in counted[name].items() if one_row is None or _is(asked, key, one_row) for number in sample.ids]
        if len(ids) <= MOST_NAMED:
            return Drill(entity, {"field": "id", "op": "in", "value": ids})
    if one_row is not None:
        chosen = [*chosen, *row_conditions(asked.session, entity, asked.params.dimensions, one_row)]
    if name == "discount":
        lines = prefixed({"all": chosen}, "deal", asked.session.catalog.saved.every)
        return Drill("deal_line", lines) if lines is not None else None
    return Drill(entity, {"all": chosen})


def _is(asked: Asked, key: Key, row: Row) -> bool:
    return key == tuple(row[f"{one.key}_id"] for one in asked.params.dimensions)


def _notes(asked: Asked, shown: Sequence[Measure]) -> tuple[Message, ...]:
    if any(one.key in ("held", "response") for one in shown) and (asked.talks(ENDED) is None or not asked.may_split("interaction")):
        return (m("Measures of interactions are left empty: what is asked of deals cannot be asked of them."),)
    return ()
