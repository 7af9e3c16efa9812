"""The secret address by which a customer reads a quote and answers it: one a quote, stored hashed, made and ended by whoever may answer for him.

It shows what its maker sees, by his rights as they are when it is opened, and only while he sees all of it: so it gives away nothing that its maker has
lost the right to, and a customer never agrees to a quote of which a part is missing.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ForeignKey, String, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice import journal
from crm.backoffice.entities import Base
from crm.backoffice.guard import DataSession, SystemSession
from crm.backoffice.reports.sight import names
from crm.backoffice.types import UtcMoment
from crm.errors import Forbidden, Invalid, NotFound
from crm.messages import m
from crm.organization.sign_in_models import token_hash
from crm.sales.models import Deal
from crm.sales.quotes.counting import QUOTE
from crm.sales.quotes.course import ACCEPTED, DECLINED, SENT, state_of
from crm.sales.quotes.making import wholly

SHEET = (
    "deal", "number", "version", "name", "state", "legal_entity", "valid_until", "currency", "list_amount", "whole_discount", "whole_amount", "amount", "tax",
    "total", "discount", "payment_terms", "delivery_terms",
)
SHEET_LINE = ("product", "description", "quantity", "price", "discount", "tax_rate", "amount", "optional", "chosen")
MOST = 5  # links of a quote within an hour
LINKED = frozenset({SENT, ACCEPTED, DECLINED})


class QuoteLink(Base):
    """The address of a quote, known by its sha256. No user's session sees these."""

    __tablename__ = "quote_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    language: Mapped[str] = mapped_column(String(8))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcMoment())
    ended_at: Mapped[datetime | None] = mapped_column(UtcMoment())


LINK, DEAL = QuoteLink.__table__, Deal.__table__


class Held(NamedTuple):
    """What a link opens: of which quote, in the customer's language, by whose rights, and in which state the quote is."""

    quote: int
    made_by: int
    language: str
    state: str


def make(session: DataSession, quote: int, language: str) -> str:
    """A new link instead of the one there was; its secret, which is stored nowhere. Raises NotFound, Forbidden, Invalid. The caller commits."""
    may_answer(session, quote)
    seen_wholly(session, quote)
    now = session.kernel(select(QUOTE.c.state_id, QUOTE.c.valid_until).where(QUOTE.c.id == quote).with_for_update()).one()
    if state_of(session, now.state_id) != SENT:
        raise Invalid({"state": m("Only a quote that is sent has a link for the customer.")})
    if now.valid_until is not None and now.valid_until < session.catalog.reader().today:
        raise Invalid({"valid_until": m("The quote was valid until a day that is past. Give it another one, or make a new version.")})
    not_too_often(session, quote)
    _end(session, quote)
    secret = secrets.token_urlsafe(32)
    session.kernel(insert(LINK), [{
        "quote_id": quote, "token_hash": token_hash(secret), "language": language, "made_by_id": session.actor_id, "made_at": datetime.now(UTC),
    }])
    journal.event(session, "quote_link_made", "quote", quote)
    return secret


def not_too_often(session: DataSession, quote: int) -> None:
    """Raises Invalid where so many links of a quote were made lately that one more would be a nuisance to its customer, who gets them by mail."""
    lately = select(func.count()).where(LINK.c.quote_id == quote, LINK.c.made_at > datetime.now(UTC) - timedelta(hours=1))
    if session.kernel(lately).scalar_one() >= MOST:
        raise Invalid({"link": m("Links of this quote were made too often within an hour. Try again later.")})


def withdraw(session: DataSession, quote: int) -> bool:
    """End the link of a quote; False when there is none. Raises NotFound, Forbidden. The caller commits."""
    may_answer(session, quote)
    ended = _end(session, quote)
    if ended:
        journal.event(session, "quote_link_ended", "quote", quote)
    return ended


def _end(session: DataSession, quote: int) -> bool:
    held = update(LINK).where(LINK.c.quote_id == quote, LINK.c.ended_at.is_(None)).values(ended_at=datetime.now(UTC))
    return session.kernel(held.returning(LINK.c.id)).first() is not None


def since(session: DataSession, quote: int) -> datetime | None:
    """When the link of a quote was made that has not been ended; None where there is none."""
    found: datetime | None = session.kernel(select(LINK.c.made_at).where(LINK.c.quote_id == quote, LINK.c.ended_at.is_(None))).scalar()
    return found


def held_by(session: SystemSession, secret: str) -> Held | None:
    """What a link opens; None for one that never was, was ended or is past its day, and of a quote that is superseded or removed, or its deal is: all the
    same."""
    query = select(LINK.c.quote_id, LINK.c.made_by_id, LINK.c.language, QUOTE.c.state_id, QUOTE.c.valid_until).join(QUOTE, QUOTE.c.id == LINK.c.quote_id)
    stands = (LINK.c.ended_at.is_(None), QUOTE.c.deleted_at.is_(None), DEAL.c.deleted_at.is_(None))
    row = session.kernel(query.join(DEAL, DEAL.c.id == QUOTE.c.deal_id).where(LINK.c.token_hash == token_hash(secret), *stands)).first()
    now = state_of(session, row.state_id) if row is not None else ""
    if row is None or now not in LINKED:
        return None
    if now == SENT and row.valid_until is not None and row.valid_until < session.catalog.reader().today:
        return None
    return Held(row.quote_id, row.made_by_id, row.language, now)


def may_answer(session: DataSession, quote: int) -> None:
    """Raises NotFound for who does not see the quote, Forbidden for who may not say himself what the customer answered."""
    quotes = session.table("quote")
    if session.execute(select(quotes.id).where(quotes.visible, quotes.id == quote)).first() is None:
        raise NotFound()
    if "state" not in session.sight.editable("quote"):
        raise Forbidden()
    allowed = select(quotes.id).where(quotes.visible, quotes.id == quote, quotes.may("update"), quotes.may_edit("state", "update"))
    if session.execute(allowed).first() is None:
        raise Forbidden()


def seen_wholly(session: DataSession, quote: int) -> None:
    """Raises NotFound and Forbidden for whoever does not see all that stands on the sheet, down to what each product is called: nobody agrees to a line
    without a name."""
    if not wholly(session, "quote", SHEET, "id", quote):
        raise NotFound()
    offered = {line["product"] for line in wholly(session, "quote_line", SHEET_LINE, "quote", quote)}
    if offered - names(session, "product", offered).keys():
        raise Forbidden(m("A product of the quote is removed, or you do not see it: its line would have no name."))


def contact_of(session: DataSession, quote: int) -> str | None:
    """The e-mail of the contact person of the quote's deal, as far as the session's person sees it."""
    try:
        (about,) = wholly(session, "quote", ("deal",), "id", quote) or (None,)
        (deal,) = (wholly(session, "deal", ("contact",), "id", about["deal"]) if about else []) or (None,)
        (person,) = (wholly(session, "contact", ("email",), "id", deal["contact"]) if deal and deal["contact"] else []) or (None,)
    except Forbidden:
        return None
    return person["email"] if person else None
