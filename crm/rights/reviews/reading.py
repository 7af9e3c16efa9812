"""Reviews and their memberships as they stand now: what is decided, what waits, and what has changed since the review was opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from crm.backoffice.guard import DataSession
from crm.errors import BadRequest, NotFound
from crm.messages import Label, m
from crm.organization.access_review_models import AccessReview, AccessReviewItem
from crm.organization.models import Membership, Role, User
from crm.rights.reviews.scope import Scope, memberships

REVIEWS, ITEMS = AccessReview.__table__, AccessReviewItem.__table__
MEMBERSHIP, ROLE, USER = Membership.__table__, Role.__table__, User.__table__
OPEN: ColumnElement[bool] = and_(REVIEWS.c.signed_at.is_(None), REVIEWS.c.called_off_at.is_(None))


@dataclass(frozen=True)
class Review:
    """A campaign, with how many of its memberships wait for a decision."""

    id: int
    name: str
    scope: Scope
    deadline: date
    opened_by: int
    opened_at: datetime
    called_off_at: datetime | None
    signed_at: datetime | None
    signed_by: int | None
    digest: str | None
    items: int
    waiting: int

    @property
    def is_open(self) -> bool:
        return self.signed_at is None and self.called_off_at is None

    @property
    def decided(self) -> int:
        return self.items - self.waiting


@dataclass(frozen=True)
class Item:
    """A membership under review: as it was then, and `alive` while it still gives that person that role; `changed` when somebody changed it since."""

    id: int
    membership: int
    user: int
    person: str
    works: bool
    role: int
    role_label: Label
    role_code: str
    reviewer: int
    since: date | None
    until: date | None
    given_by: int | None
    given_at: datetime | None
    reason: str
    last_seen: datetime | None
    conflicts: tuple[int, ...]
    decision: str | None
    shorten_to: date | None
    comment: str
    decided_at: datetime | None
    outcome: str | None
    alive: bool
    changed: bool
    until_now: date | None

    @property
    def waits(self) -> bool:
        return self.decision is None and self.alive


def _alive(session: DataSession) -> ColumnElement[bool]:
    """The membership still gives the same person the same role, today or later."""
    same = and_(MEMBERSHIP.c.user_id == ITEMS.c.user_id, MEMBERSHIP.c.role_id == ITEMS.c.role_id)
    ends = MEMBERSHIP.c.until.is_(None) | (MEMBERSHIP.c.until >= session.reader.today)
    return and_(same, ends, MEMBERSHIP.c.deleted_at.is_(None), ROLE.c.deleted_at.is_(None), USER.c.deleted_at.is_(None))


def _joined() -> Any:
    return (
        ITEMS.join(MEMBERSHIP, MEMBERSHIP.c.id == ITEMS.c.membership_id).join(ROLE, ROLE.c.id == ITEMS.c.role_id).join(USER, USER.c.id == ITEMS.c.user_id)
    )


def _reviews(session: DataSession) -> Select[Any]:
    waits = case((and_(ITEMS.c.decision.is_(None), _alive(session)), 1), else_=0)
    counted = select(ITEMS.c.review_id, func.count().label("listed"), func.sum(waits).label("waiting")).select_from(_joined()).group_by(ITEMS.c.review_id)
    counts = counted.subquery()
    return select(*REVIEWS.c, counts.c.listed, counts.c.waiting).select_from(REVIEWS.outerjoin(counts, counts.c.review_id == REVIEWS.c.id))


def _review(row: Any) -> Review:
    return Review(
        row.id, row.name, Scope.of(row.scope), row.deadline, row.opened_by_id, row.opened_at, row.called_off_at, row.signed_at, row.signed_by_id, row.digest,
        int(row.listed or 0), int(row.waiting or 0),
    )


def reviews(session: DataSession, opened_by: int | None = None, most: int = 100) -> list[Review]:
    """The newest reviews, of one opener or of all; open ones first."""
    query = _reviews(session).order_by(case((OPEN, 0), else_=1), REVIEWS.c.id.desc()).limit(most)
    return [_review(row) for row in session.kernel(query if opened_by is None else query.where(REVIEWS.c.opened_by_id == opened_by))]


def review(session: DataSession, review_id: int) -> Review:
    """Raises NotFound."""
    row = session.kernel(_reviews(session).where(REVIEWS.c.id == review_id)).first()
    if row is None:
        raise NotFound()
    return _review(row)


def locked(session: DataSession, review_id: int) -> Any:
    """The row of a review, held until the transaction ends, so that nothing is decided while it is signed off. Raises NotFound, and BadRequest
    when it is over."""
    row = session.kernel(select(REVIEWS).where(REVIEWS.c.id == review_id).with_for_update()).first()
    if row is None:
        raise NotFound()
    if row.signed_at is not None or row.called_off_at is not None:
        raise BadRequest(m("This review is over: nothing in it can be changed."))
    return row


def items(session: DataSession, review_id: int, *, reviewer: int | None = None, only: Sequence[int] | None = None) -> list[Item]:
    """The memberships of a review by person, all or one reviewer's."""
    columns = (
        *ITEMS.c, USER.c.name.label("person"), and_(USER.c.active, USER.c.deleted_at.is_(None)).label("works"), ROLE.c.name.label("role_name"),
        ROLE.c.name_en.label("role_name_en"), ROLE.c.code.label("role_code"), MEMBERSHIP.c.until.label("until_now"),
        MEMBERSHIP.c.row_version.label("version_now"), _alive(session).label("alive"),
    )
    query = select(*columns).select_from(_joined()).where(ITEMS.c.review_id == review_id).order_by(USER.c.name__sort, ITEMS.c.user_id, ITEMS.c.id)
    if reviewer is not None:
        query = query.where(ITEMS.c.reviewer_id == reviewer)
    if only is not None:
        query = query.where(ITEMS.c.id.in_(only))
    return [_item(row) for row in session.kernel(query)]


def _item(row: Any) -> Item:
    return Item(
        row.id, row.membership_id, row.user_id, row.person, bool(row.works), row.role_id, Label.of(row.role_name, row.role_name_en), row.role_code,
        row.reviewer_id, row.since, row.until, row.given_by_id, row.given_at, row.reason or "", row.last_seen_at, tuple(row.conflicts), row.decision,
        row.shorten_to, row.comment or "", row.decided_at, row.outcome, bool(row.alive), row.version_now != row.row_version, row.until_now,
    )


def waiting_by_reviewer(session: DataSession, review_id: int) -> dict[int, int]:
    """Reviewer → how many decisions wait for him; nobody who has decided all."""
    query = (
        select(ITEMS.c.reviewer_id, func.count()).select_from(_joined())
        .where(ITEMS.c.review_id == review_id, ITEMS.c.decision.is_(None), _alive(session)).group_by(ITEMS.c.reviewer_id).order_by(ITEMS.c.reviewer_id)
    )
    return {row[0]: row[1] for row in session.kernel(query)}


def waiting_for(session: DataSession, person: int) -> list[tuple[Review, int]]:
    """The open reviews in which decisions wait for a person, the earliest deadline first, and how many."""
    query = (
        select(ITEMS.c.review_id, func.count()).select_from(_joined()).where(ITEMS.c.reviewer_id == person, ITEMS.c.decision.is_(None), _alive(session))
        .group_by(ITEMS.c.review_id)
    )
    numbers: dict[int, int] = {row[0]: row[1] for row in session.kernel(query)}
    if not numbers:
        return []
    asked = session.kernel(_reviews(session).where(OPEN, REVIEWS.c.id.in_(sorted(numbers))).order_by(REVIEWS.c.deadline, REVIEWS.c.id))
    return [(_review(row), numbers[row.id]) for row in asked]


def given_since(session: DataSession, found: Review) -> list[Mapping[str, Any]]:
    """Memberships of the review's scope that are no part of it: given after it was opened."""
    known = set(session.kernel(select(ITEMS.c.membership_id).where(ITEMS.c.review_id == found.id)).scalars())
    return [row for row in memberships(session, found.scope) if row["id"] not in known]


def role_labels(session: DataSession, ids: Sequence[int]) -> dict[int, Label]:
    """Role → its name, also of one that was removed."""
    wanted = sorted(set(ids))
    rows = session.kernel(select(ROLE.c.id, ROLE.c.name, ROLE.c.name_en).where(ROLE.c.id.in_(wanted))) if wanted else ()
    return {row.id: Label.of(row.name, row.name_en) for row in rows}


def people_names(session: DataSession, ids: Sequence[int]) -> dict[int, str]:
    """Person → his name."""
    wanted = sorted(set(ids))
    rows = session.kernel(select(USER.c.id, USER.c.name).where(USER.c.id.in_(wanted))) if wanted else ()
    return {row.id: row.name for row in rows}
