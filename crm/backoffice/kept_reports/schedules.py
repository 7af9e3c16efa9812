"""Kept reports and dashboards that go out by mail: when, to whom, and what became of it. What is asked for in the outbox holds no figure: a letter is composed
when it is sent, as the person may see it then."""

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select, update

from crm.backoffice import journal, outbox
from crm.backoffice.guard import DataSession, SystemSession
from crm.backoffice.kept_reports.models import ReportReceiver, ReportSchedule
from crm.errors import Invalid, NotFound
from crm.messages import m

TOPIC = "report"
OWN = "*"  # the dashboard of the schedule's owner, as he has arranged it when it is sent
EVERY = ("day", "week", "month")
MOST = 50  # schedules of one person
RECEIVERS = 50
SENT, NO_RIGHT, GONE, SENDING, FAILED = "sent", "no_right", "gone", "sending", "failed"
TABLE, RECEIVER = ReportSchedule.__table__, ReportReceiver.__table__
Works = Callable[[date], bool]


@dataclass(frozen=True)
class Plan:
    """When: each `day`, each `week` or `month` on a day of it, at an hour of the company's zone; `working`: on working days alone, what falls on another
    goes on the next."""

    every: str
    day: int
    hour: int
    working: bool

    def next(self, after: datetime, zone: ZoneInfo, works: Works) -> datetime:
        """The first moment of the plan after `after`, in UTC."""
        here = after.astimezone(zone).date() - timedelta(days=31)
        for _ in range(500):
            if self._falls(here):
                there = here
                while self.working and not works(there) and (there - here).days < 30:
                    there += timedelta(days=1)
                moment = datetime.combine(there, time(self.hour), zone).astimezone(UTC)
                if moment > after and (self.every != "day" or there == here):
                    return moment
            here += timedelta(days=1)
        return after + timedelta(days=366)  # a calendar without a working day

    def _falls(self, day: date) -> bool:
        if self.every == "week":
            return day.isoweekday() == self.day
        return self.every == "day" or day.day == min(self.day, monthrange(day.year, day.month)[1])


@dataclass(frozen=True)
class Subject:
    """What is sent: a kept report by its number, or a dashboard: the key of a shared one, or OWN."""

    report: int | None = None
    dashboard: str | None = None


@dataclass(frozen=True)
class Receiver:
    """`outcome` of the last time, "" before the first."""

    user_id: int
    stopped: bool
    outcome: str
    at: datetime | None


@dataclass(frozen=True)
class Schedule:
    """One of a person's schedules."""

    id: int
    what: Subject
    plan: Plan
    paused: bool
    due_at: datetime
    receivers: tuple[Receiver, ...]


def plan_of(every: str, day: str, hour: str, working: bool) -> Plan:
    """The plan that a form names. Raises Invalid by field."""
    wrong = {}
    number = int(day) if day.isascii() and day.isdecimal() and len(day) < 3 else 1 if every == "day" else 0
    if every not in EVERY:
        wrong["every"] = m("Choose every day, week or month.")
    elif every != "day" and not 1 <= number <= (7 if every == "week" else 31):
        wrong["day"] = m("Choose a day.")
    if not (hour.isascii() and hour.isdecimal() and len(hour) < 3 and int(hour) < 24):
        wrong["hour"] = m("Choose an hour from 0 to 23.")
    if wrong:
        raise Invalid(wrong)
    return Plan(every, number if every != "day" else 1, int(hour), working)


def make(session: DataSession, what: Subject, plan: Plan, receivers: Sequence[int], works: Works) -> int:
    """A new schedule of the session's person; its number. Whether he sees what is sent and the receivers the caller has judged. Raises Invalid."""
    people = list(dict.fromkeys(receivers))
    if not people or len(people) > RECEIVERS:
        raise Invalid({"receivers": m("Choose from one to %(count)s people.", count=RECEIVERS)})
    if session.kernel(select(func.count()).where(TABLE.c.owner_id == session.actor_id)).scalar_one() >= MOST:
        raise Invalid({"receivers": m("You have %(count)s schedules already. Remove some that are no longer needed.", count=MOST)})
    due = plan.next(datetime.now(UTC), session.catalog.company.zone, works)
    row = {"owner_id": session.actor_id, "report_id": what.report, "dashboard": what.dashboard, "every": plan.every, "day": plan.day, "hour": plan.hour,
           "working": plan.working, "paused": False, "due_at": due}
    number: int = session.kernel(insert(TABLE).values(row).returning(TABLE.c.id)).scalar_one()
    session.kernel(insert(RECEIVER), [{"schedule_id": number, "user_id": one, "stopped": False} for one in people])
    journal.event(session, "preferences", "user", session.actor_id, {f"schedule {number}": [None, {**_said(what), "receivers": people}]})
    return number


def schedules(session: DataSession) -> list[Schedule]:
    """Those of the session's person, by two queries."""
    rows = session.kernel(select(TABLE).where(TABLE.c.owner_id == session.actor_id).order_by(TABLE.c.id)).all()
    found: dict[int, list[Receiver]] = {row.id: [] for row in rows}
    for row in session.kernel(select(RECEIVER).where(RECEIVER.c.schedule_id.in_(found)).order_by(RECEIVER.c.user_id)):
        found[row.schedule_id].append(Receiver(row.user_id, row.stopped, row.outcome or "", row.last_at))
    return [Schedule(row.id, Subject(row.report_id, row.dashboard), _plan(row), row.paused, row.due_at, tuple(found[row.id])) for row in rows]


def _plan(row: Any) -> Plan:
    return Plan(row.every, row.day, row.hour, row.working)


def _said(what: Subject) -> dict[str, Any]:
    return {"report": what.report} if what.dashboard is None else {"dashboard": what.dashboard}


def received(session: DataSession) -> list[tuple[int, Subject, bool]]:
    """What others send the session's person: number of the schedule, what it sends, whether he has stopped it."""
    query = select(TABLE.c.id, TABLE.c.report_id, TABLE.c.dashboard, RECEIVER.c.stopped).join(RECEIVER, RECEIVER.c.schedule_id == TABLE.c.id)
    rows = session.kernel(query.where(RECEIVER.c.user_id == session.actor_id, TABLE.c.owner_id != session.actor_id).order_by(TABLE.c.id))
    return [(row.id, Subject(row.report_id, row.dashboard), row.stopped) for row in rows]


def own(session: DataSession, number: int) -> Schedule:
    """Raises NotFound, alike for none and somebody else's."""
    found = next((one for one in schedules(session) if one.id == number), None)
    if found is None:
        raise NotFound(m("There is no such schedule."))
    return found


def pause(session: DataSession, one: Schedule, on: bool, works: Works) -> None:
    """Send nothing more, or go on; what would have gone out meanwhile does not."""
    due = one.plan.next(datetime.now(UTC), session.catalog.company.zone, works)
    session.kernel(update(TABLE).where(TABLE.c.id == one.id, TABLE.c.owner_id == session.actor_id).values(paused=on, due_at=due))


def remove(session: DataSession, one: Schedule) -> None:
    _drop(session, [one.id])
    journal.event(session, "preferences", "user", session.actor_id, {f"schedule {one.id}": [_said(one.what), None]})


def stop(session: DataSession, number: int, on: bool) -> None:
    """The session's person wants a report no more, or again. Raises NotFound, alike for none and one that he does not get."""
    mine = update(RECEIVER).where(RECEIVER.c.schedule_id == number, RECEIVER.c.user_id == session.actor_id).values(stopped=on)
    if session.kernel(mine).rowcount == 0:  # type: ignore[attr-defined]
        raise NotFound(m("There is no such schedule."))


def send_now(session: DataSession, one: Schedule) -> None:
    """The letter once to the session's person himself, without waiting."""
    outbox.post(session, TOPIC, [(f"report-{one.id}-now-{datetime.now(UTC).timestamp()}", {"schedule": one.id, "user": session.actor_id, "slot": "now"})])


def post_due(session: SystemSession, now: datetime, works: Works) -> int:
    """Ask for the letters of every schedule whose time has come, and note the next time, in one transaction: killed at any instant, each is asked for once.
    What was missed while nobody worked goes out once. How many letters."""
    posted = 0
    due = select(TABLE).where(TABLE.c.due_at <= now, TABLE.c.paused.is_(False)).order_by(TABLE.c.id).limit(200).with_for_update()
    for row in session.execute(due).all():
        people = session.execute(select(RECEIVER.c.user_id).where(RECEIVER.c.schedule_id == row.id, RECEIVER.c.stopped.is_(False))).scalars().all()
        slot = row.due_at.strftime("%Y%m%d%H")
        messages = [(f"report-{row.id}-{slot}-{user}", {"schedule": row.id, "user": user, "slot": slot}) for user in people]
        outbox.post(session, TOPIC, messages)
        session.execute(update(TABLE).where(TABLE.c.id == row.id).values(due_at=_plan(row).next(now, session.catalog.company.zone, works)))
        posted += len(messages)
    return posted


# --- what becomes of a letter ----------------------------------------------------------------------------------------


def begin(session: SystemSession, number: int, user: int, slot: str) -> Any:
    """What is to be sent, noted as being sent: owner, report or dashboard. None where there is nothing to send: removed, stopped, paused, or sent before;
    a letter of which it is not known whether it went out is not sent again."""
    query = select(TABLE.c.owner_id, TABLE.c.report_id, TABLE.c.dashboard, TABLE.c.paused).where(TABLE.c.id == number)
    row = session.execute(query).first()
    if row is None or (slot != "now" and row.paused) or (slot == "now" and row.owner_id != user):
        return None
    if slot == "now":
        return row
    here = (RECEIVER.c.schedule_id == number, RECEIVER.c.user_id == user)
    receiver = session.execute(select(RECEIVER).where(*here)).first()
    if receiver is None or receiver.stopped or (receiver.last_key == slot and receiver.outcome != FAILED):
        return None
    session.execute(update(RECEIVER).where(*here).values(last_key=slot, outcome=SENDING, last_at=datetime.now(UTC)))
    return row


def note(session: SystemSession, number: int, user: int, outcome: str) -> None:
    here = (RECEIVER.c.schedule_id == number, RECEIVER.c.user_id == user)
    session.execute(update(RECEIVER).where(*here).values(outcome=outcome, last_at=datetime.now(UTC)))


# --- what goes with reports and people -------------------------------------------------------------------------------


def of_reports_gone(session: DataSession, reports: Sequence[int]) -> None:
    """Schedules of kept reports that go."""
    _drop(session, list(session.kernel(select(TABLE.c.id).where(TABLE.c.report_id.in_(reports))).scalars()))


def hand_over(session: DataSession, old: int, new: int) -> None:
    session.kernel(update(TABLE).where(TABLE.c.report_id == old).values(report_id=new))


def of_people(session: DataSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    """What people send by mail, to be given to them."""
    rows = select(TABLE.c.every, TABLE.c.day, TABLE.c.hour, TABLE.c.working).where(TABLE.c.owner_id.in_(ids)).order_by(TABLE.c.id)
    return [dict(row) for row in session.kernel(rows).mappings()]


def forget(session: DataSession, ids: Sequence[int]) -> None:
    session.kernel(delete(RECEIVER).where(RECEIVER.c.user_id.in_(ids)))
    _drop(session, list(session.kernel(select(TABLE.c.id).where(TABLE.c.owner_id.in_(ids))).scalars()))


def _drop(session: DataSession, numbers: Sequence[int]) -> None:
    session.kernel(delete(RECEIVER).where(RECEIVER.c.schedule_id.in_(numbers)))
    session.kernel(delete(TABLE).where(TABLE.c.id.in_(numbers)))
