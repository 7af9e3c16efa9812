"""What administrators have made, as rows: entities and fields, each under a number that its table or column is named by for ever."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.types import UtcMoment

ALIVE = text("removed_at IS NULL")


class CustomEntity(Base):
    """An entity; its records stand in the table `ce_<id>`. The journal names them by the key, so no other entity ever gets it: one that is
    removed comes back by an undo."""

    __tablename__ = "custom_entity"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)  # as a configuration file says it, without its fields
    position: Mapped[int] = mapped_column(default=0)
    removed_at: Mapped[datetime | None] = mapped_column(UtcMoment())


class CustomField(Base):
    """A field of any entity; its values stand in the column `cf_<id>` (and its companions), a set of references in the table `cf_<id>`."""

    __tablename__ = "custom_field"
    __table_args__ = (Index("uq_custom_field_entity_key", "entity", "key", unique=True, sqlite_where=ALIVE, postgresql_where=ALIVE),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64))
    said: Mapped[dict[str, Any]] = mapped_column(JSON)  # as a configuration file says it
    stored: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what its columns are like, also when what it was computed from is gone
    position: Mapped[int] = mapped_column(default=0)
    removed_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    dropped_at: Mapped[datetime | None] = mapped_column(UtcMoment())  # since when its columns are gone, see `dropping`


class CustomCheck(Base):
    """What every record of an entity must satisfy when it is saved, under a name."""

    __tablename__ = "custom_check"
    __table_args__ = (Index("uq_custom_check_entity_key", "entity", "key", unique=True, sqlite_where=ALIVE, postgresql_where=ALIVE),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64))
    said: Mapped[dict[str, Any]] = mapped_column(JSON)  # as a configuration file says it
    position: Mapped[int] = mapped_column(default=0)
    removed_at: Mapped[datetime | None] = mapped_column(UtcMoment())


class CustomCounter(Base):
    """How far the numbers of a field have come, for each of what its mask gives beside the digits ("2026/SALES"). Those from `kept` to `until` are
    kept for records that stood when the field was made: `recomputing` gives them in the order of their making."""

    __tablename__ = "custom_counter"

    field: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scope: Mapped[str] = mapped_column(String(100), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    until: Mapped[int] = mapped_column(default=0)


ENTITIES, FIELDS, CHECKS, COUNTERS = CustomEntity.__table__, CustomField.__table__, CustomCheck.__table__, CustomCounter.__table__
