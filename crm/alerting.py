"""The job that looks at alerts on kept reports, each in the name and with the present rights of whoever has set it."""

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import system_session, user_session
from crm.backoffice.jobs import TABLE as JOBS, Work, asked_lately, enqueue, job
from crm.backoffice.kept_reports.alerts import TABLE, look, people
from crm.errors import BramaError, NotFound
from crm.permissions import access_for

log = structlog.get_logger("brama.alerting")
JOB = "report_alerts"
EVERY = timedelta(hours=1)


def ask(engine: Engine, catalog: Catalog) -> bool:
    """Ask for a look at all alerts, unless nobody has any or the last one was asked for within an hour or still waits."""
    with engine.connect() as connection:
        if connection.execute(select(TABLE.c.id).limit(1)).first() is None:
            return False
        if connection.execute(select(JOBS.c.id).where(asked_lately(JOB, EVERY)).limit(1)).first() is not None:
            return False
    with system_session(engine, "ask for a look at alerts", catalog, write=True, source="job") as session:
        enqueue(session, JOB, {})
        session.commit()
    return True


@job(JOB)
def look_at_all(work: Work) -> dict[str, Any]:
    """Everybody's alerts, one person after another, each in a transaction of his own: told and noted together, so that one done again tells nothing twice."""
    with system_session(work.engine, "who has alerts", work.catalog, source="job") as session:
        everybody = people(session)
    told = 0
    for place, person in enumerate(everybody):
        told += look_for(work.engine, work.catalog, person)
        if place % 20 == 0:
            work.progress(place, len(everybody))
    return {"people": len(everybody), "told": told}


def look_for(engine: Engine, catalog: Catalog, person: int) -> int:
    """One person's alerts, as he may see the figures now; how many he was told of. Who is gone is told nothing."""
    try:
        access = access_for(engine, person, catalog)
    except NotFound:
        return 0
    with user_session(engine, access, catalog, write=True, source="job") as session:
        try:
            told = look(session)
            session.commit()
        except BramaError as refused:
            log.warning("alerting.refused", person=person, why=str(refused))
            return 0
    return told
