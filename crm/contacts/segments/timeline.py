"""Who came into segments and left them, on the timelines of companies and people."""

from sqlalchemy import ColumnElement

from crm.backoffice.sight import Source
from crm.backoffice.timeline.kinds import tells
from crm.messages import Label

OWN = ("segment",)  # its list of members says it better
FIELDS = ("segment", "account", "contact", "how", "why_left", "created_by", "until")


@tells("segment_in", Label("Вхід у сегменти", "Came into segments"), icon="filter", entity="segment_member", at="since", fields=FIELDS, not_on=OWN)
def came(source: Source) -> ColumnElement[bool]:
    """Every membership, at its beginning."""
    return source["since"].is_not(None)


@tells("segment_out", Label("Вихід із сегментів", "Left segments"), icon="filter", entity="segment_member", at="until", fields=FIELDS, not_on=OWN)
def left(source: Source) -> ColumnElement[bool]:
    """Every membership that is over, at its end."""
    return source["until"].is_not(None)
