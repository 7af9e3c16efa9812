"""What is kept of a colleague beside his record: browsers in which he was signed in, a second factor, links in letters, letters,
views of lists, kept reports, what he has seen.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, delete, select, update

from crm.backoffice import notices, seen
from crm.backoffice.dashboards import shelf as dashboards
from crm.backoffice.guard import DataSession
from crm.backoffice.kept_reports import alerts, schedules, shelf as kept_reports
from crm.backoffice.outbox import OutboxRow
from crm.backoffice.personal.beside import Beside, keeps
from crm.backoffice.views import shelf
from crm.errors import Forbidden
from crm.messages import m
from crm.organization.access_review_models import AccessReviewItem
from crm.organization.calendar_links import CalendarLink
from crm.organization.comparing import outranks
from crm.organization.invitations import TOPIC
from crm.organization.models import User
from crm.organization.rules import somebody_else_owns
from crm.organization.second_factor import forget
from crm.organization.second_factor_models import RecoveryCode, SecondFactor
from crm.organization.sign_in_models import AccountToken, SignInSession
from crm.organization.timers import RunningTimer

USER, SIGNED_IN, TOKENS, OUTBOX = User.__table__, SignInSession.__table__, AccountToken.__table__, OutboxRow.__table__
SECOND, PAPER = SecondFactor.__table__, RecoveryCode.__table__
REVIEWED, TIMERS, CALENDARS = AccessReviewItem.__table__, RunningTimer.__table__, CalendarLink.__table__


def _judge(session: DataSession, ids: Sequence[int]) -> None:
    """Raises Forbidden for the last owner, and for a person who may do more than whoever asks."""
    access = session.access
    if access is not None and not access.unlimited and not all(outranks(session, access, i) for i in ids):
        raise Forbidden(m("This person may do more than you."))
    if not somebody_else_owns(session, set(ids)):
        raise Forbidden(m("Somebody must remain the owner, without an end."))


def _gather(session: DataSession, ids: Sequence[int]) -> Mapping[str, list[dict[str, Any]]]:
    def rows(table: Table, *names: str) -> list[dict[str, Any]]:
        return [dict(row) for row in session.kernel(select(*(table.c[n] for n in names)).where(table.c.user_id.in_(ids)).order_by(table.c.id)).mappings()]

    return {
        "sign_ins": rows(SIGNED_IN, "email", "created_at", "seen_at", "expires_at", "revoked_at", "address", "agent"),
        "second_factor": rows(SECOND, "begun_at", "confirmed_at"),
        "recovery_codes": rows(PAPER, "used_at"),
        "calendar_links": [dict(row) for row in session.kernel(
            select(CALENDARS.c.made_at, CALENDARS.c.expires_at, CALENDARS.c.ended_at).where(CALENDARS.c.user_id.in_(ids))).mappings()],
        "timers": [dict(row) for row in session.kernel(select(TIMERS.c.page, TIMERS.c.started_at).where(TIMERS.c.user_id.in_(ids))).mappings()],
        "links_in_letters": rows(TOKENS, "purpose", "email", "created_at", "expires_at", "used_at"),
        "letters": [
            {"purpose": row.payload.get("purpose"), "asked_at": row.created_at, "sent_at": row.delivered_at} for row in session.kernel(_letters(ids))
        ],
        "access_reviews": rows(REVIEWED, "role_id", "since", "until", "last_seen_at", "decision", "shorten_to", "comment", "decided_at", "outcome"),
        "views": shelf.of_people(session, ids),
        "reports": kept_reports.of_people(session, ids),
        "schedules": schedules.of_people(session, ids),
        "alerts": alerts.of_people(session, ids),
        "dashboard": dashboards.of_people(session, ids),
        "seen": seen.of_people(session, ids),
        "notices": notices.of_people(session, ids),
    }


def _letters(ids: Sequence[int]) -> Any:
    return select(OUTBOX).where(OUTBOX.c.topic == TOPIC, OUTBOX.c.payload["user"].as_integer().in_(ids)).order_by(OUTBOX.c.id)


def _erase(session: DataSession, ids: Sequence[int]) -> None:
    """The person cannot sign in any more, and nothing tells from where he did."""
    letters = list(session.kernel(_letters(ids)).scalars())
    session.kernel(delete(OUTBOX).where(OUTBOX.c.id.in_(letters)))
    for table in (SIGNED_IN, TOKENS, TIMERS, CALENDARS):
        session.kernel(delete(table).where(table.c.user_id.in_(ids)))
    # Without the salt nobody finds out by trying what a signed comment said.
    session.kernel(update(REVIEWED).where(REVIEWED.c.user_id.in_(ids)).values(comment=None, reason=None, last_seen_at=None, salt=None))
    forget(session, ids)
    shelf.forget(session, ids)
    schedules.forget(session, ids)
    alerts.forget(session, ids)
    kept_reports.forget(session, ids)
    dashboards.forget(session, ids)
    seen.forget(session, ids)
    notices.forget(session, ids)
    session.kernel(update(USER).where(USER.c.id.in_(ids)).values(active=False, password_hash=None, password_changed_at=None))


keeps("user", Beside(_judge, _gather, _erase))
