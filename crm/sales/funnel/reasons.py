"""Why deals were lost, and from which stage."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Column, Dimension, Drill, Table, report
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.parameters import Json
from crm.backoffice.reports.table import Row, rate
from crm.messages import Label
from crm.sales.funnel.lengths import looked_at_rows
from crm.sales.funnel.report import DIMENSIONS, STAGE, STANDS, FunnelParams, sorted_rows, view_of
from crm.sales.funnel.view import HISTORY, View, has_move

REASON = Dimension("loss_reason", Label("Причина програшу", "Loss reason"), "loss_reason", picklist="loss_reason")
NEEDS = (*STANDS, "loss_reason")
MEASURES = (
    Column(STAGE, Label("Етап", "Stage"), "stage", Label("Звідки угоду програно", "From where the deal was lost"), NEEDS),
    Column("loss_reason", REASON.label, "option", Label("Порожньо: причини не названо", "Empty: no reason was given"), NEEDS, picklist="loss_reason"),
    Column("lost", Label("Програно", "Lost"), "count",
           Label("Стоять на програному етапі, потрапили туди з цього й з цієї причини", "They stand in a lost stage, came there from this one for this reason"),
           NEEDS),
    Column("share", Label("Частка етапу", "Share of the stage"), "rate",
           Label("З усіх програних із цього етапу", "Of all that were lost from the stage"), NEEDS, sample=("lost_here",)),
)


@report(
    "funnel_reasons", label=Label("Чому програно", "Why deals are lost"),
    question=Label("З якого етапу й чому програно угоди?", "From which stage were deals lost, and why?"),
    group="sales", entity="deal", measures=MEASURES, dimensions=tuple(d for d in DIMENSIONS if d.key != REASON.key), params=FunnelParams, icon="x",
    opening={"period": "last_365_days"},
)
def funnel_reasons(session: DataSession, params: FunnelParams) -> Table:
    """The deals of the funnel that were lost, by the stage from which they were lost and their reason, split by `params.by`.

    Only what occurs is a row. `share` is a fraction of 1 of those lost from the stage. The totals count all lost deals of the funnel, also those that
    were never in another stage. Raises BadRequest where there are several pipelines and none is named.
    """
    view = view_of(session, params)
    split = (*params.dimensions, REASON)
    found = _lost(session, view, split, replace(params, period=None).conditions(""))
    keys = row_keys(session, split, found)
    lost_here: dict[tuple[Key, int], int] = defaultdict(int)
    places = view.stages.places
    known = [(key, places[came_from], number) for key, lost in found.items() for came_from, number in lost.items() if came_from in places]
    for key, place, number in known:
        lost_here[key[:-1], place] += number
    rows: list[dict[str, Any]] = []
    for key, place, number in known:
        stage, of_stage = view.stages.rows[place], lost_here[key[:-1], place]
        rows.append({**keys[key], STAGE: stage.key, f"{STAGE}_id": stage.id, "lost": number, "share": rate(number, of_stage), "lost_here": of_stage})
    rows.sort(key=lambda row: (row["loss_reason"] is None, row["loss_reason"]))
    by = tuple((d.key, False) for d in params.dimensions)
    lost = sum(each.total() for each in found.values())
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=sorted_rows(rows, view.stages, params.sort or (*by, (STAGE, False), ("lost", True))),
        totals={STAGE: None, "loss_reason": None, "lost": lost, "share": 1.0 if lost else None}, currency=params.currency,
        drill=lambda row, key: _drill(session, view, params, row, key),
    )


def _lost(session: DataSession, view: View, dimensions: tuple[Dimension, ...], chosen: Sequence[Json]) -> dict[Key, Counter[int | None]]:
    """How many deals stand in a lost stage in the end, by row key and the stage from which they came there: one row of the history of each."""
    deal, last = session.table("deal"), session.table(HISTORY)
    groups, found = grouping(deal, dimensions), defaultdict[Key, Counter[int | None]](Counter)
    table, where = looked_at_rows(session, view, last, deal, chosen)
    for lasts in view.lasts(last):
        counted = groups.joined(select(*groups.expressions, last["from_stage"], func.count()).select_from(table))
        counted = counted.where(*where, lasts, *view.moved(last), last["stage"].in_(view.stages.lost)).group_by(*groups.expressions, last["from_stage"])
        for row in session.execute(counted):
            came_from, number = row[groups.width :]
            found[groups.key(row)][came_from] += number
    return found


def _drill(session: DataSession, view: View, params: FunnelParams, row: Row | None, key: str) -> Drill:
    """The deals that were lost from the stage for the reason; behind a share all that were lost from it."""
    chosen = [*view.deals(), *replace(params, period=None).conditions("")]
    if row is None:
        return Drill("deal", {"all": [*chosen, has_move(view.standing(), view.stages.lost)]})
    came: Mapping[str, Any] = {"field": "from_stage", "op": "eq", "value": row[f"{STAGE}_id"]}
    split = (*params.dimensions, *(() if key == "share" else (REASON,)))
    return Drill("deal", {"all": [*chosen, has_move([*view.standing(), came], view.stages.lost), *row_conditions(session, "deal", split, row)]})
