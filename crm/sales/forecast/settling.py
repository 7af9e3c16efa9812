"""Once a day: what became of past deals is counted, and open deals are given what follows from that. Nobody has edited them then."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, insert, literal, or_, select, update

from crm.backoffice.catalog import Configured
from crm.backoffice.daily import daily
from crm.backoffice.entities import describe
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.jobs import Work, job
from crm.backoffice.pace import Pace
from crm.backoffice.recomputing import outdated
from crm.sales.forecast.categories import HISTORY, MANUAL
from crm.sales.forecast.odds import TABLE, count
from crm.sales.forecast.usual import KNOWN, Usual, usual
from crm.sales.models import Deal

JOB = "stage_odds"
DEAL = Deal.__table__
GIVEN = ("probability", "probability_source", "history_probability")


@job(JOB)
def settle(work: Work) -> Mapping[str, Any]:
    """Count every pipeline of deals, then bring the deals to it in short transactions: done again it finds nothing left to do."""
    with system_session(work.engine, "what became of past deals", work.catalog, write=True, source="job") as session:
        recount(session)
        session.commit()
    changed, pace = 0, Pace()
    while True:
        with pace.part(work.engine), system_session(work.engine, "what became of past deals", work.catalog, write=True, source="job") as session:
            done = give(session, pace.size)
            session.commit()
        changed += done
        if not done:
            return {"changed": changed}


daily(JOB)


def recount(session: DataSession) -> None:
    """Count what became of decided deals, stage by stage. For a session of the system; the caller commits."""
    now = datetime.now(UTC)
    pipelines = [p for p in session.catalog.configured["pipeline"].values() if p.values["entity"] == "deal"]
    rows = [
        {"stage_id": stage, "reached": o.reached, "won": o.won, "decided": o.decided, "decided_won": o.decided_won, "counted_at": now}
        for pipeline in pipelines for stage, o in count(session, pipeline).items()
    ]
    session.kernel(delete(TABLE))
    if rows:
        session.kernel(insert(TABLE), rows)
    session.info.pop(KNOWN, None)


def give(session: DataSession, most: int) -> int:
    """Bring at most `most` deals of one stage to what follows from the count; how many it were, 0 when none is left. The caller commits."""
    for stage in session.catalog.configured["stage"].values():
        here = usual(session, stage)
        behind = select(DEAL.c.id).where(DEAL.c.stage_id == stage.id, _behind(stage, here)).order_by(DEAL.c.id).limit(most)
        ids: Sequence[int] = session.kernel(behind).scalars().all()
        if ids:
            session.kernel(update(DEAL).where(DEAL.c.id.in_(ids)).values(_values(stage, here)))
            outdated(session, "deal", GIVEN)
            return len(ids)
    return 0


def _follows(stage: Configured, here: Usual) -> ColumnElement[bool]:
    """Deals that go by history, or should: what somebody has said of a deal stays, and what its stage said when it came there."""
    source = DEAL.c.probability_source
    if stage.values["kind"] != "open" or here.source != HISTORY:
        return source == HISTORY
    return or_(source.is_(None), source != MANUAL)


def _behind(stage: Configured, here: Usual) -> ColumnElement[bool]:
    wrong = or_(DEAL.c.probability.is_distinct_from(here.probability), DEAL.c.probability_source.is_distinct_from(_source(here)))
    return or_(DEAL.c.history_probability.is_distinct_from(here.history), and_(_follows(stage, here), wrong))


def _values(stage: Configured, here: Usual) -> dict[str, Any]:
    follows = _follows(stage, here)
    fields = describe(Deal).fields
    given = fields["probability"].stored(here.probability) | fields["probability_source"].stored(_source(here))
    kept = {name: case((follows, literal(value, DEAL.c[name].type)), else_=DEAL.c[name]) for name, value in given.items()}
    return {**kept, "history_probability": here.history}


def _source(here: Usual) -> str | None:
    return here.source if here.probability is not None else None
