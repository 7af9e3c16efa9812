"""Dashboards as rows."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base


class DashboardRow(Base):
    """A dashboard. With an owner it is his own, one a person; without one it is shared: configuration under a `key`."""

    __tablename__ = "dashboard"
    __table_args__ = (CheckConstraint("(owner_id IS NULL) <> (key IS NULL)", name="own_or_shared"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), unique=True)
    key: Mapped[str | None] = mapped_column(String(64), unique=True)
    label_uk: Mapped[str] = mapped_column(String(255))
    label_en: Mapped[str] = mapped_column(String(255))
    panels: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  # see `panels.py`
    roles: Mapped[list[str]] = mapped_column(JSON)  # whose holders begin with it; none: everybody
    position: Mapped[int] = mapped_column(default=0)
