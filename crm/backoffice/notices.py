"""Notices: what a person is told inside the product. A sentence without values of records, and where it leads: there his rights are asked anew."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.guard import DataSession
from crm.backoffice.types import UtcMoment
from crm.messages import Message, freeze, thaw

MOST = 200  # kept for one person, the newest
KEY = 16  # characters of what addresses one


class NoticeRow(Base):
    """One sentence for one person; his alone."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_person", "user_id", "read_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(UtcMoment())
    sentence: Mapped[dict[str, Any]] = mapped_column(JSON)
    url: Mapped[str] = mapped_column(String(2000))
    read_at: Mapped[datetime | None] = mapped_column(UtcMoment())


class NoticeMail(Base):
    """Who wants unread notices by mail, and until which notice letters have told him."""

    __tablename__ = "notice_mail"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True, autoincrement=False)
    told_until: Mapped[int] = mapped_column(default=0)


TABLE, MAIL = NoticeRow.__table__, NoticeMail.__table__


@dataclass(frozen=True)
class Notice:
    """A notice as its reader sees it."""

    id: int
    at: datetime
    sentence: Message
    url: str
    read: bool

    @property
    def key(self) -> str:
        """By what it is addressed: its own words and moment. Its number would say how much others have been told."""
        said = json.dumps([self.at.isoformat(), freeze(self.sentence), self.url], sort_keys=True)
        return sha256(said.encode()).hexdigest()[:KEY]


def tell(session: DataSession, user_id: int, sentence: Message, url: str) -> None:
    """Tell a person something in this session's transaction; beyond MOST the oldest go."""
    row = {"user_id": user_id, "at": datetime.now(UTC), "sentence": freeze(sentence), "url": url, "read_at": None}
    session.kernel(insert(TABLE).values(row))
    kept = select(TABLE.c.id).where(TABLE.c.user_id == user_id).order_by(TABLE.c.id.desc()).limit(1).offset(MOST).scalar_subquery()
    session.kernel(delete(TABLE).where(TABLE.c.user_id == user_id, TABLE.c.id <= kept))


def notices(session: DataSession) -> list[Notice]:
    """What the session's person has been told, newest first."""
    query = select(TABLE).where(TABLE.c.user_id == session.actor_id).order_by(TABLE.c.id.desc()).limit(MOST)
    return [Notice(row.id, row.at, thaw(row.sentence), row.url, row.read_at is not None) for row in session.kernel(query)]


def unread(session: DataSession) -> int:
    """How many of them he has not read."""
    query = select(func.count()).select_from(TABLE).where(TABLE.c.user_id == session.actor_id, TABLE.c.read_at.is_(None))
    return int(session.kernel(query).scalar_one())


def mark_read(session: DataSession, notice_id: int | None = None) -> None:
    """One of the person's notices is read, or all are."""
    mine = update(TABLE).where(TABLE.c.user_id == session.actor_id, TABLE.c.read_at.is_(None))
    session.kernel((mine if notice_id is None else mine.where(TABLE.c.id == notice_id)).values(read_at=datetime.now(UTC)))


def by_mail(session: DataSession) -> bool:
    """Whether the session's person wants unread notices by mail."""
    return session.kernel(select(MAIL.c.user_id).where(MAIL.c.user_id == session.actor_id)).first() is not None


def want_by_mail(session: DataSession, on: bool) -> None:
    """From the next day on unread notices come by mail too, or no more. What is older is not sent."""
    newest = session.kernel(select(func.max(TABLE.c.id)).where(TABLE.c.user_id == session.actor_id)).scalar()
    session.kernel(delete(MAIL).where(MAIL.c.user_id == session.actor_id))
    if on:
        session.kernel(insert(MAIL).values(user_id=session.actor_id, told_until=newest or 0))


def take_untold(session: DataSession) -> list[tuple[int, int, int]]:
    """Whoever has unread notices that no letter has told yet: person, after which notice, until which one. They count as told from now on."""
    newest = func.max(TABLE.c.id)
    unread_ones = MAIL.join(TABLE, (TABLE.c.user_id == MAIL.c.user_id) & (TABLE.c.id > MAIL.c.told_until) & TABLE.c.read_at.is_(None))
    query = select(MAIL.c.user_id, MAIL.c.told_until, newest).select_from(unread_ones).group_by(MAIL.c.user_id, MAIL.c.told_until).order_by(MAIL.c.user_id)
    found = [(row[0], row[1], row[2]) for row in session.kernel(query)]
    for person, _, until in found:
        session.kernel(update(MAIL).where(MAIL.c.user_id == person).values(told_until=until))
    return found


def of_people(session: DataSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The notices of people, to be given to them."""
    query = select(TABLE).where(TABLE.c.user_id.in_(ids)).order_by(TABLE.c.id)
    return [{"at": row.at, "text": str(thaw(row.sentence)), "read_at": row.read_at} for row in session.kernel(query)]


def forget(session: DataSession, ids: Sequence[int]) -> None:
    for table in (TABLE, MAIL):
        session.kernel(delete(table).where(table.c.user_id.in_(ids)))
