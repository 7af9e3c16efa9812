"""For whom a person answers in the company: those he manages, the departments he leads or stands in, and all below them. Looked at past the rights of
the writer, of whom it says yes or no."""

from collections.abc import Mapping

from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.organization.models import Department, User

PEOPLE, UNITS = User.__table__, Department.__table__


def answers_for_person(session: DataSession, judge: int, person: int) -> bool:
    """Himself; somebody of whom he is the manager at some level; somebody in a department that he leads or below it, or in one below his own."""
    if judge == person:
        return True
    managers = {row.id: row.manager_id for row in session.kernel(select(PEOPLE.c.id, PEOPLE.c.manager_id))}
    if judge in _up(person, managers):
        return True
    own, his = (session.kernel(select(PEOPLE.c.department_id).where(PEOPLE.c.id == one)).scalar() for one in (judge, person))
    return his is not None and (_leads(session, judge, his) or (his != own and own in _up(his, _parents(session))))


def answers_for_department(session: DataSession, judge: int, unit: int) -> bool:
    """One that he leads or stands in, and all below it."""
    own = session.kernel(select(PEOPLE.c.department_id).where(PEOPLE.c.id == judge)).scalar()
    return _leads(session, judge, unit) or (own is not None and own in (unit, *_up(unit, _parents(session))))


def _leads(session: DataSession, judge: int, unit: int) -> bool:
    """Whether he leads a department or one above it."""
    led = set(session.kernel(select(UNITS.c.id).where(UNITS.c.head_id == judge, UNITS.c.deleted_at.is_(None))).scalars())
    return not led.isdisjoint((unit, *_up(unit, _parents(session))))


def _parents(session: DataSession) -> Mapping[int, int | None]:
    return {row.id: row.parent_id for row in session.kernel(select(UNITS.c.id, UNITS.c.parent_id))}


def _up(start: int, above: Mapping[int, int | None]) -> list[int]:
    """All above, the nearest first; a loop ends where it began."""
    found = list[int]()
    here = above.get(start)
    while here is not None and here not in found:
        found.append(here)
        here = above.get(here)
    return found
