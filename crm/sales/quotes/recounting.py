"""The job that judges quotes which may still be changed by the limits of discounts as they are now: a limit was changed, a role given or ended."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from crm.backoffice.daily import daily
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.jobs import Work, enqueue, job
from crm.backoffice.rules import Draft, when_changed
from crm.sales.quotes.counting import QUOTE, keep_totals
from crm.sales.quotes.course import OPEN, state

JOB, AT_ONCE = "quotes_recount", 100


@job(JOB)
def recount(work: Work) -> Mapping[str, Any]:
    """In short transactions, by number; what it finds is kept with the quotes and takes no yes back: that was given to what is offered."""
    last = done = 0
    while True:
        with system_session(work.engine, "limits of discounts", work.catalog, write=True, source="job") as session:
            open_ones = [number for one in OPEN if (number := state(session, one)) is not None]
            some = select(QUOTE.c.id).where(QUOTE.c.id > last, QUOTE.c.state_id.in_(open_ones), QUOTE.c.deleted_at.is_(None))
            numbers = list(session.kernel(some.order_by(QUOTE.c.id).limit(AT_ONCE).with_for_update()).scalars())
            keep_totals(session, numbers)
            session.commit()
        if not numbers:
            return {"quotes": done}
        last, done = numbers[-1], done + len(numbers)


daily(JOB)


@when_changed("discount_limit", "most", "role", "category", "deleted_at")
def quotes_follow_the_limits(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Quotes that may still be changed are judged anew when a limit is changed."""
    enqueue(session, JOB, {})
