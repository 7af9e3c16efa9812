"""The job of every day that says of sent quotes whose day is past that they have run out."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from crm.backoffice.daily import daily
from crm.backoffice.guard import system_session
from crm.backoffice.jobs import Work, job
from crm.sales.quotes.counting import QUOTE
from crm.sales.quotes.course import EXPIRED, SENT, state
from crm.sales.quotes.rules import follow

JOB, AT_ONCE = "quotes_expire", 200


@job(JOB)
def expire(work: Work) -> Mapping[str, Any]:
    """In short transactions; done once more it finds nothing."""
    done = 0
    while True:
        with system_session(work.engine, "quotes whose day is past", work.catalog, write=True, source="job") as session:
            sent, expired = state(session, SENT), state(session, EXPIRED)
            past = select(QUOTE.c.id).where(QUOTE.c.state_id == sent, QUOTE.c.valid_until < session.reader.today, QUOTE.c.deleted_at.is_(None))
            numbers = list(session.kernel(past.order_by(QUOTE.c.id).limit(AT_ONCE)).scalars()) if expired is not None else []
            follow(session, {number: {"state": expired} for number in numbers})
            session.commit()
        if not numbers:
            return {"expired": done}
        done += len(numbers)


daily(JOB)
