"""What the demo company's administrator has set: how long a deal is meant to stay in each stage, and with which dashboards heads and sellers begin."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from crm.backoffice.catalog import Catalog
from crm.backoffice.lowcode.document import Document, from_raw
from crm.backoffice.lowcode.pipelines import PipelineSpec, StageSpec, pipeline_of, stage_stands, stages_of

# Working days. Of the pipelines that the demo's deals go through; a stage with a service time of its own keeps it.
SERVICE_TIMES: Mapping[str, Mapping[str, int]] = {
    "sales": {"lead": 5, "qualified": 10, "proposal": 14, "negotiation": 16, "contract": 10}, "demo-service": {"request": 4, "survey": 8, "offer": 12},
}
MINE = {"field": "owner", "op": "eq", "value": "@me"}
LATE = {"saved": "@overdue_stay"}
DASHBOARDS: Mapping[str, Mapping[str, Any]] = {
    "demo-head": {
        "label": {"uk": "Відділ продажу", "en": "Sales department"}, "roles": ["head"],
        "panels": [
            {"kind": "report", "report": "forecast_months", "asks": {"by": ""}, "width": 6},
            {"kind": "report", "report": "funnel", "asks": {"pipeline": "sales", "period": "last_365_days"}, "width": 6},
            {"kind": "report", "report": "win_rate", "asks": {"by": "owner", "period": "this_year"}, "width": 6},
            {"kind": "report", "report": "overdue_stays", "asks": {"by": "owner"}, "as": "table", "width": 6},
            {"kind": "today", "what": "approvals", "width": 8},
            {"kind": "today", "what": "numbers", "width": 4},
            {"kind": "today", "what": "plan", "width": 8},
            {"kind": "today", "what": "steps", "width": 8},
        ],
    },
    "demo-seller": {
        "label": {"uk": "День продавця", "en": "A seller’s day"}, "roles": ["seller"],
        "panels": [
            *({"kind": "today", "what": what, "width": 6} for what in ("plan", "steps", "closing")),
            {
                "kind": "list", "entity": "deal", "asks": {"where": {"all": [MINE, LATE]}, "sort": "-amount"}, "as": "rows", "width": 6,
                "title": {"uk": "Мої угоди, що стоять задовго", "en": "My deals that stand too long"},
            },
            {"kind": "report", "report": "win_rate", "asks": {"by": "month", "period": "last_365_days", "owner": "me"}, "width": 6},
        ],
    },
}


def wanted(catalog: Catalog) -> Document:
    """The service times that stages lack, and the dashboards that are not there."""
    lacking = {key: {one.key for one in _stages(catalog, key) if one.days is None and one.key in days} for key, days in SERVICE_TIMES.items()}
    dashboards = {key: said for key, said in DASHBOARDS.items() if key not in catalog.dashboards}
    return replace(from_raw({"dashboards": dashboards}, catalog), pipelines=_with_days(catalog, lacking, SERVICE_TIMES))


def names(document: Document) -> list[str]:
    """What of `wanted` the demo has set itself, to be kept until it goes."""
    timed = [f"{one.key}.{stage.key}" for one in document.pipelines for stage in one.stages if stage.days == SERVICE_TIMES[one.key].get(stage.key)]
    return [*timed, *(one.key for one in document.dashboards)]


def taken_back(catalog: Catalog, kept: Collection[str]) -> Document:
    """Without the service times and dashboards that the demo has set (`names`); what somebody has changed since stays."""
    own = {
        key: {one.key for one in _stages(catalog, key) if f"{key}.{one.key}" in kept and one.days == days.get(one.key)} for key, days in SERVICE_TIMES.items()
    }
    begun = from_raw({"dashboards": DASHBOARDS}, catalog).dashboards
    gone = tuple(("dashboard", "dashboard", one.key) for one in begun if one.key in kept and catalog.dashboards.get(one.key) == one)
    return Document(pipelines=_with_days(catalog, own, {}), removed=gone)


def _stages(catalog: Catalog, key: str) -> tuple[StageSpec, ...]:
    return tuple(stage_stands(row) for row in stages_of(catalog, pipeline_of(catalog, key)).values())


def _with_days(catalog: Catalog, chosen: Mapping[str, Collection[str]], days: Mapping[str, Mapping[str, int]]) -> tuple[PipelineSpec, ...]:
    """Pipelines as they stand but for the service times of the chosen stages; those in which none is chosen are left out."""
    found = []
    for key, stages in chosen.items():
        known = pipeline_of(catalog, key)
        if known is not None and stages:
            own = days.get(key, {})
            specs = tuple(replace(one, days=own.get(one.key)) if one.key in stages else one for one in _stages(catalog, key))
            found.append(PipelineSpec(key, known.label, "deal", specs))
    return tuple(found)
