"""The secret address by which a calendar programme reads somebody's plan: one a person, stored hashed, ended by him at any time."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ForeignKey, String, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice import journal
from crm.backoffice.entities import Base
from crm.backoffice.guard import DataSession
from crm.backoffice.types import UtcMoment
from crm.organization.models import User
from crm.organization.sign_in import token_hash

LIFETIME = timedelta(days=365)


class CalendarLink(Base):
    """The address of a plan, known by its sha256. No user's session sees these."""

    __tablename__ = "calendar_link"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True, autoincrement=False)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcMoment())
    expires_at: Mapped[datetime] = mapped_column(UtcMoment())


class Times(NamedTuple):
    """Since when a link holds and until when."""

    made_at: datetime
    expires_at: datetime


def link_of(session: DataSession, user_id: int) -> Times | None:
    """The times of a person's link that still holds."""
    table = CalendarLink.__table__
    row = session.kernel(select(table.c.made_at, table.c.expires_at).where(table.c.user_id == user_id, table.c.expires_at > datetime.now(UTC))).first()
    return Times(*row) if row else None


def renew(session: DataSession, user_id: int) -> str:
    """A new link instead of the one there was; returns its secret, which is stored nowhere. The caller commits."""
    table, now, secret = CalendarLink.__table__, datetime.now(UTC), secrets.token_urlsafe(32)
    session.kernel(delete(table).where(table.c.user_id == user_id))
    session.kernel(insert(table), [{"user_id": user_id, "token_hash": token_hash(secret), "made_at": now, "expires_at": now + LIFETIME}])
    journal.event(session, "calendar_link_made", "user", user_id)
    return secret


def revoke(session: DataSession, user_id: int) -> bool:
    """End a person's link; False when there is none. The caller commits."""
    table = CalendarLink.__table__
    ended = session.kernel(delete(table).where(table.c.user_id == user_id).returning(table.c.user_id)).first() is not None
    if ended:
        journal.event(session, "calendar_link_revoked", "user", user_id)
    return ended


def holder(session: DataSession, secret: str) -> int | None:
    """Whose link this is; None for one that never was, was revoked or is too old, and of a person who has left: all the same."""
    table = CalendarLink.__table__
    query = select(table.c.user_id).join(User, User.id == table.c.user_id).where(
        table.c.token_hash == token_hash(secret), table.c.expires_at > datetime.now(UTC), User.active, User.deleted_at.is_(None)
    )
    found: int | None = session.kernel(query).scalar()
    return found
