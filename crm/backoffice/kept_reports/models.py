"""Kept reports as rows, who has starred which, and to whom they go by mail."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.types import UtcMoment


class KeptReportRow(Base):
    """A report under a name. With an owner it is his alone; without one it is shared: configuration under a `key`."""

    __tablename__ = "kept_report"
    __table_args__ = (CheckConstraint("(owner_id IS NULL) <> (key IS NULL)", name="own_or_shared"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    key: Mapped[str | None] = mapped_column(String(64), unique=True)
    label_uk: Mapped[str] = mapped_column(String(255))
    label_en: Mapped[str] = mapped_column(String(255))
    report: Mapped[str] = mapped_column(String(64))  # the name of a report of the product
    asks: Mapped[dict[str, Any]] = mapped_column(JSON)  # see `asks.py`
    chart: Mapped[str] = mapped_column(String(16), default="")
    roles: Mapped[list[str]] = mapped_column(JSON)  # to whom it is shared; none: to all who may see it
    position: Mapped[int] = mapped_column(default=0)


class ReportStar(Base):
    """A kept report among a person's favourites."""

    __tablename__ = "report_star"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("kept_report.id"), primary_key=True, index=True)


class ReportSchedule(Base):
    """A kept report or a whole dashboard that goes out by mail: whose it is, when, and when the next time is."""

    __tablename__ = "report_schedule"
    __table_args__ = (CheckConstraint("(report_id IS NULL) <> (dashboard IS NULL)", name="report_or_dashboard"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("kept_report.id"), index=True)
    dashboard: Mapped[str | None] = mapped_column(String(64))  # the key of a shared one; OWN: that of its owner, as it is arranged then
    every: Mapped[str] = mapped_column(String(8))  # day, week, month
    day: Mapped[int] = mapped_column(default=1)  # of the week, 1 is Monday, or of the month; of a shorter month the last
    hour: Mapped[int]  # in the company's zone
    working: Mapped[bool] = mapped_column(default=False)  # on working days alone
    paused: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime] = mapped_column(UtcMoment(), index=True)


class ReportReceiver(Base):
    """Who gets a scheduled report, and what became of it the last time."""

    __tablename__ = "report_receiver"

    schedule_id: Mapped[int] = mapped_column(ForeignKey("report_schedule.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True, index=True)
    stopped: Mapped[bool] = mapped_column(default=False)  # he wants it no more
    last_key: Mapped[str | None] = mapped_column(String(128))  # of the message in the outbox
    last_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    outcome: Mapped[str | None] = mapped_column(String(16))


class ReportAlert(Base):
    """A figure of a kept report that its person wants to hear of when it crosses a value. `armed` until he has heard; armed again once it is back."""

    __tablename__ = "report_alert"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("kept_report.id"), index=True)
    measure: Mapped[str] = mapped_column(String(80))
    row: Mapped[dict[str, Any]] = mapped_column(JSON)  # dimension → what names the row; of the totals none
    above: Mapped[bool] = mapped_column(default=True)
    value: Mapped[str] = mapped_column(String(40))  # a decimal number
    armed: Mapped[bool] = mapped_column(default=True)
