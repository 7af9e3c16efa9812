"""What two-step sign-in keeps: the key of a person's authenticator, codes that were used, codes on paper, sign-ins half done."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.types import UtcMoment


class SecondFactor(Base):
    """The authenticator of a person. Until a code of it was shown (`confirmed_at`) it asks nothing of anybody."""

    __tablename__ = "second_factor"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), unique=True)
    key: Mapped[str] = mapped_column(String(255))  # sealed by the vault
    session_id: Mapped[int]  # the sign-in in which it was begun: the key is shown there alone
    begun_at: Mapped[datetime] = mapped_column(UtcMoment())
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcMoment())


class UsedCode(Base):
    """A step of a person whose code was taken. Each is taken once, whichever way the clock goes."""

    __tablename__ = "used_code"
    __table_args__ = (UniqueConstraint("user_id", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    step: Mapped[int]
    used_at: Mapped[datetime] = mapped_column(UtcMoment(), index=True)


class RecoveryCode(Base):
    """A code on paper, for whoever has lost the authenticator; the row holds its digest."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcMoment())


class SignInStep(Base):
    """A browser that has shown the password and owes the code. The cookie holds the token, this row its sha256."""

    __tablename__ = "sign_in_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(320))  # as they were when the password was shown; others end the step
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    expires_at: Mapped[datetime] = mapped_column(UtcMoment(), index=True)
    kept: Mapped[bool]
    used_at: Mapped[datetime | None] = mapped_column(UtcMoment())
