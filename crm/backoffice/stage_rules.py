"""What the configuration asks of a move between stages: what must hold to enter one or to leave it, and where one may go from it.

It is kept as a file says it (`Configured.said` of a stage), and asked by `saving/moves.py`.
"""

from dataclasses import dataclass

from crm.backoffice.catalog import Catalog, Configured
from crm.backoffice.custom.fields import checks_of
from crm.backoffice.entities import Check, Entity
from crm.backoffice.fields.base import Field
from crm.messages import Label

SIDES = ("enter", "exit")


@dataclass(frozen=True)
class Item:
    """Of the checklist of a stage; without one that is `required` no record leaves it."""

    key: str
    label: Label
    required: bool = False


ROLES = "team_role"  # the picklist of what people do on a team


@dataclass(frozen=True)
class Duty:
    """Of whoever has a role on the team of a record that stands in the stage, by the key of the role: to be done within so many working days, None for
    no day. Without one that is `required` no record leaves the stage."""

    key: str
    role: str
    label: Label
    days: int | None = None
    required: bool = False


@dataclass(frozen=True)
class StageRules:
    """Of one stage. `moves` are keys of stages of its pipeline; None: any. `team` are the roles without which no record leaves it."""

    enter: tuple[Check, ...] = ()
    exit: tuple[Check, ...] = ()
    moves: frozenset[str] | None = None
    checklist: tuple[Item, ...] = ()
    duties: tuple[Duty, ...] = ()
    team: tuple[str, ...] = ()

    def lets_go(self, stage: str, *, same_pipeline: bool) -> bool:
        """Whether one may go from here to a stage, by key. A stage that names where one goes leads into no other pipeline."""
        return self.moves is None or (same_pipeline and stage in self.moves)


def rules_of(catalog: Catalog, stage: int) -> StageRules:
    """What is asked at a stage, by its number. Raises UnknownCondition where a requirement names a saved condition that is gone."""
    known: dict[int, StageRules] = catalog.memory.setdefault("stage_rules", {})
    if stage not in known:
        row = catalog.configured["stage"].get(stage)
        said = row.said if row is not None else {}
        enter, leave = (checks_of(said.get(side, ()), catalog.saved) for side in SIDES)
        items = (Item(one["key"], Label(one["label"]["uk"], one["label"]["en"]), bool(one.get("required"))) for one in said.get("checklist", ()))
        duties = (
            Duty(one["key"], one["role"], Label(one["label"]["uk"], one["label"]["en"]), one.get("days"), bool(one.get("required")))
            for one in said.get("duties", ())
        )
        moves = frozenset(said["moves"]) if "moves" in said else None
        known[stage] = StageRules(enter, leave, moves, tuple(items), tuple(duties), tuple(said.get("team", ())))
    return known[stage]


def stage_field(catalog: Catalog, kind: Entity) -> Field | None:
    """The field by which records that pipelines lead stand in a stage; None of those that none leads."""
    if all(one.values["entity"] != kind.key for one in catalog.configured.get("pipeline", {}).values()):
        return None
    return next((spec for spec in kind.fields.values() if spec.target == "stage" and not spec.several and not spec.system), None)


def entity_of(catalog: Catalog, stage: Configured) -> str:
    """The entity whose records stand in a stage."""
    pipeline = catalog.configured["pipeline"].get(stage.parent_id or 0)
    return str(pipeline.values["entity"]) if pipeline is not None else "deal"
