"""The job that looks at watched views, each in the name and with the present rights of whoever watches it."""

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, func, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import system_session, user_session
from crm.backoffice.jobs import TABLE as JOBS, Work, asked_lately, enqueue, job
from crm.backoffice.views.models import ViewUse
from crm.backoffice.views.watching import look, watchers
from crm.errors import BramaError, NotFound
from crm.permissions import access_for

log = structlog.get_logger("brama.watching")
JOB = "watching"
EVERY = timedelta(seconds=60)


def ask(engine: Engine, catalog: Catalog) -> bool:
    """Ask for a look at all watched views, unless nobody watches any or the last one was asked for within a minute or still waits."""
    with engine.connect() as connection:
        watched = connection.scalar(select(func.count()).select_from(ViewUse.__table__).where(ViewUse.__table__.c.watched.is_not(None)))
        if not watched or connection.execute(select(JOBS.c.id).where(asked_lately(JOB, EVERY)).limit(1)).first() is not None:
            return False
    with system_session(engine, "ask for a look at watched views", catalog, write=True, source="job") as session:
        enqueue(session, JOB, {})
        session.commit()
    return True


@job(JOB)
def look_at_all(work: Work) -> dict[str, Any]:
    """Everybody's views, one person after another, each in a transaction of his own."""
    with system_session(work.engine, "who watches views", work.catalog, source="job") as session:
        people = watchers(session)
    told = 0
    for place, person in enumerate(people):
        told += look_for(work.engine, work.catalog, person)
        if place % 20 == 0:
            work.progress(place, len(people))
    return {"people": len(people), "told": told}


def look_for(engine: Engine, catalog: Catalog, person: int) -> int:
    """One person's watched views, as he may see them now; of how many records he was told. Who is gone is told nothing."""
    try:
        access = access_for(engine, person, catalog)
    except NotFound:
        return 0
    with user_session(engine, access, catalog, write=True, source="job") as session:
        try:
            told = look(session)
            session.commit()
        except BramaError as refused:
            log.warning("watching.refused", person=person, why=str(refused))
            return 0
    return told
