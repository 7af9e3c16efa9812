"""The bar of stages above a record that stands in a pipeline: what lies behind, where it is, what is ahead, and for how long it has stood there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from crm.backoffice.catalog import Catalog, Configured
from crm.backoffice.checklists import ticked
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Ref
from crm.backoffice.guard import UserSession
from crm.backoffice.stage_rules import rules_of

HISTORY = "stage_history"


@dataclass(frozen=True)
class Step:
    """A stage on the bar; `state` is done, now, won, lost or "" (ahead), `is_end` marks the won and lost ones."""

    id: int
    label: str
    state: str
    is_now: bool
    is_end: bool
    kind: str
    opens: bool = True  # whether the stage where the record stands leads to it


@dataclass(frozen=True)
class Task:
    """An item of the checklist of the stage where the record stands; without one that is `required` it does not leave it."""

    key: str
    label: str
    required: bool
    done: bool


@dataclass(frozen=True)
class Stay:
    """For how many working days a record has stood in its stage, and how many it should at most."""

    days: int
    limit: int

    @property
    def late(self) -> bool:
        return self.days > self.limit


def steps(catalog: Catalog, entity: Entity, values: Mapping[str, Any], language: str) -> list[Step]:
    """The open stages of the record's pipeline in order, then the ends; none for what has no stage or hides it."""
    rows, current = _standing(catalog, entity, values)
    if current is None or "kind" not in current.values:
        return []
    fitting = [r for r in rows.values() if r.parent_id == current.parent_id and (not r.retired or r.id == current.id)]
    fitting.sort(key=lambda r: (r.values.get("kind") != "open", r.position, r.id))
    rules = rules_of(catalog, current.id)
    return [
        Step(r.id, r.label.text(language), _state(r, current), r.id == current.id, _kind(r) != "open", _kind(r), rules.lets_go(r.key, same_pipeline=True))
        for r in fitting
    ]


def checklist(session: UserSession, entity: Entity, record_id: int, stage: Any, language: str) -> list[Task]:
    """The checklist of the stage in which a record stands, as this reader sees it (`stage`)."""
    items = rules_of(session.catalog, _number(stage)).checklist
    done = ticked(session, entity.key, _number(stage), [record_id]).get(record_id, set()) if items else set()
    return [Task(one.key, one.label.text(language), one.required, one.key in done) for one in items]


def stay(session: UserSession, entity: Entity, record_id: int, values: Mapping[str, Any]) -> Stay | None:
    """How long a record has stood in its stage, counted in working days after the one on which it came; None where the stage has no service time or
    this reader does not see when it came."""
    history, (_, current) = entity.relations.get(HISTORY), _standing(session.catalog, entity, values)
    limit = current.values.get("days") if current is not None else None
    if current is None or limit is None or history is None or not {"stage", "entered_at"} <= set(session.sight.readable(history.entity)):
        return None
    moves = session.table(history.entity)
    came = select(moves["entered_at"]).where(moves.visible, moves[history.field] == record_id, moves["stage"] == current.id)
    entered = session.execute(came.order_by(moves["entered_at"].desc()).limit(1)).scalar()
    if entered is None:
        return None
    company = session.catalog.company
    came_on = entered.astimezone(company.zone).date()
    worked = company.working_time.worked(came_on, session.catalog.reader().today, company.zone, session.catalog.special_days)
    return Stay(sum(day > came_on for day in worked), limit)


def _standing(catalog: Catalog, entity: Entity, values: Mapping[str, Any]) -> tuple[Mapping[int, Configured], Configured | None]:
    """The stages among which a record's is, by number, and its own; None of what has none or hides it."""
    spec = entity.fields.get("stage")
    rows = catalog.configured.get(spec.target or "", {}) if spec else {}
    return rows, rows.get(_number(values.get("stage")))


def _state(row: Configured, current: Configured) -> str:
    if row.id == current.id:
        return _kind(row) if _kind(row) in ("won", "lost") else "now"
    behind = _kind(row) == "open" and (_kind(current) == "won" or (_kind(current) == "open" and row.position < current.position))
    return "done" if behind else ""


def _kind(row: Configured) -> str:
    return str(row.values.get("kind") or "open")


def _number(value: Any) -> int:
    return value.id if isinstance(value, Ref) else value if isinstance(value, int) else 0
