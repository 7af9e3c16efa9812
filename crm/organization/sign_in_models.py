"""What signing in keeps: one row a signed-in browser, counters of attempts, single-use letters. No user's session sees these."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.types import UtcMoment


def token_hash(token: str) -> str:
    """What a table keeps of a token: it cannot be turned back, and 256 random bits need no salt."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class SignInSession(Base):
    """A browser in which somebody is signed in. The cookie holds the token, this row its sha256."""

    __tablename__ = "sign_in_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(320))  # signed in with this address and password; others end the session
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    created_at: Mapped[datetime] = mapped_column(UtcMoment())
    seen_at: Mapped[datetime] = mapped_column(UtcMoment())
    expires_at: Mapped[datetime] = mapped_column(UtcMoment(), index=True)
    kept: Mapped[bool]  # stays signed in over idle hours and after the browser closes
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(255))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    watching_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # with whose eyes this browser looks
    watching_until: Mapped[datetime | None] = mapped_column(UtcMoment())


class SignInAttempt(Base):
    """How often one account or one address was tried lately, and until when it must wait."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (UniqueConstraint("kind", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64))  # sha256: what strangers type into the field is nobody's to read
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcMoment(), index=True)
    until: Mapped[datetime | None] = mapped_column(UtcMoment())


class AccountToken(Base):
    """A single-use link in a letter, to choose a password: an invitation or a reset."""

    __tablename__ = "account_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime] = mapped_column(UtcMoment())
    expires_at: Mapped[datetime] = mapped_column(UtcMoment())
    used_at: Mapped[datetime | None] = mapped_column(UtcMoment())
