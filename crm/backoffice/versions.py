"""Versions of the configuration: their numbers are given in the order in which they come into force."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, insert, select, text

from crm.backoffice.configuration import ConfigVersion
from crm.backoffice.guard import DataSession


def one_at_a_time(session: DataSession) -> None:
    """Until this transaction ends, nobody else changes the configuration: the second administrator waits.

    Without it a higher number could be seen before a lower one, and who follows the highest would never hear of the other. It is
    asked for before any row of the configuration is locked, so that two administrators never wait for each other. SQLite has one
    writer anyway.
    """
    if session.bind is not None and session.bind.dialect.name == "postgresql":
        session.kernel(text("LOCK TABLE config_version IN EXCLUSIVE MODE"))


def in_force(session: DataSession) -> int:
    """The number of the newest version, as this transaction sees it."""
    return session.kernel(select(func.max(ConfigVersion.__table__.c.id))).scalar() or 0


def announce(
    session: DataSession, changes: Sequence[Mapping[str, Any]], before: Mapping[str, Any], made: Iterable[tuple[str, str, str]],
    standing: Sequence[Mapping[str, Any]] = (), merged: Mapping[str, Sequence[Any]] = MappingProxyType({}),
) -> int:
    """The number of a new version; `before` is a file that brings back what was there, `made` names what was not (kind, entity, key), and
    `standing` says how made entities and fields stood, `merged` what an undo of merged options needs."""
    one_at_a_time(session)
    row = {
        "at": datetime.now(UTC), "actor_id": session.actor_id, "changes": [dict(c) for c in changes],
        "before": {"file": dict(before), "made": [list(one) for one in made], **({"standing": list(standing)} if standing else {}),
                   **{name: list(some) for name, some in merged.items() if some}},
    }
    version: int = session.kernel(insert(ConfigVersion.__table__).returning(ConfigVersion.__table__.c.id), row).scalar_one()
    return version
