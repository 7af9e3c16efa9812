"""A field of many records that becomes one of another type: its values are copied into new columns in parts, before the change comes into force.

What asks for it adds the columns and keeps the file; nobody sees anything of it yet. A job fills them row by row in short transactions while everybody
writes on into the old column, and copies anew what was saved since (`changed_since`); then the file is applied in one short transaction
(`switching`). Killed anywhere, the old configuration stands and the job goes on where it was.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, insert, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.catalog import Catalog
from crm.backoffice.configuration import OptionRow, PicklistRow
from crm.backoffice.custom import schema
from crm.backoffice.custom.everything import kept_spec, stored_as
from crm.backoffice.custom.models import FIELDS
from crm.backoffice.entities import Base, Entity
from crm.backoffice.guard import DataSession, SystemSession
from crm.backoffice.jobs import enqueue
from crm.backoffice.lowcode.converting import Conversion, conversions
from crm.backoffice.lowcode.document import Document
from crm.backoffice.lowcode.made import decisions_of
from crm.backoffice.lowcode.options import PicklistSpec
from crm.backoffice.outside import write_yaml
from crm.backoffice.types import UtcMoment
from crm.errors import BadRequest
from crm.messages import m

JOB = "convert_field"
MANY = 1_000  # records of more than which nobody is made to wait
MARGIN = timedelta(minutes=5)  # by which the clocks of two machines may differ


class FieldConversion(Base):
    """A configuration file that waits until the values of its fields of another type are copied. `fields` are the conversions: entity, key, numbers of
    the field of before, the new one and the one for the rest; `at` is the one being copied, up to the record `position`."""

    __tablename__ = "field_conversion"

    id: Mapped[int] = mapped_column(primary_key=True)
    said: Mapped[str] = mapped_column(Text)
    asked: Mapped[int]  # the version over which it was made
    base: Mapped[int]  # the version by which values were copied
    fields: Mapped[list[Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(8), default="copying", index=True)  # copying, done, failed, stopped
    at: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    seen: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column(UtcMoment())  # what was saved from here on is to be copied again
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(UtcMoment())
    ended_at: Mapped[datetime | None] = mapped_column(UtcMoment())


TABLE = FieldConversion.__table__
UNDER_WAY = TABLE.c.state == "copying"


def begin(session: SystemSession, document: Document, after: Catalog) -> int | None:
    """Keep a file for later when it changes the type of fields of many records: the number under which it waits; None: it may be applied at once.
    `after` is the catalog that it would make. Raises BadRequest for a field that is being converted already, Busy."""
    found = [one for one in conversions(session.catalog, after, decisions_of(document.fields)) if one.new.number < 0]
    if document.raw is None or not any(_many(session, one.kind) for one in found) or not all(_reachable(session.catalog, one) for one in found):
        return None
    for busy in session.kernel(select(TABLE.c.fields).where(UNDER_WAY)).scalars():
        for one in found:
            if any(field["old"] == one.old.number for field in busy):
                raise BadRequest(m("“%(place)s” is being converted already; wait for that, or stop it.", place=f"{one.kind.key}.{one.new.key}"))
    for spec in (field.options for field in document.fields if field.options is not None):
        _options(session, spec)
    made = [{"entity": one.kind.key, "key": one.new.key, "old": one.old.number, **_columns(session, after, one)} for one in found]
    now, version = datetime.now(UTC), session.catalog.version
    row = {
        "said": write_yaml(dict(document.raw)), "asked": version, "base": version, "fields": made, "state": "copying",
        "at": 0, "position": 0, "seen": 0, "total": 0, "since": changed_since(session), "made_by_id": session.actor_id, "made_at": now,
    }
    number: int = session.kernel(insert(TABLE).values(row).returning(TABLE.c.id)).scalar_one()
    enqueue(session, JOB, {"conversion": number})
    return number


def changed_since(session: DataSession) -> datetime:
    """From when on rows may have been saved that nobody sees yet: now, or when the oldest transaction that still writes began, and a margin."""
    now = datetime.now(UTC)
    if session.get_bind().dialect.name == "postgresql":
        oldest = session.kernel(text("SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL")).scalar()
        now = min(now, oldest.astimezone(UTC)) if oldest is not None else now
    return now - MARGIN


def stop(session: DataSession, number: int) -> bool:
    """Give a conversion up, or forget one that has failed; whether there was one. What was copied is dropped like any removed field."""
    open_ = TABLE.c.id == number, TABLE.c.state.in_(("copying", "failed"))
    return bool(session.kernel(update(TABLE).where(*open_).values(state="stopped", ended_at=datetime.now(UTC))).rowcount)  # type: ignore[attr-defined]


def told(session: DataSession) -> Sequence[Mapping[Any, Any]]:
    """The conversions that go on or have failed, the oldest first."""
    return session.kernel(select(TABLE).where(TABLE.c.state.in_(("copying", "failed"))).order_by(TABLE.c.id)).mappings().all()


def _many(session: DataSession, kind: Entity) -> bool:
    return len(session.kernel(select(kind.table.c.id).limit(MANY + 1)).all()) > MANY


def _reachable(catalog: Catalog, one: Conversion) -> bool:
    """Whether its records stand, and what it will refer to."""
    return one.kind.key in catalog.entities and (one.new.target is None or one.new.target in catalog.entities)


def _options(session: SystemSession, spec: PicklistSpec) -> None:
    """The options that values may become; no field offers them before the change is in force."""
    if spec.key not in session.catalog.picklists or not session.kernel(select(PicklistRow.id).where(PicklistRow.key == spec.key)).first():
        label = spec.label
        session.kernel(insert(PicklistRow).values(key=spec.key, label_uk=label.uk if label else spec.key, label_en=label.en if label else spec.key))
    known = set(session.kernel(select(OptionRow.key).where(OptionRow.picklist == spec.key)).scalars())
    for place, option in enumerate(spec.options):
        if option.key not in known:
            session.kernel(insert(OptionRow).values(
                picklist=spec.key, key=option.key, label_uk=option.label.uk, label_en=option.label.en, colour=option.colour, position=place,
                retired=option.retired))


def _columns(session: SystemSession, after: Catalog, one: Conversion) -> dict[str, int | None]:
    """The columns of the new field and of the one for the rest, as fields that are not there: erasure and backups reach them already."""
    connection, table, made = session.connection(), one.kind.table.name, after.made.of(one.kind.key)
    referred = "picklist_option" if one.new.picklist and not one.new.multiple else None
    target = after.entities[one.new.target].table.name if one.new.target else referred
    schema.alone(connection, [table, *([target] if target is not None else [])])
    numbers: dict[str, int | None] = {"rest": None}
    for name, spec in (("new", one.new), ("rest", one.rest)):
        if spec is not None:
            kept = made[spec.key]
            row = {"entity": kept.entity, "key": kept.key, "said": dict(kept.said), "stored": stored_as(spec), "position": 0, "removed_at": datetime.now(UTC)}
            stored = session.kernel(insert(FIELDS).values(row).returning(*FIELDS.c)).one()
            schema.add_field(connection, table, kept_spec(stored), target if name == "new" else None, indexed=False)
            numbers[name] = stored.id
    return numbers
