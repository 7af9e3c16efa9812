"""Rights of roles ask for stages and for what stages are: so whoever is limited changes nothing of them that a rule names, and merges none."""

from collections.abc import Iterator

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.renaming import Renaming
from crm.backoffice.conditions.restaging import Restaging
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.document import Document
from crm.backoffice.lowcode.parsing import order
from crm.backoffice.lowcode.pipelines import PipelineSpec, pipeline_of, stage_stands, stages_of
from crm.backoffice.lowcode.stage_merging import STAGE, StageMerge, StageMerged, standing_in
from crm.backoffice.lowcode.uses import GONE, Rewriting
from crm.backoffice.sight import Sight
from crm.errors import Forbidden
from crm.messages import m
from crm.rights.known import sees_all
from crm.rights.option_merges import rights_ask


def judge_stages(session: SystemSession, sight: Sight, document: Document) -> None:
    """Raises Forbidden where rights of roles ask for a stage of a merge, or for what would change of a stage, for anybody but the owner."""
    if sight.access is None or sight.access.unlimited:
        return
    if any(_asked(session, change) for change in _merged(session.catalog, (*document.stage_merges, *document.stages_unmerged))):
        raise Forbidden(m("Rights of roles ask for one of these stages, so merging them is for the owner."))
    changed = {facet for spec in document.pipelines for facet in _changed(session.catalog, spec)}
    if changed and _asked(session, Renaming({(STAGE, facet): GONE for facet in changed})):
        raise Forbidden(m("Rights of roles ask for what this changes of stages, so it is for the owner."))


def sees_standing(sight: Sight) -> bool:
    """Whether a person sees every record that may stand in a stage, and where it stands."""
    return all(sees_all(sight, kind.key, [spec.key]) for kind, spec in standing_in(sight.catalog) if kind.is_record)


def _asked(session: SystemSession, change: Rewriting) -> bool:
    return rights_ask(session, change)


def _merged(catalog: Catalog, merges: tuple[StageMerge | StageMerged, ...]) -> Iterator[Restaging]:
    for one in merges:
        stages = stages_of(catalog, pipeline_of(catalog, one.pipeline))
        yield from (Restaging(STAGE, catalog.configured[STAGE], stages[key].id, None) for key in (one.old, one.new) if key in stages)


def _changed(catalog: Catalog, spec: PipelineSpec) -> Iterator[str]:
    """The fields of stages that would change; a new stage changes nothing that stands."""
    known = pipeline_of(catalog, spec.key)
    now = {key: stage_stands(row) for key, row in stages_of(catalog, known).items()}
    if known is not None and order(list(now), [one.key for one in spec.stages])[: len(now)] != list(now):
        yield "position"
    for stage in spec.stages:
        old = now.get(stage.key)
        if old is None:
            continue
        pairs = {"name": (old.label.uk, stage.label.uk), "name_en": (old.label.en, stage.label.en)}
        pairs |= {name: (getattr(old, name), getattr(stage, name)) for name in ("kind", "probability", "retired", "colour", "days", "forecast")}
        yield from (name for name, (was, becomes) in pairs.items() if was != becomes)
