"""What the screens of competitors do beside the derived ones: an action begun from a talk is nearly filled in by what that talk says."""

from collections.abc import Mapping
from typing import Any

from crm.admin_views.kit.beforehand import begins_with
from crm.admin_views.kit.form_fields import number_of
from crm.backoffice import lists
from crm.backoffice.fields.base import Ref
from crm.backoffice.guard import UserSession
from crm.errors import NotFound

TAKEN = ("account", "deal", "competitors", "held_at", "subject")


@begins_with("competitor_action")
def from_the_minutes(session: UserSession, asked: Mapping[str, str]) -> Mapping[str, Any]:
    """Today; begun from an interaction its day, company and deal, its subject as the source, and the competitor where one alone is mentioned, as far
    as the writer sees them there."""
    values: dict[str, Any] = {"happened_on": session.reader.today}
    number = number_of(asked.get("interaction", ""))
    if number is None or not session.sight.may("interaction", "read"):
        return values
    readable = session.sight.readable("interaction")
    try:
        talk = lists.record(session, "interaction", number, [key for key in TAKEN if key in readable]).values
    except NotFound:
        return values
    for key in ("account", "deal"):
        if isinstance(talk.get(key), Ref) and talk[key].text is not None:
            values[key] = talk[key]
    named = talk.get("competitors")
    if isinstance(named, tuple) and len(named) == 1 and isinstance(named[0], Ref) and named[0].text is not None:
        values["competitor"] = named[0]
    if hasattr(talk.get("held_at"), "astimezone"):
        values["happened_on"] = talk["held_at"].astimezone(session.reader.zone).date()
    if isinstance(talk.get("subject"), str):
        values["known_from"] = talk["subject"]
    return values
