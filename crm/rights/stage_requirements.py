"""What stages ask for, changed by a person: he may ask only for what he sees himself. Whoever could move a record would else try out by it what a
field holds that is hidden from him."""

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.tree import parse
from crm.backoffice.custom.fields import Said
from crm.backoffice.lowcode.document import Document
from crm.backoffice.lowcode.pipelines import StageSpec, pipeline_of, stage_stands, stages_of
from crm.backoffice.lowcode.stage_trial import HISTORY
from crm.backoffice.sight import Sight
from crm.backoffice.stage_rules import SIDES, stage_field
from crm.errors import BramaError, Forbidden
from crm.messages import m
from crm.rights.known import rests_on_the_seen, sees_all


def judge_requirements(sight: Sight, document: Document, after: Catalog) -> None:
    """Raises Forbidden for a requirement, made, changed or lifted, that looks at what this person does not see on every record."""
    if sight.access is None or sight.access.unlimited:
        return
    eyes = Sight(sight.access, after, sight.reader)
    for spec in document.pipelines:
        rows = stages_of(sight.catalog, pipeline_of(sight.catalog, spec.key))
        for stage in spec.stages:
            old = stage_stands(rows[stage.key]) if stage.key in rows else None
            if not all(requirement_seen(eyes, spec.entity, one[1]) for one in _of(stage) if old is None or one not in _of(old)):
                raise Forbidden(m("You may ask for conditions only of fields that you see on every record."))
            if old is not None and not all(requirement_seen(sight, spec.entity, one[1]) for one in _of(old) if one not in _of(stage)):
                raise Forbidden(m("A requirement that looks at what you do not see on every record stays as it is."))


def requirement_seen(sight: Sight, entity: str, said: Said) -> bool:
    """Whether a requirement looks only at fields that this person sees on every record. What makes no sense any more is seen by who is limited by
    nothing."""
    if sight.access is None or sight.access.unlimited:
        return True
    try:
        return rests_on_the_seen(sight, sight.catalog.entities[entity], parse(said["where"], sight.catalog.saved))
    except (BramaError, KeyError):
        return False


def sees_moves(sight: Sight, entity: str) -> bool:
    """Whether this person could count himself which records of an entity have gone through a stage: he sees all of them, where they stand and stood."""
    kind = sight.catalog.entities.get(entity)
    spec = stage_field(sight.catalog, kind) if kind is not None else None
    if kind is None or spec is None:
        return False
    history = kind.relations.get(HISTORY)
    return sees_all(sight, entity, [spec.key]) and (history is None or sees_all(sight, history.entity, [history.field, "stage", "from_stage"]))


def _of(stage: StageSpec) -> list[tuple[str, Said]]:
    return [(side, one) for side in SIDES for one in getattr(stage, side)]
