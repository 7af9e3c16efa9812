"""The next number of a counter, said by a person: a company that moves in goes on where it stood.

A counter is no configuration but data: it moves with every new record. So the number is set at once, in a transaction that holds the counter as the
one door does, and set anew by whoever was mistaken, as long as no record has a higher one.
"""

from sqlalchemy import BigInteger, and_, case, cast, func, or_, select, update

from crm.backoffice import journal
from crm.backoffice.custom.models import COUNTERS
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.numbering import MOST_DIGITS, Mask, read_mask
from crm.backoffice.guard import DataSession
from crm.backoffice.saving.counters import hold
from crm.errors import FieldError
from crm.messages import m

MOST = 1_000_000_000  # a counter is kept as an integer of four bytes, and goes on from here
EVENT = "next_number"


def set_next(session: DataSession, kind: Entity, spec: Field, scope: str, number: int) -> str | None:
    """Let the counter that runs over `scope` go on with `number`, journaled; what it gives next, None where that was so already. Whoever makes a record
    meanwhile waits, or is waited for. Raises FieldError for a number that is in use or beneath one that is, and for a counter that the mask does not have."""
    mask = read_mask(spec.numbering)
    text = mask.text_in(scope, number)
    if text is None:
        raise FieldError(m("There is no such counter."))
    if not 0 < number <= MOST:
        raise FieldError(m("A whole number from 1 to %(most)s is expected.", most=MOST))
    last, here = hold(session, spec, scope), (COUNTERS.c.field == spec.number, COUNTERS.c.scope == scope)
    kept, until = session.kernel(select(COUNTERS.c.kept, COUNTERS.c.until).where(*here)).one()
    top = max(highest(session, kind, spec, mask, scope), until if kept < until else 0)
    if number <= top:
        raise FieldError(m(
            "The highest number in use is %(highest)s, so the next one is %(least)s or higher.", highest=str(mask.text_in(scope, top)), least=top + 1,
        ))
    if last == number - 1:
        return None
    session.kernel(update(COUNTERS).where(*here).values(last=number - 1))
    journal.event(session, EVENT, kind.key, None, {"field": [None, spec.key], "counter": [None, scope], "next": [mask.text_in(scope, last + 1), text]})
    return text


def highest(session: DataSession, kind: Entity, spec: Field, mask: Mask, scope: str) -> int:
    """The highest number of a counter that a record has, one in the recycle bin too; 0 for none. Numbers of other masks count where they read alike."""
    before, after = mask.around(scope) or ("", "")
    text, beside = kind.table.c[spec.attribute], len(before) + len(after)
    digits = case((func.length(text) > beside, func.length(text) - beside), else_=0)  # PostgreSQL refuses a length below zero
    middle = func.substr(text, len(before) + 1, digits)
    alike = and_(
        digits > 0, digits <= MOST_DIGITS, func.substr(text, 1, len(before)) == before, func.substr(text, len(before) + 1 + digits) == after,
        func.ltrim(middle, "0123456789") == "", or_(digits == mask.digits, and_(digits > mask.digits, func.substr(middle, 1, 1) != "0")),
    )
    # A text that is no number must not come to the cast: only CASE says what is worked out first.
    return int(session.kernel(select(func.max(case((alike, cast(middle, BigInteger)))))).scalar() or 0)
