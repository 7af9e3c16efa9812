"""What an action of a competitor must satisfy, and what fills itself in."""

from crm.backoffice.rules import LOADING, Draft, before_save
from crm.messages import m


@before_save("competitor_action")
def happened_by_now(draft: Draft) -> None:
    """An action happened today or earlier: today unless another day is given."""
    today = draft.session.reader.today
    if draft["happened_on"] is None and draft.is_new and draft.session.source not in LOADING:
        draft["happened_on"] = today
    if draft["happened_on"] is not None and draft.changed("happened_on") and draft["happened_on"] > today:
        draft.refuse("happened_on", m("What has not happened yet is no action of a competitor."))
