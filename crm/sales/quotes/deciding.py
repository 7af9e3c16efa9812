"""A yes or a no to the discount of a quote: given to what was read, and to nothing that has become of it since."""

from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.saving.drafts import visible
from crm.errors import Conflict, NotFound
from crm.sales.quotes.counting import QUOTE
from crm.sales.quotes.rules import DECIDING


def decide(session: DataSession, quote: int, decision: str, reason: str, seen_version: int) -> None:
    """Decide on a quote as it stood in `seen_version`: `decision` is yes or no. Raises NotFound, Forbidden, Invalid, Conflict where it was changed since."""
    if quote not in visible(session, "quote", [quote]):
        raise NotFound()
    now = session.kernel(select(QUOTE.c.row_version).where(QUOTE.c.id == quote).with_for_update()).scalar_one()
    if now != seen_version:
        raise Conflict("quote", quote, ("state",))
    session.info[DECIDING] = True
    try:
        records.change(session, "quote", quote, {"decision": decision, "decision_reason": reason})
    finally:
        del session.info[DECIDING]
