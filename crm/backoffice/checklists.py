"""Checklists of stages: what is ticked of a record while it stands there. Who ticked what, and when, the journal says.

A tick belongs to the stage, the record and the item by its key: a record that comes back to a stage finds what was ticked there, and an item whose
words change stays ticked.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import ForeignKey, String, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice import journal
from crm.backoffice.entities import Base, Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.backoffice.saving import rights
from crm.backoffice.stage_rules import rules_of, stage_field
from crm.errors import NotFound
from crm.messages import m

EVENT = "checklist"


class StageTickRow(Base):
    """An item of the checklist of a stage is done for a record."""

    __tablename__ = "stage_tick"

    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"), primary_key=True, autoincrement=False)
    item: Mapped[str] = mapped_column(String(64), primary_key=True)


TABLE = StageTickRow.__table__


def ticked(session: DataSession, entity: str, stage: int, ids: Sequence[int]) -> dict[int, set[str]]:
    """Record → the items, by key, that are ticked of it at a stage. That the records and where they stand are the reader's, the caller has asked."""
    found: dict[int, set[str]] = {}
    for part in in_parts(ids):
        here = (TABLE.c.entity == entity, TABLE.c.stage_id == stage, TABLE.c.record_id.in_(part))
        for number, item in session.kernel(select(TABLE.c.record_id, TABLE.c.item).where(*here)):
            found.setdefault(number, set()).add(item)
    return found


def tick(session: DataSession, kind: Entity, record_id: int, item: str, *, done: bool) -> None:
    """Tick an item of the stage in which a record stands, or take the tick back; what is so already is left so. The caller commits. Raises NotFound,
    Forbidden: whoever may change the record and sees where it stands may do it."""
    rights.check_existing(session, kind, [record_id], "update")
    stage = _stands(session, kind, record_id)
    if all(one.key != item for one in rules_of(session.catalog, stage).checklist):
        raise NotFound(m("There is no such item on the checklist of this stage."))
    if (item in ticked(session, kind.key, stage, [record_id]).get(record_id, set())) == done:
        return
    place = {"entity": kind.key, "record_id": record_id, "stage_id": stage, "item": item}
    if done:
        session.kernel(insert(TABLE).values(**place))
    else:
        session.kernel(delete(TABLE).where(*(TABLE.c[name] == value for name, value in place.items())))
    code = session.catalog.configured["stage"][stage].code
    journal.event(session, EVENT, kind.key, record_id, {"stage": [code, code], "item": [None, item] if done else [item, None]})


def _stands(session: DataSession, kind: Entity, record_id: int) -> int:
    """The number of the stage, 0 where this reader does not see it."""
    spec = stage_field(session.catalog, kind)
    if spec is None or spec.key not in session.sight.readable(kind.key):
        return 0
    source = session.table(kind.key)
    return session.execute(select(source[spec.key]).where(source.visible, source.id == record_id)).scalar() or 0


def lacking(session: DataSession, entity: str, stage: int, ids: Iterable[int]) -> dict[str, list[int]]:
    """Item → those of the records of which it is not ticked, of the items without which none leaves the stage."""
    asked = [one.key for one in rules_of(session.catalog, stage).checklist if one.required]
    wanted = list(ids)
    done = ticked(session, entity, stage, wanted) if asked else {}
    return {key: missing for key in asked if (missing := [number for number in wanted if key not in done.get(number, set())])}
