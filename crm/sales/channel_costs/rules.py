"""What a cost of a channel must satisfy, and what fills itself in."""

from crm.backoffice.rules import Draft, before_save
from crm.messages import m
from crm.sales.channel_costs.models import CHANNEL, COST


@before_save(COST)
def of_a_whole_month(draft: Draft) -> None:
    """A cost is of a whole month: its first day is kept."""
    if draft["month"] is not None:
        draft["month"] = draft["month"].replace(day=1)


@before_save(COST)
def a_cost_is_not_negative(draft: Draft) -> None:
    """A cost is not below zero."""
    if draft["amount"] is not None and draft["amount"] < 0:
        draft.refuse("amount", m("A cost is not below zero."))


@before_save(COST)
def called_after_channel_and_month(draft: Draft) -> None:
    """A cost without a name is called after its channel and month."""
    options = draft.session.catalog.picklists.get(CHANNEL)
    channel = options.by_id(draft["sales_channel"]) if options is not None and draft["sales_channel"] is not None else None
    if not draft["name"] and channel is not None and draft["month"] is not None:
        draft["name"] = f"{channel.label.text(draft.session.catalog.company.language)}, {draft['month']:%m.%Y}"
