"""Which open deals ask for attention: no next step, a next step whose day is over, too long in their stage, no talk for long.

Worked out for a page of deals at a time by at most three statements in their reader's session, of what he may see: where a deal hides a field from
him, nothing is said of it.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from crm.backoffice.guard import DataSession

STANDING = {"deal", "stage", "entered_at", "left_at"}
QUIET = 14  # days without a talk or a move after which an open deal counts as quiet


@dataclass(frozen=True)
class Neglect:
    """What asks for attention in an open deal. `overdue_on`: the day of its next step, which is over. `stood`: the working days it has been in its
    stage, where that is more than the `limit` of the stage. `quiet`: days since its last talk or move, where these are more than QUIET."""

    has_no_step: bool = False
    overdue_on: date | None = None
    stood: int | None = None
    limit: int | None = None
    quiet: int | None = None

    def __bool__(self) -> bool:
        return self != Neglect()


def neglected(session: DataSession, ids: Sequence[int]) -> dict[int, Neglect]:
    """Those of the deals `ids` that are open and ask for attention. A deal of which this reader does not see the stage is not among them."""
    usable = set(session.sight.filterable("deal"))
    if not ids or "stage" not in usable:
        return {}
    stages = session.catalog.configured["stage"]
    steps = "next_step_on" in usable
    deals = session.table("deal")
    columns = [deals.id, deals["stage"], *((deals["next_step_on"], deals.shows("next_step_on")) if steps else ())]
    rows = session.execute(select(*columns).where(deals.visible, deals.id.in_(ids))).all()
    still = {row[0]: row for row in rows if row[1] in stages and stages[row[1]].values["kind"] == "open"}
    entered = _entered(session, {number: row[1] for number, row in still.items()})
    talked = _talked(session, list(still)) if entered else {}
    days, today = _worked(session, entered.values()), session.reader.today
    found = {}
    for number, row in still.items():
        came, limit = entered.get(number), stages[row[1]].values.get("days")
        stood = len(days) - bisect_right(days, came) if came is not None and limit is not None else None
        late = stood is not None and limit is not None and stood > limit
        quiet = (today - max(came, talked.get(number, came))).days if came is not None and talked is not None else 0
        shows = steps and row[3]
        one = Neglect(
            bool(shows and row[2] is None), row[2] if shows and row[2] is not None and row[2] < today else None,
            stood if late else None, limit if late else None, quiet if quiet > QUIET else None,
        )
        if one:
            found[number] = one
    return found


@dataclass(frozen=True)
class Stood:
    """Working days that a deal has been in its stage, which are more than the `limit` of the stage."""

    days: int
    limit: int


def overdue_stays(session: DataSession, ids: Sequence[int]) -> dict[int, Stood]:
    """Those of the deals `ids` that are overdue in their stage, as this reader sees it; one statement."""
    if not ids or "stage" not in session.sight.filterable("deal") or not set(session.sight.filterable("stage_history")) >= STANDING:
        return {}
    limits = {one.id: one.values["days"] for one in session.catalog.configured["stage"].values() if one.values["kind"] == "open" and one.values["days"]}
    deal, stay = session.table("deal"), session.table("stage_history")
    joined = deal.table.join(stay.table, (stay["deal"] == deal.id) & (stay["stage"] == deal["stage"]) & stay.visible)
    here = (deal.visible, deal.id.in_(ids), deal["stage"].in_(sorted(limits)), stay["left_at"].is_(None))
    rows = session.execute(select(deal.id, deal["stage"], stay["entered_at"]).select_from(joined).where(*here)).all() if limits else []
    came = {number: (_day(session, at), limits[stage]) for number, stage, at in rows if at is not None}
    days = _worked(session, [day for day, _ in came.values()])
    stood = {number: Stood(len(days) - bisect_right(days, day), limit) for number, (day, limit) in came.items()}
    return {number: one for number, one in stood.items() if one.days > one.limit}


def _entered(session: DataSession, standing: Mapping[int, int]) -> dict[int, date]:
    """Deal → the day on which it came into the stage in which it stands (`standing`); nothing where its history is not this reader's."""
    if not standing or not {"deal", "stage", "entered_at"} <= set(session.sight.filterable("stage_history")):
        return {}
    moves = session.table("stage_history")
    last = func.max(moves["entered_at"])
    rows = session.execute(
        select(moves["deal"], moves["stage"], last).where(moves.visible, moves["deal"].in_(list(standing))).group_by(moves["deal"], moves["stage"])
    )
    return {deal: _day(session, at) for deal, stage, at in rows if at is not None and standing[deal] == stage}


def _talked(session: DataSession, ids: Sequence[int]) -> dict[int, date] | None:
    """Deal → the day of the last talk that was held of it; None where this reader does not see when talks were held."""
    if not ids or not {"deal", "held_at"} <= set(session.sight.filterable("interaction")):
        return None
    talks = session.table("interaction")
    rows = session.execute(select(talks["deal"], func.max(talks["held_at"])).where(talks.visible, talks["deal"].in_(ids)).group_by(talks["deal"]))
    return {deal: _day(session, at) for deal, at in rows if at is not None}


def _worked(session: DataSession, since: Any) -> list[date]:
    """The working days from the first of some days until today."""
    first = min(since, default=None)
    company = session.catalog.company
    return company.working_time.worked(first, session.catalog.reader().today, company.zone, session.catalog.special_days) if first is not None else []


def _day(session: DataSession, at: datetime) -> date:
    return at.astimezone(session.catalog.company.zone).date()
