"""What became of deals, on their own timelines and on those of their companies, people and owners."""

from sqlalchemy import ColumnElement, and_, not_, or_

from crm.backoffice.sight import Source
from crm.backoffice.timeline.kinds import tells
from crm.messages import Label

FIELDS = ("deal", "from_stage", "stage", "attempt", "created_by")


@tells("deal", Label("Угоди", "Deals"), icon="coins", entity="stage_history", at="entered_at", fields=FIELDS, repeats="stage")
def opened_and_closed(source: Source) -> ColumnElement[bool]:
    """Deals opened, won and lost."""
    return or_(_ends(source), source["from_stage"].is_(None))


@tells("stage", Label("Етапи", "Stages"), icon="stairs", entity="stage_history", at="entered_at", fields=FIELDS, repeats="stage")
def moved(source: Source) -> ColumnElement[bool]:
    """Deals moved from one stage to another."""
    return and_(not_(_ends(source)), source["from_stage"].is_not(None))


def _ends(source: Source) -> ColumnElement[bool]:
    stages = source.sight.catalog.configured["stage"]
    return source["stage"].in_([number for number, stage in stages.items() if stage.values.get("kind") in ("won", "lost")])
