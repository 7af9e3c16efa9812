"""What happened is kept: a row a change, in the transaction of the change, chained per record by salted digests.

The digest covers who, when, what and the salted hash of the values, not the values themselves: erasing a person's values leaves
a chain that still verifies.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Index, String, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base, Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.types import UtcMoment


class JournalRow(Base):
    """One change of one record, or one event (a sign-in, an export, a read of sensitive fields)."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_record", "entity", "record_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcMoment(), index=True)
    actor_id: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(255), default="")
    entity: Mapped[str | None] = mapped_column(String(64))
    record_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(32))
    version: Mapped[int | None]
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    batch: Mapped[str | None] = mapped_column(String(64), index=True)
    salt: Mapped[str] = mapped_column(String(32))
    erased: Mapped[str | None] = mapped_column(String(64))  # the salted hash of the values, where some of them were erased and the salt with them
    previous: Mapped[str] = mapped_column(String(64), default="")
    digest: Mapped[str] = mapped_column(String(64))


JOURNAL = JournalRow.__table__.c
ERASURE = "erased_values"  # the event that says which rows lost values, and what was left of each


@dataclass(frozen=True)
class Entry:
    """One change to be journaled: field key → [old, new], as JSON."""

    entity: str
    record_id: int
    action: str
    version: int
    changes: Mapping[str, Any]


def record(session: DataSession, entries: Sequence[Entry]) -> None:
    """Write the rows of changes made in this transaction, each chained to its record's last row."""
    if not entries:
        return
    last = _last_digests(session, entries)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        place = (entry.entity, entry.record_id)
        row = _row(session, entry.action, entry.entity, entry.record_id, entry.changes, entry.version, last.get(place, ""))
        last[place] = row["digest"]
        rows.append(row)
    session.kernel(insert(JournalRow.__table__), rows)


def event(
    session: DataSession, action: str, entity: str | None = None, record_id: int | None = None, changes: Mapping[str, Any] | None = None,
) -> None:
    """Something that happened without changing a record: a sign-in, an export, a report, a read of sensitive fields."""
    session.kernel(insert(JournalRow.__table__), [_row(session, action, entity, record_id, changes or {}, None, "", event=True)])


def changed_since(session: DataSession, kind: Entity, record_id: int, version: int) -> frozenset[str]:
    """Keys of the fields that others have changed after `version` of a record."""
    journal = JournalRow.__table__
    rows = session.kernel(select(journal.c.changes).where(journal.c.entity == kind.key, journal.c.record_id == record_id, journal.c.version > version))
    return frozenset(key for (changes,) in rows for key in kind.by_key(changes))


def value_at(session: DataSession, entity: str, record_id: int, version: int, key: str) -> tuple[bool, Any]:
    """What a field held in a past version of a record, as JSON; (False, None) when nobody has changed it since."""
    journal = JournalRow.__table__
    query = select(journal.c.changes).where(journal.c.entity == entity, journal.c.record_id == record_id, journal.c.version > version).order_by(journal.c.id)
    pair = next((changes[key] for (changes,) in session.kernel(query) if key in changes), None)
    return (True, pair[0]) if pair else (False, None)  # an erased pair is none


def batch_made(session: DataSession, batch: str) -> tuple[int | None, datetime] | None:
    """Who wrote a batch, and when last; None when there is no such batch. Whoever asks must not tell others."""
    journal = JournalRow.__table__
    query = select(journal.c.actor_id, journal.c.at).where(journal.c.batch == batch, journal.c.version.is_not(None)).order_by(journal.c.id.desc()).limit(1)
    row = session.kernel(query).first()
    return (row.actor_id, row.at) if row else None


def last_batch(session: DataSession, entity: str, record_id: int) -> str | None:
    """The batch that wrote a record last."""
    journal = JournalRow.__table__
    query = select(journal.c.batch).where(journal.c.entity == entity, journal.c.record_id == record_id, journal.c.version.is_not(None))
    return session.kernel(query.order_by(journal.c.id.desc()).limit(1)).scalar()


def _last_digests(session: DataSession, entries: Iterable[Entry]) -> dict[tuple[str, int], str]:
    """The newest digest of each record; records made in this transaction have none."""
    places: dict[str, list[int]] = {}
    for entry in entries:
        if entry.action != "create":
            places.setdefault(entry.entity, []).append(entry.record_id)
    journal = JournalRow.__table__
    found: dict[tuple[str, int], str] = {}
    for entity, ids in places.items():
        for part in _parts(ids):
            newest = select(func.max(journal.c.id)).where(
                journal.c.entity == entity, journal.c.record_id.in_(part), journal.c.version.is_not(None)).group_by(journal.c.record_id)
            for row in session.kernel(select(journal.c.record_id, journal.c.digest).where(journal.c.id.in_(newest))):
                found[entity, row.record_id] = row.digest
    return found


def _row(
    session: DataSession, action: str, entity: str | None, record_id: int | None, changes: Mapping[str, Any], version: int | None, previous: str,
    *, event: bool = False,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "at": datetime.now(UTC), "actor_id": session.actor_id, "source": session.source, "reason": session.reason[:255], "entity": entity,
        "record_id": record_id, "action": action, "version": version, "changes": dict(changes), "batch": None if event else session.batch,
        "salt": secrets.token_hex(16), "erased": None, "previous": previous,
    }
    return {**row, "digest": digest_of(row)}


def print_of(changes: Any) -> str:
    """Of what an erasure leaves of a row's values: the erasure says it, so that nothing else can stand there later."""
    return values_hash("", changes)


def values_hash(salt: str, changes: Any) -> str:
    """What stands for the values in a row's digest."""
    return hashlib.sha256((salt + json.dumps(changes, sort_keys=True, ensure_ascii=False)).encode()).hexdigest()


def digest_of(row: Mapping[str, Any]) -> str:
    """SHA-256 over length-prefixed parts; the values enter as a salted hash of their own."""
    values = row.get("erased") or values_hash(row["salt"], row["changes"])
    parts = (
        row["previous"],
        row["at"].isoformat(),
        row["actor_id"],
        row["source"],
        row["reason"],
        row["entity"],
        row["record_id"],
        row["action"],
        row["version"],
        row["batch"],
        values,
    )
    text = "".join(f"{len(str(part))}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()


def _parts(ids: Sequence[int], size: int = 500) -> Iterator[Sequence[int]]:
    return (ids[n : n + size] for n in range(0, len(ids), size))
