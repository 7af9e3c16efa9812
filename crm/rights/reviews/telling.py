"""What reviewers and the owner of a review hear: a notice and a letter, in the transaction that gives the reason, and by the work of every day."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update

from crm.backoffice import notices, outbox
from crm.backoffice.daily import daily
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.jobs import Work, job
from crm.messages import Message, m
from crm.rights.reviews.reading import OPEN, REVIEWS, waiting_by_reviewer

TOPIC, JOB = "access_review", "access_reviews"
EARLY = timedelta(days=3)  # before the deadline reviewers are reminded
PAGE = "/access-reviews/%s/"
MINE = "/access-reviews/%s/mine/"
ASKED = m("You are asked to review who holds which roles.")
REMINDED = m("A review of roles waits for your decisions.")
OVERDUE = m("The deadline of a review of roles has passed.")
DECIDED = m("Everything in your review of roles is decided: sign it off.")
daily(JOB)


def ask(session: DataSession, review_id: int, reviewers: Iterable[int], sentence: Message = ASKED, kind: str = "asked") -> None:
    """Tell reviewers that decisions wait for them."""
    for person in reviewers:
        _tell(session, review_id, person, sentence, MINE, kind)


def tell_owner(session: DataSession, review_id: int, owner: int, sentence: Message, kind: str) -> None:
    """Tell whoever opened the review how it stands."""
    _tell(session, review_id, owner, sentence, PAGE, kind)


def _tell(session: DataSession, review_id: int, person: int, sentence: Message, page: str, kind: str) -> None:
    notices.tell(session, person, sentence, page % review_id)
    outbox.post(session, TOPIC, [(f"access-review-{review_id}-{kind}-{person}-{uuid4().hex[:12]}", {"review": review_id, "user": person, "kind": kind})])


@job(JOB)
def remind(work: Work) -> dict[str, Any]:
    """Reviewers hear of what waits once before the deadline and once after it, the review's owner after it; noted in the same transaction."""
    told = 0
    with system_session(work.engine, "reviews of access: deadlines", work.catalog, write=True, source="job") as session:
        now, today = datetime.now(UTC), session.reader.today
        for review in session.kernel(select(REVIEWS).where(OPEN, REVIEWS.c.deadline <= today + EARLY)).all():
            overdue = review.deadline < today
            if (review.overdue_told_at if overdue else review.reminded_at) is not None:
                continue
            waiting = waiting_by_reviewer(session, review.id)
            ask(session, review.id, waiting, OVERDUE if overdue else REMINDED, "overdue" if overdue else "reminded")
            if overdue and waiting:
                tell_owner(session, review.id, review.opened_by_id, OVERDUE, "overdue_owner")
            session.kernel(update(REVIEWS).where(REVIEWS.c.id == review.id).values({"overdue_told_at" if overdue else "reminded_at": now}))
            told += len(waiting)
        session.commit()
    return {"told": told}
