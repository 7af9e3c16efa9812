"""What files say of deals beside their fields: the days on which they entered their stages."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from crm.backoffice.catalog import Catalog
from crm.backoffice.exchange.related import Entry, extra
from crm.backoffice.fields.base import FieldError
from crm.backoffice.periods import day_start
from crm.messages import m

CLOSED = "closed"


def _arguments(catalog: Catalog) -> Iterable[str]:
    return [CLOSED, *dict.fromkeys(stage.key for stage in catalog.configured["stage"].values())]


@extra("deal", "stage_entered", child="stage_history", needs=("pipeline", "stage"), arguments=_arguments)
def stage_entered(catalog: Catalog, deal: Mapping[str, Any], days: Mapping[str, date]) -> list[Entry]:
    """Stage history of a deal: `stage_entered.<stage>`, and `stage_entered.closed` for the won or lost stage in which it stands.

    A day enters as its start in the company's zone. Raises FieldError: a closing day of an open deal, a stage of another pipeline.
    """
    stages = catalog.configured["stage"]
    standing = stages.get(deal.get("stage") or 0)
    pipeline = deal.get("pipeline") or (standing.parent_id if standing else None) or _first(catalog)
    moves: list[tuple[date, int, int]] = []
    for name, day in days.items():
        if name == CLOSED:
            if standing is None or standing.values.get("kind") == "open":
                raise FieldError(m("A deal in an open stage has no day on which it was closed."))
            stage = standing
        else:
            found = next((s for s in stages.values() if s.key == name and s.parent_id == pipeline), None)
            if found is None:
                raise FieldError(m("The deal's pipeline has no stage “%(stage)s”.", stage=name))
            stage = found
        moves.append((day, stage.position, stage.id))
    entries: list[Entry] = []
    before: int | None = None
    for day, _, stage_id in sorted(moves):
        entries.append(Entry({"stage": stage_id}, {"entered_at": day_start(day, catalog.company.zone), "from_stage": before}))
        before = stage_id
    return entries


def _first(catalog: Catalog) -> int | None:
    return next((p.id for p in catalog.configured["pipeline"].values() if p.values.get("entity") == "deal"), None)
