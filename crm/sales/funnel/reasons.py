"""Why deals were lost, and from which stage."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Column, Dimension, Drill, Table, report
from crm.backoffice.reports.grouping import Key, columns_of, row_conditions, row_keys
from crm.backoffice.reports.table import Row, rate
from crm.messages import Label
from crm.sales.funnel.counting import count_deals
from crm.sales.funnel.groups import Group
from crm.sales.funnel.view import View, has_move
from crm.sales.funnel.report import DIMENSIONS, STAGE, STANDS, FunnelParams, sorted_rows, view_of

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
    split = replace(params, dimensions=(*params.dimensions, REASON), shown=())
    found: defaultdict[Key, Group] = defaultdict(Group)
    count_deals(session, view, split, replace(params, period=None).conditions(""), found)
    keys = row_keys(session, split.dimensions, found)
    lost_here: dict[tuple[Key, int], int] = defaultdict(int)
    for key, group in found.items():
        for place, number in group.lost.items():
            lost_here[key[:-1], place] += number
    rows: list[dict[str, Any]] = []
    for key, group in found.items():
        for place, number in group.lost.items():
            stage, of_stage = view.stages.rows[place], lost_here[key[:-1], place]
            rows.append({**keys[key], STAGE: stage.key, f"{STAGE}_id": stage.id, "lost": number, "share": rate(number, of_stage), "lost_here": of_stage})
    rows.sort(key=lambda row: (row["loss_reason"] is None, row["loss_reason"]))
    by = tuple((d.key, False) for d in params.dimensions)
    lost = sum(group.lost_of_all for group in found.values())
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=sorted_rows(rows, view.stages, params.sort or (*by, (STAGE, False), ("lost", True))),
        totals={STAGE: None, "loss_reason": None, "lost": lost, "share": 1.0 if lost else None}, currency=params.currency,
        drill=lambda row, key: _drill(session, view, params, row, key),
    )


def _drill(session: DataSession, view: View, params: FunnelParams, row: Row | None, key: str) -> Drill:
    """The deals that were lost from the stage for the reason; behind a share all that were lost from it."""
    chosen = [*view.deals(), *replace(params, period=None).conditions("")]
    if row is None:
        return Drill("deal", {"all": [*chosen, has_move(view.standing(), view.stages.lost)]})
    came: Mapping[str, Any] = {"field": "from_stage", "op": "eq", "value": row[f"{STAGE}_id"]}
    split = (*params.dimensions, *(() if key == "share" else (REASON,)))
    return Drill("deal", {"all": [*chosen, has_move([*view.standing(), came], view.stages.lost), *row_conditions(session, "deal", split, row)]})
