"""How well probabilities foretold: of the stays in which a deal was promised with 30–40 %, how many came to be won."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Series, Table, report
from crm.backoffice.reports.drill import prefixed
from crm.backoffice.reports.estimates import brier, wilson
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered, rate
from crm.messages import Label
from crm.organization.dimensions import DEPARTMENT, MANAGER, OWNER, TERRITORY

BAND = "band"
BANDS = 10  # of equal width; the last one holds certainty too
ENOUGH = 20  # promises from which on a rate gets an interval
CLOSED_ON = "closed_on"
NEEDS = ("stage", "stage_history.stage", "stage_history.probability")
Foretold = Counter[tuple[Decimal, bool]]  # what was foretold and whether it came → how often

DIMENSIONS = (
    OWNER, MANAGER, DEPARTMENT, TERRITORY,
    Dimension("pipeline", Label("Воронка", "Pipeline"), "pipeline", "pipeline"),
    Dimension("stage", Label("Етап обіцянки", "Stage of the promise"), "stage_history.stage", "stage"),
    Dimension("month", Label("Місяць закриття", "Month closed"), CLOSED_ON),
)
MEASURES = (
    Column(BAND, Label("Обіцяно", "Foretold"), "band", Label("Межі ймовірності, з якою угода стояла на етапі",
           "Between which probabilities the deal stood in the stage"), NEEDS),
    Column("promises", Label("Обіцянок", "Promises"), "count",
           Label("Входи закритих нині угод у відкриті етапи: кожен обіцяв виграш із тодішньою ймовірністю",
                 "Entries into open stages of deals that are closed now: each promised a win with the probability of then"), NEEDS),
    Column("foretold", Label("Обіцяно в середньому", "Foretold, mean"), "rate", Label("Середня ймовірність обіцянок", "The mean probability of the promises"),
           NEEDS, sample=("promises",)),
    Column("won", Label("Збулося", "Came true"), "count", Label("Обіцянки угод, що виграні", "Promises of deals that are won"), NEEDS),
    Column("came", Label("Частка виграних", "Won, share"), "rate", Label("Збулося, поділене на обіцянки", "Came true divided by promises"), NEEDS,
           sample=("promises",)),
    Column("low", Label("Частка від", "Share from"), "rate",
           Label("Нижня межа 95 % інтервалу Вілсона; порожньо, якщо обіцянок менше 20",
                 "The lower end of Wilson's 95 % interval; empty below 20 promises"), NEEDS),
    Column("high", Label("Частка до", "Share up to"), "rate",
           Label("Верхня межа 95 % інтервалу Вілсона; порожньо, якщо обіцянок менше 20",
                 "The upper end of Wilson's 95 % interval; empty below 20 promises"), NEEDS),
    Column("bias", Label("Перебільшення", "Overstated by"), "rate",
           Label("Обіцяно в середньому мінус частка виграних: більше нуля — обіцяли забагато",
                 "The mean foretold less the share won: above zero too much was promised"),
           NEEDS, sample=("promises",)),
    Column("brier", Label("Похибка Браєра", "Brier score"), "score",
           Label("Середній квадрат різниці обіцяного й того, що сталося (1 або 0): менше — краще, 0,25 дає підкинута монета",
                 "The mean square of what was foretold less what came (1 or 0): less is better, a tossed coin has 0.25"), NEEDS, sample=("promises",)),
)
CHART = Chart(Label("Обіцяно і збулося", "Foretold and come true"), (Series("foretold", "open"), Series("came", "won")), beside=True)


@report(
    "calibration", label=Label("Чи збуваються ймовірності", "Calibration of probabilities"),
    question=Label("Коли ми казали «70 %», чи вигравали сім із десяти?", "When we said 70 %, did we win seven of ten?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, icon="circle-check", opening={"period": "last_365_days"},
)
def calibration(session: DataSession, params: CommonParams) -> Table:
    """Entries into open stages of the deals closed in the period, by tenths of the probability that was kept with them, split by `params.by`.

    A deal that went through three stages made three promises. `foretold`, `came`, `bias` are fractions of 1; `low`, `high` are Wilson's 95 % interval
    of `came`, None below 20 promises; `brier` is the mean square of probability less outcome (G. W. Brier, 1950). An entry without a probability
    promised nothing and is in no figure.
    """
    found = _counted(session, params)
    names = row_keys(session, params.dimensions, {key[:-1] for key in found})
    rows = [
        {**names[tuple(split)], **_measures(band, found[*split, band], params)} for *split, band in sorted(found, key=lambda key: int(key[-1]))
    ]
    order = params.sort or tuple((d.key, False) for d in params.dimensions)
    whole = sum(found.values(), Foretold())
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(rows, order), currency=params.currency,
        totals=_measures(None, whole, params),
        drill=lambda row, key: _drill(session, params, row, key), chart=CHART if not params.dimensions else None,
    )


def _counted(session: DataSession, params: CommonParams) -> dict[Key, Foretold]:
    """Row key and the number of its band → what was foretold there."""
    deal, history = session.table("deal"), session.table("stage_history")
    ours = tuple(d for d in params.dimensions if d.key != "stage")
    groups, place = grouping(deal, ours), next((n for n, d in enumerate(params.dimensions) if d.key == "stage"), None)
    won = case((deal["stage"].in_(session.catalog.stages("won")), 1), else_=0)
    split = [*groups.expressions, *([history["stage"]] if place is not None else []), history["probability"], won]
    table = deal.table.join(history.table, and_(history["deal"] == deal.id, history.visible))
    asked = [
        deal.visible, deal["stage"].in_(session.catalog.stages("won", "lost")), deal.asked({"all": params.conditions(CLOSED_ON)}),
        history["stage"].in_(session.catalog.stages("open")), history["probability"].is_not(None),
    ]
    found: defaultdict[Key, Foretold] = defaultdict(Foretold)
    for row in session.execute(groups.joined(select(*split, func.count()).select_from(table)).where(*asked).group_by(*split)):
        *stage, probability, came, number = row[groups.width :]
        key = groups.key(row)
        if place is not None:
            key = (*key[:place], *stage, *key[place:])
        found[*key, min(int(probability * BANDS), BANDS - 1)][probability, bool(came)] += number
    return found


def _measures(band: int | None, counted: Foretold, params: CommonParams) -> dict[str, Any]:
    number, won = counted.total(), sum(times for (_, came), times in counted.items() if came)
    foretold = float(sum(probability * times for (probability, _), times in counted.items()) / number) if number else None
    came, between = rate(won, number), wilson(won, number) if number >= ENOUGH else None
    every = {
        BAND: None if band is None else f"{edge(band)}..{edge(band + 1)}", "promises": number, "foretold": foretold, "won": won, "came": came,
        "low": between.low if between else None, "high": between.high if between else None,
        "bias": None if foretold is None or came is None else foretold - came,
        "brier": brier((float(probability), true, times) for (probability, true), times in counted.items()),
    }
    return {c.key: every[c.key] for c in params.shown}


def edge(band: int) -> Decimal:
    """Where the band begins."""
    return Decimal(band) / BANDS


def _drill(session: DataSession, params: CommonParams, row: Row | None, key: str) -> Drill | None:
    """The entries behind a figure; behind those that came true, of won deals alone."""
    ours = tuple(d for d in params.dimensions if d.key != "stage")
    kinds = ("won",) if key == "won" else ("won", "lost")
    of_deal: list[Json] = [
        {"field": "stage", "op": "in", "value": session.catalog.stages(*kinds)}, *params.conditions(CLOSED_ON),
        *(row_conditions(session, "deal", ours, row) if row else []),
    ]
    seen = prefixed({"all": of_deal}, "deal", session.catalog.saved.every)
    if seen is None:
        return None
    own: list[Mapping[str, Any]] = [{"field": "stage", "op": "in", "value": session.catalog.stages("open")}, {"field": "probability", "op": "not_empty"}]
    if row is not None and row.get(BAND):
        low, high = row[BAND].split("..")
        own += [{"field": "probability", "op": "ge", "value": low}, {"field": "probability", "op": "le" if high == "1" else "lt", "value": high}]
    if row is not None and "stage" in params.by:
        own.append({"field": "stage", "op": "eq", "value": row["stage_id"]})
    return Drill("stage_history", {"all": [*own, *seen["all"]]})
