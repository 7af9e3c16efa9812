"""The secret address by which a calendar programme reads somebody's plan: one a person, stored hashed, ended by him at any time, and with his
sign-ins. It is as good as a sign-in to whoever has it, so what ends all of those ends it too."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import ForeignKey, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice import journal
from crm.backoffice.entities import Base
from crm.backoffice.guard import DataSession
from crm.backoffice.types import UtcMoment
from crm.organization.models import User
from crm.organization.sign_in_models import token_hash

LIFETIME = timedelta(days=365)
TOLD = timedelta(days=90)  # how long its person is told that it was ended for him
Why = Literal["signed_out", "password", "administrator", "left", "email"]


class CalendarLink(Base):
    """The address of a plan, known by its sha256. No user's session sees these."""

    __tablename__ = "calendar_link"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True, autoincrement=False)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcMoment())
    expires_at: Mapped[datetime] = mapped_column(UtcMoment())
    ended_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    why: Mapped[str | None] = mapped_column(String(16))  # it was ended before its time; see `Why`


class Link(NamedTuple):
    """Since when a link holds and until when; or when and why it was ended."""

    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    why: Why | None


def link_of(session: DataSession, user_id: int) -> Link | None:
    """A person's link that still holds, or that was ended for him lately."""
    table, now = CalendarLink.__table__, datetime.now(UTC)
    row = session.kernel(select(table.c.made_at, table.c.expires_at, table.c.ended_at, table.c.why).where(table.c.user_id == user_id)).first()
    if row is None or (row.expires_at <= now if row.ended_at is None else row.ended_at <= now - TOLD):
        return None
    return Link(*row)


def renew(session: DataSession, user_id: int) -> str:
    """A new link instead of the one there was; returns its secret, which is stored nowhere. The caller commits."""
    table, now, secret = CalendarLink.__table__, datetime.now(UTC), secrets.token_urlsafe(32)
    session.kernel(delete(table).where(table.c.user_id == user_id))
    session.kernel(insert(table), [{"user_id": user_id, "token_hash": token_hash(secret), "made_at": now, "expires_at": now + LIFETIME}])
    journal.event(session, "calendar_link_made", "user", user_id)
    return secret


def revoke(session: DataSession, user_id: int) -> bool:
    """End one's own link and forget it; False when there is none. The caller commits."""
    table = CalendarLink.__table__
    ended = session.kernel(delete(table).where(table.c.user_id == user_id).returning(table.c.user_id)).first() is not None
    if ended:
        journal.event(session, "calendar_link_revoked", "user", user_id)
    return ended


def end(session: DataSession, user_id: int, why: Why) -> bool:
    """End a person's link for him; his profile tells it. False when none held. The caller commits."""
    table = CalendarLink.__table__
    held = update(table).where(table.c.user_id == user_id, table.c.ended_at.is_(None)).values(ended_at=datetime.now(UTC), why=why)
    ended = session.kernel(held.returning(table.c.user_id)).first() is not None
    if ended:
        journal.event(session, "calendar_link_revoked", "user", user_id, {"why": [None, why]})
    return ended


def holder(session: DataSession, secret: str) -> int | None:
    """Whose link this is; None for one that never was, was revoked or is too old, and of a person who has left: all the same."""
    table = CalendarLink.__table__
    query = select(table.c.user_id).join(User, User.id == table.c.user_id).where(
        table.c.token_hash == token_hash(secret), table.c.expires_at > datetime.now(UTC), table.c.ended_at.is_(None), User.active, User.deleted_at.is_(None)
    )
    found: int | None = session.kernel(query).scalar()
    return found
