"""What a review of access keeps: the campaign, and one row for each membership as it stood when the campaign was opened. No user's session sees
these; who is told what of them says `crm.rights.reviews`."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.types import UtcMoment


class AccessReview(Base):
    """A campaign: who looks at which memberships until when. Open until it is signed off or called off."""

    __tablename__ = "access_review"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    scope: Mapped[dict[str, Any]] = mapped_column(JSON)  # {"kind": "all" | "department" | "roles", "ids": [...]}
    deadline: Mapped[date] = mapped_column(Date)
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcMoment())
    reminded_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    overdue_told_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    called_off_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    signed_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    signed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    digest: Mapped[str | None] = mapped_column(String(64))  # of all its rows at sign-off; the journal holds it too


class AccessReviewItem(Base):
    """A membership under review: the snapshot, the decision of its reviewer, and what came of it at sign-off."""

    __tablename__ = "access_review_item"
    __table_args__ = (Index("ix_access_review_item_waiting", "reviewer_id", "decision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("access_review.id"), index=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id"))
    row_version: Mapped[int]  # of the membership then
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("role.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    since: Mapped[date | None] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    given_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    reason: Mapped[str | None] = mapped_column(String(255))
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    conflicts: Mapped[list[int]] = mapped_column(JSON)  # roles of the same person that do not go with this one
    decision: Mapped[str | None] = mapped_column(String(8))  # keep, remove, shorten
    shorten_to: Mapped[date | None] = mapped_column(Date)
    comment: Mapped[str | None] = mapped_column(String(500))
    decided_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    outcome: Mapped[str | None] = mapped_column(String(10))  # kept, removed, shortened, ended (by itself or by others, before the sign-off)
    salt: Mapped[str | None] = mapped_column(String(32))
    comment_hash: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str | None] = mapped_column(String(64))
