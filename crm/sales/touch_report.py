"""The report on touches: how many held interactions a deal took in each of its stages, and how those of won, lost and open deals differ."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median as middle
from typing import Any

from sqlalchemy import Integer, and_, cast, func, null, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Series, Table, report
from crm.backoffice.reports.drill import grouped_by, prefixed
from crm.backoffice.reports.figures import mean, median
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.table import Row, ordered
from crm.contacts.interactions.course import HELD
from crm.messages import Label
from crm.organization.dimensions import DEPARTMENT, MANAGER, OWNER, TERRITORY

DATED = "opened_on"
STAGE = "stage"
AT, BY, THEN = "starts_at", "entered_at", ("deal", "stage_history", "stage")  # the stage in which an interaction found its deal
OUTCOMES = ("won", "lost", "open")
NOTHING: Any = cast(null(), Integer)
NEEDS = ("interactions.state", f"interactions.{AT}", f"stage_history.{BY}", "stage_history.stage")
MINUTES = (*NEEDS, "interactions.actual_minutes")

DIMENSIONS = (
    Dimension(STAGE, Label("Етап", "Stage"), "stage_history.stage", "stage"),
    Dimension("pipeline", Label("Воронка", "Pipeline"), "pipeline", "pipeline"),
    OWNER, MANAGER, DEPARTMENT, TERRITORY,
    Dimension("account", Label("Компанія", "Company"), "account", "account"),
    Dimension("month", Label("Місяць відкриття", "Month opened"), DATED),
)
_OF = {
    "won": ("виграних", "виграну", "won", "A won"), "lost": ("програних", "програну", "lost", "A lost"),
    "open": ("відкритих", "відкриту", "open", "An open"),
}


def _of(outcome: str) -> tuple[Column, ...]:
    (several, one, en, an), needs = _OF[outcome], (*NEEDS, "stage")
    return (
        Column(f"{outcome}_deals", Label(f"Угод {several}", f"Deals {en}"), "count",
               Label(f"З угод рядка: {several}", f"Of the row's deals, those {en}"), needs),
        Column(f"{outcome}_mean", Label(f"На {one}", f"{an} deal"), "number",
               Label(f"Дотики {several} угод, поділені на ці угоди", f"Touches of the deals {en} divided by these deals"), needs),
        Column(f"{outcome}_median", Label(f"Медіана {several}", f"Median, {en}"), "number",
               Label("У половини цих угод дотиків не більше, у половини не менше", "Half of these deals took no more touches, half no fewer"), needs),
    )


MEASURES = (
    Column("deals", Label("Угод", "Deals"), "count", Label("Угоди, що побували на етапі", "Deals that have stood in the stage"), NEEDS),
    Column(
        "touches", Label("Дотиків", "Touches"), "count",
        Label("Взаємодії, що відбулися, доки угода стояла на етапі", "Interactions that were held while the deal stood in the stage"), NEEDS,
    ),
    Column("minutes", Label("Хвилин", "Minutes"), "minutes", Label("Скільки вони тривали разом", "How long they took together"), MINUTES),
    Column("mean", Label("Дотиків на угоду", "Touches a deal"), "number", Label("Дотики, поділені на угоди", "Touches divided by deals"), NEEDS),
    Column(
        "median", Label("Медіана", "Median"), "number",
        Label("У половини угод дотиків не більше, у половини не менше; угоди без дотиків теж рахуються",
              "Half of the deals took no more touches, half no fewer; deals without touches count too"), NEEDS,
    ),
    Column(
        "against_median", Label("Проти медіани", "Against the median"), "rate",
        Label("Дотики на угоду, поділені на медіану рядків того самого етапу", "Touches a deal divided by the median of the rows of the same stage"), NEEDS,
    ),
    *(column for outcome in OUTCOMES for column in _of(outcome)),
)
CHART = Chart(Label("Дотиків на угоду", "Touches a deal"), tuple(Series(f"{o}_mean", o) for o in ("won", "lost", "open")), beside=True)


@dataclass
class Figures:
    """What is counted for one row: deals by outcome, and by outcome how many touches → of how many deals that have any."""

    deals: Counter[str] = field(default_factory=Counter)
    touched: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    minutes: int | None = None

    def spread(self, outcomes: Iterable[str]) -> Counter[int]:
        """How many touches → of how many deals, those without any among them."""
        whole: Counter[int] = Counter()
        for outcome in outcomes:
            whole.update(self.touched[outcome])
        whole[0] += sum(self.deals[outcome] for outcome in outcomes) - whole.total()
        return +whole


@report(
    "stage_touches", label=Label("Дотики за етапами", "Touches by stage"),
    question=Label("Скільки дотиків бере угода на кожному етапі й чим відрізняються виграні?",
                   "How many touches does a deal take in each stage, and what differs in the won?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, icon="stairs", opening={"by": f"pipeline,{STAGE}", "period": "last_365_days"},
)
def stage_touches(session: DataSession, params: CommonParams) -> Table:
    """Held interactions of the deals opened in the period by the stage in which they found their deal, split by `params.by`.

    An interaction found its deal in the stage that the deal had entered last when the interaction began; in none before the first. Means and
    medians are taken over the deals that have stood in the stage, those without touches too; without `stage` in `by` over all deals and touches.
    `against_median` is the mean of a row divided by the median of the means of the rows of the same stage, None with fewer than two.
    """
    rows = _counted(session, params, params.dimensions)
    by_stage = STAGE in params.by
    whole = _counted(session, params, ()).get((), Figures()) if by_stage else _together(rows.values())
    if not params.dimensions:
        rows = {(): whole}
    keys = row_keys(session, params.dimensions, rows)
    usual = _usual(rows, params)
    shown = [{**keys[key], **_measures(found, params, usual.get(_peers(key, params)))} for key, found in _in_order(session, rows, params)]
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(shown, params.sort), totals=_measures(whole, params, None),
        currency=params.currency, drill=lambda row, key: _drill(session, params, row, key),
        chart=CHART if params.dimensions and params.shows("won_mean") else None,
    )


def _counted(session: DataSession, params: CommonParams, dimensions: tuple[Dimension, ...]) -> dict[Key, Figures]:
    place = next((n for n, d in enumerate(dimensions) if d.key == STAGE), None)
    of_deal = tuple(d for d in dimensions if d.key != STAGE)
    found: dict[Key, Figures] = defaultdict(Figures)
    kinds = {s.id: s.values["kind"] for s in session.catalog.configured["stage"].values()}

    def figures(key: Key, stage: Any) -> Figures:
        return found[key if place is None else (*key[:place], stage, *key[place:])]

    for key, stage, now, number in _stood(session, params, of_deal, by_stage=place is not None):
        figures(key, stage).deals[kinds.get(now, "")] += number
    for key, stage, now, touches, number, minutes in _touched(session, params, of_deal, by_stage=place is not None):
        row, outcome = figures(key, stage), kinds.get(now, "")
        row.touched[outcome][touches] += number
        if minutes is not None:
            row.minutes = (row.minutes or 0) + int(minutes)
        if place is not None and stage is None:
            row.deals[outcome] += number  # before the first stage there are only deals with touches
    return dict(found)


def _stood(session: DataSession, params: CommonParams, dimensions: tuple[Dimension, ...], *, by_stage: bool) -> Iterable[tuple[Key, Any, Any, int]]:
    """Row key, stage, the stage in which the deals stand now, and how many they are."""
    deal = session.table("deal")
    groups, now = grouping(deal, dimensions), deal["stage"] if params.shows("won_deals") else NOTHING
    table: Any = deal.table
    stage = NOTHING
    if by_stage:
        history = session.table("stage_history")
        table, stage = table.join(history.table, and_(history["deal"] == deal.id, history.visible, history["stage"].is_not(None))), history["stage"]
    statement = groups.joined(select(*groups.expressions, stage.label("stage"), now.label("now"), deal.id.label("deal")).distinct().select_from(table))
    inner = statement.where(deal.visible, deal.asked({"all": params.conditions(DATED)})).subquery()
    split = list(inner.c)[:-1]
    for row in session.execute(select(*split, func.count()).select_from(inner).group_by(*split)):
        yield groups.key(row), *row[groups.width :]


def _touched(
    session: DataSession, params: CommonParams, dimensions: tuple[Dimension, ...], *, by_stage: bool,
) -> Iterable[tuple[Key, Any, Any, int, int, Any]]:
    """Row key, stage, the stage in which the deals stand now, touches of one deal, how many deals took so many, their minutes together."""
    talk, deal = session.table("interaction"), session.table("deal")
    groups, now = grouping(deal, dimensions), deal["stage"] if params.shows("won_deals") else NOTHING
    then: Any = talk.latest(THEN, BY, AT) if by_stage else NOTHING
    minutes: Any = talk["actual_minutes"] if params.shows("minutes") else NOTHING
    table = talk.table.join(deal.table, and_(deal.id == talk["deal"], deal.visible))
    picked = select(*groups.expressions, then.label("stage"), now.label("now"), deal.id.label("deal"), minutes.label("minutes")).select_from(table)
    chosen = deal.asked({"all": params.conditions(DATED)})
    each = groups.joined(picked).where(talk.visible, talk["state"] == _held(session), chosen).subquery()
    of_deals = list(each.c)[:-1]
    deals = select(*of_deals, func.count().label("touches"), func.sum(each.c.minutes).label("minutes")).group_by(*of_deals).subquery()
    split = [*list(deals.c)[: groups.width + 2], deals.c.touches]
    for row in session.execute(select(*split, func.count(), func.sum(deals.c.minutes)).group_by(*split)):
        yield groups.key(row), *row[groups.width :]


def _held(session: DataSession) -> int:
    return next(o.id for o in session.catalog.picklists["interaction_state"].options if o.key == HELD)


def _together(parts: Iterable[Figures]) -> Figures:
    whole = Figures()
    for part in parts:
        whole.deals.update(part.deals)
        for outcome, counted in part.touched.items():
            whole.touched[outcome].update(counted)
        if part.minutes is not None:
            whole.minutes = (whole.minutes or 0) + part.minutes
    return whole


def _in_order(session: DataSession, rows: Mapping[Key, Figures], params: CommonParams) -> list[tuple[Key, Figures]]:
    """Stages and pipelines as they follow each other, the empty stage before them, months in time; else the most touches first."""
    configured = session.catalog.configured
    pipelines = list(configured["pipeline"])
    stages = sorted(configured["stage"].values(), key=lambda s: pipelines.index(s.parent_id) if s.parent_id in pipelines else -1)
    places = {d: [s.id for s in stages] if d.key == STAGE else pipelines for d in params.dimensions if d.entity in configured}

    def place(item: tuple[Key, Figures]) -> tuple[Any, ...]:
        own = [
            places[d].index(value) if d in places and value in places[d] else -1 if d in places else value or "" if d.by_month else 0
            for d, value in zip(params.dimensions, item[0], strict=True)
        ]
        return *own, -_touches(item[1])

    return sorted(rows.items(), key=place)


def _touches(found: Figures) -> int:
    return sum(touches * number for counted in found.touched.values() for touches, number in counted.items())


def _peers(key: Key, params: CommonParams) -> Any:
    """What rows that are compared with each other have in common: the stage."""
    return next((value for d, value in zip(params.dimensions, key, strict=True) if d.key == STAGE), None)


def _usual(rows: Mapping[Key, Figures], params: CommonParams) -> dict[Any, float]:
    """By stage, the median of the rows' touches a deal where there are two or more."""
    means: dict[Any, list[float]] = defaultdict(list)
    for key, found in rows.items():
        value = mean(found.spread(tuple(found.deals)))
        if value is not None:
            means[_peers(key, params)].append(value)
    return {stage: middle(values) for stage, values in means.items() if len(values) > 1}


def _measures(found: Figures, params: CommonParams, usual: float | None) -> dict[str, Any]:
    every = tuple(found.deals)
    spread, touches = found.spread(every), _touches(found)
    own = mean(spread)
    values: dict[str, Any] = {
        "deals": found.deals.total(), "touches": touches, "minutes": found.minutes if touches else 0, "mean": own, "median": median(spread),
        "against_median": own / usual if own is not None and usual else None,
    }
    for outcome in OUTCOMES:
        part = found.spread((outcome,))
        values |= {f"{outcome}_deals": found.deals[outcome], f"{outcome}_mean": mean(part), f"{outcome}_median": median(part)}
    return {c.key: values[c.key] for c in params.shown}


def _drill(session: DataSession, params: CommonParams, row: Row | None, key: str) -> Drill | None:
    """The interactions behind touches and minutes; the deals behind their number and what is taken over them."""
    chosen: list[Mapping[str, Any]] = [*params.conditions(DATED)]
    peers = key == "against_median"
    chosen += row_conditions(session, "deal", tuple(d for d in params.dimensions if d.key != STAGE), row) if row and not peers else []
    in_stage: list[Mapping[str, Any]] = []
    held: dict[str, Any] = {"field": "state", "op": "eq", "value": HELD}
    stage = row[f"{STAGE}_id"] if row and STAGE in params.by else None
    if row and STAGE in params.by:
        in_stage = [{"latest": ".".join(THEN), "by": BY, "at": AT, **({"op": "empty"} if stage is None else {"op": "eq", "value": stage})}]
    if key in ("touches", "minutes"):
        deals = prefixed({"all": chosen}, "deal", session.catalog.saved.every)
        of_deal = {"field": "deal.id", "op": "not_empty"}
        return Drill("interaction", {"all": [held, of_deal, *deals["all"], *in_stage]}) if deals is not None else None
    if stage is not None:
        chosen.append({"field": "stage_history.stage", "op": "eq", "value": stage})
    elif in_stage:
        chosen.append({"count": "interactions", "where": {"all": [held, *in_stage]}, "op": "gt", "value": 0})
    outcome = key.partition("_")[0]
    if outcome in OUTCOMES:
        kinds = session.catalog.stages(outcome)
        chosen.append({"field": "stage", "op": "in", "value": kinds})
    found = Drill("deal", {"all": chosen})
    return grouped_by(session, found, tuple(d for d in params.dimensions if d.key != STAGE)) if peers else found
