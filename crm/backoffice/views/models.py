"""Kept views as rows, and what each person has made of them: starred, in which order, opened first, watched."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.types import UtcMoment


class SavedView(Base):
    """A list under a name. With an owner it is his alone; without one it is shared: configuration under a `key`."""

    __tablename__ = "saved_view"
    __table_args__ = (CheckConstraint("(owner_id IS NULL) <> (key IS NULL)", name="ck_saved_view_own_or_shared"), Index("ix_saved_view_owner", "owner_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(String(64))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    key: Mapped[str | None] = mapped_column(String(64), unique=True)
    label_uk: Mapped[str] = mapped_column(String(255))
    label_en: Mapped[str] = mapped_column(String(255))
    shows: Mapped[dict[str, Any]] = mapped_column(JSON)  # see `shows.py`
    roles: Mapped[list[str]] = mapped_column(JSON)  # to whom it is shared; none: to all who read the entity
    default_for: Mapped[list[str]] = mapped_column(JSON)  # roles for which the list opens with it
    position: Mapped[int] = mapped_column(default=0)


class ViewUse(Base):
    """One person's own arrangement of a view; without a view: of the standard list."""

    __tablename__ = "view_use"
    __table_args__ = (UniqueConstraint("user_id", "entity", "view_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    entity: Mapped[str] = mapped_column(String(64))
    view_id: Mapped[int | None] = mapped_column(ForeignKey("saved_view.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    starred: Mapped[bool] = mapped_column(default=False)
    opened_first: Mapped[bool] = mapped_column(default=False)
    # He is told when a record enters: what he asked for (a digest of it), and when it was looked at, in part and as a whole.
    watched: Mapped[str | None] = mapped_column(String(64), index=True)
    looked_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    scanned_at: Mapped[datetime | None] = mapped_column(UtcMoment())


class ViewMember(Base):
    """A record that stood in a watched view when it was last looked at."""

    __tablename__ = "view_member"

    use_id: Mapped[int] = mapped_column(ForeignKey("view_use.id"), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True)
