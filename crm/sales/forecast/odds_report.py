"""The report on how probable deals of a stage are by what became of past ones, beside what the stage says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from crm.backoffice.guard import DataSession
from crm.backoffice.lowcode.pipelines import Likelihood
from crm.backoffice.reports import Chart, Column, CommonParams, Drill, Series, Table, report
from crm.backoffice.reports.grouping import columns_of, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered, rate
from crm.messages import Label, m
from crm.sales.forecast.odds import Odds, Outcomes, outcomes
from crm.sales.forecast.usual import likelihood
from crm.sales.funnel.groups import Group
from crm.sales.funnel.view import HISTORY, Stages, View, has_move
from crm.sales.funnel.report import DIMENSIONS, PIPELINE, STAGE, looked_at

NEEDS = (f"{HISTORY}.stage", f"{HISTORY}.entered_at", f"{HISTORY}.first", f"{HISTORY}.left_at", f"{HISTORY}.from_stage", "pipeline", "stage")


@dataclass(frozen=True, kw_only=True)
class ProbabilityParams(CommonParams):
    """What the report is asked beside what all reports are. The period is that of `closed_on`."""

    pipeline: Annotated[str, PIPELINE] = ""


MEASURES = (
    Column(STAGE, Label("Етап", "Stage"), "stage", Label("Відкриті етапи воронки за порядком", "The open stages of the pipeline in order"), NEEDS),
    Column("reached", Label("Дійшли", "Reached"), "count",
           Label("Вирішені угоди, в історії яких є цей етап або пізніший", "Decided deals whose history names the stage or a later one"), NEEDS),
    Column("won", Label("З них виграно", "Of these won"), "count", Label("Стоять на виграному етапі", "They stand in a won stage"), NEEDS),
    Column("win_rate", Label("Частка виграних", "Win rate"), "rate", Label("Виграні, поділені на тих, хто дійшов", "Won divided by reached"), NEEDS,
           sample=("reached",)),
    Column("probability", Label("Ймовірність з історії", "Probability by history"), "rate",
           Label("Частка виграних, притягнута до частки всієї воронки так, ніби ще стільки угод, скільки каже вага, пройшли, як у ній заведено",
                 "The win rate drawn towards that of the whole pipeline, as if as many more deals as the weight says had gone as is usual there"), NEEDS,
           sample=("reached",)),
    Column("low", Label("Від", "From"), "rate", Label("Нижня межа 95 % інтервалу Вілсона", "The lower end of Wilson's 95 % interval"), NEEDS),
    Column("high", Label("До", "Up to"), "rate", Label("Верхня межа 95 % інтервалу Вілсона", "The upper end of Wilson's 95 % interval"), NEEDS),
    Column("of_stage", Label("Ймовірність етапу", "Probability of the stage"), "rate",
           Label("Яку етап дає угодам, що на нього входять", "Which the stage gives to deals that enter it"), ("stage",)),
)
CHART = Chart(Label("Ймовірність виграшу на етапі", "Probability to win at a stage"), (Series("probability", "won"), Series("of_stage", "open")), beside=True)


@report(
    "stage_probability", label=Label("Ймовірність за етапами", "Probability by stage"),
    question=Label("Яка частка угод, що дійшли до етапу, виграна, і чи так каже етап?",
                   "What share of the deals that reached a stage was won, and does the stage say so?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, params=ProbabilityParams, icon="trophy",
)
def stage_probability(session: DataSession, params: ProbabilityParams) -> Table:
    """The open stages of a pipeline, split by `params.by`, over decided deals that have a history in it, dated by `closed_on`.

    `probability` = (won + k·p0)/(reached + k), a fraction of 1, where p0 is the win rate of the row's decided deals and k the weight that the pipeline
    names; `low`, `high` are Wilson's 95 % interval of the same. None where nothing is decided. `totals` count decided deals; their `win_rate` is p0.
    """
    view, rule = looked_at(session, params.pipeline, params.time_zone), Likelihood()
    if view.stages.rows:
        rule = likelihood(session.catalog, view.stages.rows[0])
    chosen = params.conditions("closed_on")
    found = outcomes(session, view, params, chosen)
    nothing = Outcomes(view.stages, Group(), Group())
    if not params.dimensions:
        found = {(): found.get((), nothing)}
    keys = row_keys(session, params.dimensions, found)
    order = ordered([{**keys[key], "key": key} for key in found], tuple((d.key, False) for d in params.dimensions))
    rows = [row for named in order for row in _rows(view.stages, keys[named["key"]], found[named["key"]], params, rule)]
    whole = Odds(0, 0, sum(one.won.deals + one.lost.deals for one in found.values()), sum(one.won.deals for one in found.values()))
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(rows, params.sort) if params.sort else rows,
        totals={c.key: _totals(whole)[c.key] for c in params.shown}, currency=params.currency, drill=lambda row, key: _drill(session, view, params, row, key),
        notes=(m("The weight is %(weight)s deals. Deals are given a whole percent, from %(least)s decided deals on.", weight=rule.weight, least=rule.least),),
        chart=CHART if params.shows("probability") and not params.dimensions else None,
    )


def _rows(stages: Stages, names: Mapping[str, Any], found: Outcomes, params: CommonParams, rule: Likelihood) -> list[dict[str, Any]]:
    rows = []
    for place, stage in enumerate(stages.rows):
        odds = found.at(place)
        if stage.values["kind"] != "open" or (stage.retired and not odds.reached):
            continue
        between = odds.interval(rule.weight)
        every = {
            STAGE: stage.key, "reached": odds.reached, "won": odds.won, "win_rate": rate(odds.won, odds.reached), "probability": odds.probability(rule.weight),
            "low": between.low if between else None, "high": between.high if between else None,
            "of_stage": float(stage.values["probability"]) if stage.values["probability"] is not None else None,
        }
        rows.append({**names, f"{STAGE}_id": stage.id, **{c.key: every[c.key] for c in params.shown}})
    return rows


def _totals(whole: Odds) -> dict[str, Any]:
    counted = {"reached": whole.decided, "won": whole.decided_won, "win_rate": rate(whole.decided_won, whole.decided)}
    return {**dict.fromkeys(c.key for c in MEASURES), **counted}


def _drill(session: DataSession, view: View, params: CommonParams, row: Row | None, key: str) -> Drill:
    """The decided deals behind a figure; behind a rate those it is a share of."""
    stages = view.stages
    standing = stages.won if key == "won" else [*stages.won, *stages.lost]
    chosen: list[Json] = [*params.conditions("closed_on"), {"field": "stage", "op": "in", "value": standing}]
    if row is None:
        return Drill("deal", {"all": [*chosen, has_move([], stages.every)]})
    place = next(n for n, s in enumerate(stages.rows) if s.id == row[f"{STAGE}_id"])
    return Drill("deal", {"all": [*chosen, has_move([], stages.from_on(place)), *row_conditions(session, "deal", params.dimensions, row)]})
