"""Jobs that go from one person to the next and tell each what he asked to be told of, in his name and with his present rights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, Select, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession, UserSession, system_session, user_session
from crm.backoffice.jobs import TABLE as JOBS, Work, asked_lately, enqueue
from crm.errors import BramaError, NotFound
from crm.permissions import access_for


@dataclass(frozen=True)
class Round:
    """One such job: `some` selects something while anybody has anything to be told of, `people` are those who have, `look` tells one of them in his own
    session and says of how much. `subject` names it in the reasons of its sessions, `name` in the log."""

    name: str
    job: str
    every: timedelta
    subject: str
    some: Select[Any]
    people: Callable[[SystemSession], Sequence[int]]
    look: Callable[[UserSession], int]

    def ask(self, engine: Engine, catalog: Catalog) -> bool:
        """Ask for a round, unless nobody has anything or the last one was asked for within `every` or still waits."""
        with engine.connect() as connection:
            if connection.execute(self.some.limit(1)).first() is None:
                return False
            if connection.execute(select(JOBS.c.id).where(asked_lately(self.job, self.every)).limit(1)).first() is not None:
                return False
        with system_session(engine, f"ask for a look at {self.subject}", catalog, write=True, source="job") as session:
            enqueue(session, self.job, {})
            session.commit()
        return True

    def go(self, work: Work) -> dict[str, Any]:
        """One person after another, each in a transaction of his own: told and noted together, so that a round done again tells nothing twice."""
        with system_session(work.engine, f"who has {self.subject}", work.catalog, source="job") as session:
            people = self.people(session)
        told = 0
        for place, person in enumerate(people):
            told += self.look_for(work.engine, work.catalog, person)
            if place % 20 == 0:
                work.progress(place, len(people))
        return {"people": len(people), "told": told}

    def look_for(self, engine: Engine, catalog: Catalog, person: int) -> int:
        """One person, as he may see it now; of how much he was told. Who is gone is told nothing."""
        try:
            access = access_for(engine, person, catalog)
        except NotFound:
            return 0
        with user_session(engine, access, catalog, write=True, source="job") as session:
            try:
                told = self.look(session)
                session.commit()
            except BramaError as refused:
                structlog.get_logger(f"brama.{self.name}").warning(f"{self.name}.refused", person=person, why=str(refused))
                return 0
        return told
