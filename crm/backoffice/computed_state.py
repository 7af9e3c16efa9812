"""How far stored values that are worked out by formulas, roll-ups and masks have come, an entity a row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import JSON, String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice.entities import Base
from crm.backoffice.types import UtcMoment


class ComputedState(Base):
    """By which formulas the stored values of an entity were computed. `towards` are those of work under way, which has done the rows up to
    `position`: `seen` of `total`. `waiting` are the columns of fields that hold nothing right before that work is done."""

    __tablename__ = "computed_state"

    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    formulas: Mapped[str] = mapped_column(String(64), default="")
    towards: Mapped[str] = mapped_column(String(64), default="")
    position: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    seen: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[list[str]] = mapped_column(JSON, default=list)
    moved_at: Mapped[datetime] = mapped_column(UtcMoment())


TABLE = ComputedState.__table__
FRESH: Mapping[str, Any] = MappingProxyType({"formulas": "", "towards": "", "position": 0, "changed": 0, "seen": 0, "total": 0})


@dataclass(frozen=True)
class Filling:
    """Fields of an entity, by column, that are being worked out for records that stood: `seen` of `total` of them are done (0: not known yet)."""

    entity: str
    columns: frozenset[str]
    seen: int
    total: int


def fillings(rows: Iterable[Any]) -> list[Filling]:
    """What is being worked out, from the rows of `WAITING`."""
    return [Filling(row.entity, frozenset(row.waiting), row.seen, row.total) for row in rows if row.waiting]


WAITING = select(TABLE.c.entity, TABLE.c.waiting, TABLE.c.seen, TABLE.c.total).order_by(TABLE.c.entity)


def made_known(dialect: str, entity: str) -> Any:
    """The statement that makes the row of an entity where there is none."""
    row = (postgresql if dialect == "postgresql" else sqlite).insert(TABLE)
    return row.values({**FRESH, "entity": entity, "waiting": [], "moved_at": datetime.now(UTC)}).on_conflict_do_nothing()
