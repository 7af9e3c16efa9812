"""Columns of fields that were removed long ago: dropped for good by a job of every day, one field a transaction.

Until then an undo of the removal brings the values back, and the erasure of a person reaches them (`everything`). The fields of an entity that is
removed itself stay with it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, update

from crm.backoffice import journal, versions
from crm.backoffice.catalog import Catalog, read_catalog
from crm.backoffice.custom import schema
from crm.backoffice.custom.everything import kept_spec
from crm.backoffice.custom.models import FIELDS
from crm.backoffice.daily import daily
from crm.backoffice.guard import SystemSession, system_session
from crm.backoffice.jobs import Work, job

JOB = "drop_removed"
REASON = "fields that were removed long ago"


@job(JOB)
def run(work: Work) -> Mapping[str, Any]:
    days = work.settings.keep_removed_days
    return {"dropped": drop(work.engine, work.catalog, datetime.now(UTC) - timedelta(days=days)) if days else []}


daily(JOB)


def drop(engine: Engine, catalog: Catalog, before: datetime) -> list[str]:
    """Drop what was removed before a moment; which fields (`account.nickname`). Raises Busy."""
    old = FIELDS.c.removed_at < before, FIELDS.c.dropped_at.is_(None)
    with engine.connect() as connection:
        numbers = connection.scalars(select(FIELDS.c.id).where(*old).order_by(FIELDS.c.id)).all()
    dropped: list[str] = []
    for number in numbers:
        with system_session(engine, REASON, catalog, write=True, source="job") as session:
            versions.one_at_a_time(session)  # nobody undoes the removal meanwhile
            session.go_on_with(read_catalog(session.connection()))
            row = session.kernel(select(FIELDS).where(FIELDS.c.id == number, *old)).first()
            if row is not None and row.entity in session.catalog.entities:
                _drop(session, row)
                dropped.append(f"{row.entity}.{row.key}")
            session.commit()
    return dropped


def _drop(session: SystemSession, row: Any) -> None:
    connection, table = session.connection(), session.catalog.entity(row.entity).table.name
    schema.alone(connection, [table])
    schema.drop_field(connection, table, kept_spec(row))
    session.kernel(update(FIELDS).where(FIELDS.c.id == row.id).values(dropped_at=datetime.now(UTC)))
    journal.event(session, "drop", row.entity, None, {"field": [row.key, None]})
