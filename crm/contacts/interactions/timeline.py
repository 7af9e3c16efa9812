"""Interactions on the timelines of those they were with."""

from sqlalchemy import ColumnElement

from crm.backoffice.sight import Source
from crm.backoffice.timeline.kinds import tells
from crm.contacts.interactions.models import HISTORY


@tells("interaction", HISTORY, icon="message", entity="interaction", at="starts_at", fields=(
    "name", "medium", "direction", "state", "result", "actual_minutes", "planned_minutes", "minutes", "agenda", "account", "contact", "deal", "owner",
))
def interactions(source: Source) -> ColumnElement[bool]:
    """Every one, planned or held."""
    return source["starts_at"].is_not(None)
