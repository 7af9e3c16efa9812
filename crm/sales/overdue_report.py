"""The report on overdue stays: in which stages, and with whom, open deals stand longer than the service time of the stage."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import func, null, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Chart, Column, CommonParams, Dimension, Drill, Series, Table, report
from crm.backoffice.reports.conversion import conversion, day_of_rate, notes
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, ordered, rate
from crm.backoffice.worth import Conversion, Place, add_to
from crm.messages import Label, Message, m
from crm.organization.dimensions import DEPARTMENT, MANAGER, OWNER, TERRITORY
from crm.sales.overdue import OVERDUE_STAY

EXPECTED_ON = "expected_on"
STAYS = ("stage", "stage_history.stage", "stage_history.entered_at", "stage_history.left_at")
OVERDUE: Json = {"saved": OVERDUE_STAY}

DIMENSIONS = (
    Dimension("stage", Label("Етап", "Stage"), "stage", "stage"),
    OWNER, MANAGER, DEPARTMENT, TERRITORY,
    Dimension("pipeline", Label("Воронка", "Pipeline"), "pipeline", "pipeline"),
    Dimension("account", Label("Компанія", "Company"), "account", "account"),
    Dimension("sales_channel", Label("Канал продажу", "Sales channel"), "sales_channel", picklist="sales_channel"),
)
MEASURES = (
    Column(
        "standing", Label("Стоять", "Standing"), "count",
        Label("Відкриті угоди на етапах, що мають строк", "Open deals in stages that have a service time"), STAYS,
    ),
    Column("in_time", Label("У строк", "In time"), "count", Label("З них стоять не довше за строк", "Of them, not longer than the service time"), STAYS),
    Column(
        "overdue", Label("Понад строк", "Overdue"), "count",
        Label("З них стоять на етапі більше робочих днів, ніж його строк", "Of them, longer than the service time, in working days"), STAYS,
    ),
    Column(
        "overdue_rate", Label("Частка прострочених", "Overdue rate"), "rate",
        Label("Понад строк, поділені на всі, що стоять", "Overdue divided by all that stand"), STAYS, sample=("standing",),
    ),
    Column(
        "overdue_amount", Label("Їхня сума", "Their amount"), "money", Label("Сума угод, що стоять понад строк", "The amount of the deals that are overdue"),
        (*STAYS, "amount", "currency"),
    ),
)
CHART = Chart(Label("Угоди понад строк етапу", "Deals longer in their stage than it should be"), (Series("overdue", "lost"), Series("in_time", "open")))


@dataclass
class Figures:
    """Of one row: deals that stand, those overdue, and the amounts of these by currency and day."""

    standing: int = 0
    overdue: int = 0
    money: dict[Place, Decimal | None] = field(default_factory=dict)


@report(
    "overdue_stays", label=Label("Угоди понад строк етапу", "Overdue stays"),
    question=Label("На яких етапах і в кого застрягли угоди?", "In which stages, and with whom, do deals get stuck?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=DIMENSIONS, icon="clock", opening={"by": "stage,owner"},
)
def overdue_stays(session: DataSession, params: CommonParams) -> Table:
    """Open deals as they stand now in stages that have a service time, and which of them are overdue (`crm.sales.overdue`); the period looks at `expected_on`.

    `overdue_rate` is overdue/standing, a fraction of 1, None where nothing stands. `overdue_amount` is in `params.currency`, None as soon as a part has
    no rate. A deal without history stands, and is not overdue.
    """
    found: dict[Key, Figures] = defaultdict(Figures)
    for key, count, _ in _counted(session, params):
        found[key].standing += count
    for key, count, amounts in _counted(session, params, OVERDUE):
        found[key].overdue += count
        for place, amount in amounts.items():
            add_to(found[key].money, place, amount)
    whole = Figures(sum(one.standing for one in found.values()), sum(one.overdue for one in found.values()))
    for one in found.values():
        for place, amount in one.money.items():
            add_to(whole.money, place, amount)
    done = conversion(session, params, (place.currency for place in whole.money))
    rows = found or ({} if params.dimensions else {(): whole})
    keys = row_keys(session, params.dimensions, rows)
    shown = [{**keys[key], **_measures(one, params, done)} for key, one in rows.items()]
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown),
        rows=ordered(ordered(shown, tuple((d.key, False) for d in params.dimensions)), params.sort or (("overdue", True),)),
        totals=_measures(whole, params, done), currency=params.currency, drill=lambda row, key: _drill(session, params, row, key),
        notes=(*_unlimited(session), *notes(session, session.catalog.entity("deal"), params, done, whole.money)), chart=CHART if params.dimensions else None,
    )


def _stages(session: DataSession) -> list[int]:
    return [one.id for one in session.catalog.configured["stage"].values() if one.values["kind"] == "open" and one.values["days"]]


def _unlimited(session: DataSession) -> tuple[Message, ...]:
    return () if _stages(session) else (m("No open stage has a service time, so no deal can be overdue. A stage is given one on its page in the data set-up."),)


def _chosen(session: DataSession, params: CommonParams, *more: Json) -> list[Json]:
    return [{"field": "stage", "op": "in", "value": _stages(session)}, *params.conditions(EXPECTED_ON), *more]


def _counted(session: DataSession, params: CommonParams, *more: Json) -> Iterator[tuple[Key, int, Mapping[Place, Decimal | None]]]:
    """Deals that stand, and `more` than that, by row; their amounts where they are asked for."""
    deal, base = session.table("deal"), session.catalog.company.currency
    groups, priced = grouping(deal, params.dimensions), bool(more) and params.shows("overdue_amount")
    split = [*groups.expressions, *((deal["currency"], day_of_rate(deal, params)) if priced else ())]
    amount = func.sum(deal["amount"]) if priced else null()
    statement = groups.joined(select(*split, func.count(deal.id), amount).select_from(deal.table))
    chosen = statement.where(deal.visible, deal.asked({"all": _chosen(session, params, *more)}))
    for row in session.execute(chosen.group_by(*(one for one in split if not isinstance(one, type(null()))))):
        *money, count, total = row[groups.width :]
        yield groups.key(row), count, {Place(money[0] or base, money[1]): total} if priced else {}


def _measures(one: Figures, params: CommonParams, done: Conversion) -> dict[str, Any]:
    every: dict[str, Any] = {
        "standing": one.standing, "in_time": one.standing - one.overdue, "overdue": one.overdue, "overdue_rate": rate(one.overdue, one.standing),
        "overdue_amount": done.total(one.money) if one.money or one.overdue else Decimal(0),
    }
    return {c.key: every[c.key] for c in params.shown}


def _drill(session: DataSession, params: CommonParams, row: Row | None, key: str) -> Drill:
    """The deals behind a figure; behind the rate and the amount those that are overdue."""
    own: dict[str, list[Json]] = {"standing": [], "in_time": [{"not": OVERDUE}]}
    chosen = _chosen(session, params, *own.get(key, [OVERDUE]))
    return Drill("deal", {"all": [*chosen, *(row_conditions(session, "deal", params.dimensions, row) if row else [])]})
