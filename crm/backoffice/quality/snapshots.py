"""The figures of every day, kept so that a trend can be drawn. They count all records, so they are shown only to who sees all of them, and every
field that a figure rests on."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, String, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.daily import daily
from crm.backoffice.entities import Base
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.jobs import Work, job
from crm.backoffice.quality.report import subjects
from crm.backoffice.quality.subject import Subject
from crm.backoffice.reports import find, run
from crm.backoffice.resting import all_show
from crm.backoffice.sight import READ

JOB = "quality"
NOWHERE = 0  # the number under which records without a department are kept
SHOWN = 180  # days of a trend


class QualitySnapshot(Base):
    """How many records of a department a check found on a day (`records`: how many there were)."""

    __tablename__ = "quality_snapshot"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    report: Mapped[str] = mapped_column(String(64), primary_key=True)
    department_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    measure: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int]


TABLE = QualitySnapshot.__table__


@job(JOB)
def keep(work: Work) -> Mapping[str, Any]:
    """Today's figures; once more on the same day they are counted anew."""
    today = datetime.now(UTC).astimezone(work.catalog.company.zone).date()
    return {subject.name: _keep(work, subject, today) for subject in subjects.values()}


daily(JOB)


def _keep(work: Work, subject: Subject, today: date) -> int:
    with system_session(work.engine, "figures of the quality of data", work.catalog, source="job") as session:
        table = run(find(subject.name), session, {"by": "department"})[1]
    rows = [
        {"day": today, "report": subject.name, "department_id": row["department_id"] or NOWHERE, "measure": column.key, "number": row[column.key]}
        for row in table.rows for column in table.measures if column.unit == "count" and row[column.key] is not None
    ]
    with work.engine.execution_options(writer=True).begin() as connection:
        connection.execute(delete(TABLE).where(TABLE.c.day == today, TABLE.c.report == subject.name))
        if rows:
            connection.execute(insert(TABLE), rows)
    return len(rows)


def trend(session: DataSession, subject: Subject, measure: str, department: int | None = None) -> list[tuple[date, int]]:
    """Day and number of the last days, of one department or of all; empty for whom the figures are not."""
    if not sees_whole(session, subject, measure):
        return []
    since = session.reader.today - timedelta(days=SHOWN)
    query = select(TABLE.c.day, func.sum(TABLE.c.number)).where(TABLE.c.report == subject.name, TABLE.c.measure == measure, TABLE.c.day >= since)
    if department is not None:
        query = query.where(TABLE.c.department_id == department)
    return [(row[0], int(row[1])) for row in session.kernel(query.group_by(TABLE.c.day).order_by(TABLE.c.day))]


def sees_whole(session: DataSession, subject: Subject, measure: str) -> bool:
    """Whether this reader sees every record of the subject, and on every record each field that the measure rests on."""
    check = next((one for one in subject.checks if one.key == measure), None)
    own = session.catalog.entity(subject.entity).declared.alike if measure == "duplicates" else check.needs if check is not None else ()
    return _all(session, subject.entity, ("department", *subject.base_needs, *own))


def _all(session: DataSession, entity: str, paths: Iterable[str]) -> bool:
    sight, first = session.sight, session.catalog.entity(entity)
    if not all_show(sight, first):
        return False
    for path in paths:
        here = first
        for step in path.split("."):
            relation = here.relations.get(step) if step not in here.fields else None
            owner = session.catalog.entity(relation.entity) if relation is not None else here
            spec = owner.fields[relation.field if relation is not None else step]
            if not all_show(sight, owner) or not sight.grants(owner, spec, READ, "read").always:
                return False
            here = owner if relation is not None else session.catalog.entity(spec.target) if spec.target else here
    return True
