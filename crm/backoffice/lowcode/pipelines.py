"""Pipelines in a configuration file: stages in their order, each with what it is, how likely deals in it are won, and a colour."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from crm.backoffice.catalog import Catalog, Configured
from crm.backoffice.custom.fields import Said
from crm.backoffice.lowcode import stage_requirements
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.options import colour_of
from crm.backoffice.lowcode.parsing import key_of, label_of, once, only, order, wrong
from crm.errors import BadRequest
from crm.messages import Label, Message, m

KINDS = ("open", "won", "lost")
CATEGORIES = ("commit", "best_case", "pipeline", "omitted")  # in which an open stage is forecast
SOURCES = ("stage", "history")  # whence the probability comes that a record has unless somebody gives one
HEAVIEST, MOST_LEAST = 1000, 100_000
MOST = 100  # stages of one pipeline


@dataclass(frozen=True)
class Likelihood:
    """Whence a record has its probability: from its stage, or from what became of others that had come as far. Of those, `weight` more are added that went
    as is usual in the pipeline, and below `least` of them nothing is inferred."""

    source: str = "stage"
    weight: int = 10
    least: int = 20

    def as_dict(self) -> dict[str, Any]:
        """As a file says it."""
        return {"source": self.source, "weight": self.weight, "least": self.least}


@dataclass(frozen=True)
class StageSpec:
    key: str
    label: Label
    kind: str = "open"
    probability: Decimal | None = None
    retired: bool = False
    colour: str = ""
    days: int | None = None  # of service time, working days
    forecast: str = ""  # the category in which what stands there is forecast, "" for the usual one
    enter: tuple[Said, ...] = field(default=(), hash=False)
    exit: tuple[Said, ...] = field(default=(), hash=False)
    checklist: tuple[Said, ...] = field(default=(), hash=False)
    moves: tuple[str, ...] | None = None  # keys of the stages to which one may go; None: any
    duties: tuple[Said, ...] = field(default=(), hash=False)
    team: tuple[str, ...] = ()  # keys of roles without which none leaves

    @property
    def rules(self) -> dict[str, Any]:
        """What it asks of a move, as a file says it."""
        return stage_requirements.rules_said(self.enter, self.exit, self.checklist, self.duties, self.team, self.moves)

    @property
    def takes_open(self) -> bool:
        """Whether deals that are not decided yet may stand in it."""
        return self.kind == "open" and not self.retired


@dataclass(frozen=True)
class PipelineSpec:
    key: str
    label: Label
    entity: str
    stages: tuple[StageSpec, ...]
    likelihood: Likelihood | None = None  # None: the file does not say, and it stays


def pipeline(key: str, said: Any, catalog: Catalog) -> PipelineSpec:
    """What a file says of a pipeline under its key. Raises BadRequest, UnknownName."""
    place = m("pipeline “%(key)s”", key=key)
    only(said, ("label", "entity", "stages", "probability"), place)
    stages = said.get("stages") or []
    if not isinstance(stages, list):
        raise wrong(place, m("“stages” is a list"))
    if len(stages) > MOST:
        raise wrong(place, m("a pipeline has at most %(count)s stages", count=MOST))
    found = tuple(_stage(one, place) for one in stages)
    once((one.key for one in found), place)
    stage_requirements.known_moves(
        (one.moves for one in found), (*(one.key for one in found), *stages_of(catalog, pipeline_of(catalog, key))), place,
    )
    return PipelineSpec(key, label_of(said, place), catalog.entity(str(said.get("entity", "deal"))).key, found, _likelihood(said, place))


def _likelihood(said: Any, place: Message) -> Likelihood | None:
    given = said.get("probability")
    if given is None:
        return None
    only(given, ("source", "weight", "least"), place)
    found = Likelihood(given.get("source", "stage"), given.get("weight", 10), given.get("least", 20))
    if found.source not in SOURCES:
        raise wrong(place, m("a probability comes from the stage or from history, not from “%(source)s”", source=str(found.source)[:40]))
    for name, value, most in (("weight", found.weight, HEAVIEST), ("least", found.least, MOST_LEAST)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise wrong(place, m("“%(name)s” is a whole number from 1 to %(most)s", name=name, most=most))
    return found


def likelihood_of(values: Mapping[str, Any]) -> Likelihood:
    """Of a pipeline by its fields."""
    return Likelihood(values["probability_source"], values["history_weight"], values["history_least"])


def _stage(said: Any, place: Message) -> StageSpec:
    only(said, ("key", "label", "type", "probability", "colour", "retired", "forecast", *stage_requirements.NAMES), place)
    kind = said.get("type", "open")
    if kind not in KINDS:
        raise wrong(place, m("a stage is open, won or lost, not “%(kind)s”", kind=str(kind)[:40]))
    probability = None
    if said.get("probability") is not None:
        try:
            probability = Decimal(str(said["probability"]))
        except InvalidOperation:
            probability = Decimal(-1)
        if not 0 <= probability <= 1:
            raise wrong(place, m("a probability is a fraction from 0 to 1"))
    forecast = said.get("forecast") or ""
    if forecast not in ("", *CATEGORIES):
        raise wrong(place, m("an open stage is forecast as one of %(known)s, not as “%(given)s”", known=", ".join(CATEGORIES), given=str(forecast)[:40]))
    here = m("stage “%(key)s”", key=f"{place.params['key']}.{key_of(said, place)}")
    return StageSpec(
        key_of(said, place), label_of(said, place), kind, probability, bool(said.get("retired")), colour_of(said, place),
        stage_requirements.days_of(said, here), forecast, stage_requirements.requirements_of(said, "enter", here),
        stage_requirements.requirements_of(said, "exit", here), stage_requirements.checklist_of(said, here), stage_requirements.moves_of(said, here),
        stage_requirements.duties_of(said, here), stage_requirements.team_of(said, here),
    )


def verify_roles(spec: PipelineSpec, roles: Container[str]) -> None:
    """Raises BadRequest for a duty of a role that is not there."""
    for stage in spec.stages:
        stage_requirements.known_roles(stage.rules, roles, m("stage “%(key)s”", key=f"{spec.key}.{stage.key}"))


def verify_requirements(catalog: Catalog, spec: PipelineSpec) -> None:
    """Raises BadRequest for a requirement of a stage that asks for what is not there in `catalog`."""
    for stage in spec.stages:
        stage_requirements.verify(catalog, spec.entity, stage.rules, m("stage “%(key)s”", key=f"{spec.key}.{stage.key}"))


def pipeline_of(catalog: Catalog, key: str) -> Configured | None:
    return next((p for p in catalog.configured.get("pipeline", {}).values() if p.code == key), None)


def stages_of(catalog: Catalog, known: Configured | None) -> Mapping[str, Configured]:
    """The stages of a pipeline by key."""
    return {s.key: s for s in catalog.configured.get("stage", {}).values() if known is not None and s.parent_id == known.id}


def stage_codes(catalog: Catalog, spec: PipelineSpec) -> Iterator[str]:
    """The codes of those stages of a document that stand."""
    rows = stages_of(catalog, pipeline_of(catalog, spec.key))
    return (rows[one.key].code for one in spec.stages if one.key in rows)


def stage_stands(row: Configured) -> StageSpec:
    """A stage as a file would say it now."""
    return stage_as_kept(row.label, {**row.values, "key": row.key, "retired": row.retired}, row.said)


def stage_as_kept(label: Label, values: Mapping[str, Any], said: Mapping[str, Any]) -> StageSpec:
    """A stage by its fields (key, kind, probability, retired, colour, days, forecast) and by what it asks of moves."""
    return StageSpec(
        values["key"], label, values["kind"], values["probability"], bool(values["retired"]), values["colour"] or "", values["days"],
        values["forecast"] or "",
        tuple(said.get("enter", ())), tuple(said.get("exit", ())), tuple(said.get("checklist", ())), tuple(said["moves"]) if "moves" in said else None,
        tuple(said.get("duties", ())), tuple(said.get("team", ())),
    )


def stands(catalog: Catalog, known: Configured) -> PipelineSpec:
    """A pipeline as a file would say it now."""
    stages = tuple(map(stage_stands, stages_of(catalog, known).values()))
    return PipelineSpec(known.code, known.label, known.values["entity"], stages, likelihood_of(known.values))


def stage_said(stage: StageSpec) -> dict[str, Any]:
    """A stage as a file says it."""
    return (
        {"key": stage.key, "label": stage.label.as_dict(), "type": stage.kind}
        | ({"probability": float(stage.probability)} if stage.probability is not None else {}) | ({"colour": stage.colour} if stage.colour else {})
        | ({"retired": True} if stage.retired else {}) | ({"days": stage.days} if stage.days is not None else {})
        | ({"forecast": stage.forecast} if stage.forecast else {}) | stage.rules
    )


def stuck(before: Iterable[StageSpec], after: Iterable[StageSpec]) -> bool:
    """Whether a change leaves nowhere to stand for what is not decided yet: a pipeline that had such a stage has none any more."""
    later = list(after)
    return bool(later) and not any(one.takes_open for one in later) and any(one.takes_open for one in before)


def pipeline_changes(catalog: Catalog, spec: PipelineSpec) -> Iterator[Change]:
    """Raises BadRequest when no open stage would be left."""
    known = pipeline_of(catalog, spec.key)
    if known is None or known.label != spec.label:
        yield Change("pipeline", spec.entity, spec.key, "create" if known is None else "label")
    if known is not None and spec.likelihood not in (None, likelihood_of(known.values)):
        yield Change("pipeline", spec.entity, spec.key, "probability")
    stages = stages_of(catalog, known)
    now = {key: stage_stands(row) for key, row in stages.items()}
    if stuck(now.values(), (now | {one.key: one for one in spec.stages}).values()):
        raise BadRequest(m("The pipeline “%(name)s” would have no open stage left: new deals would have nowhere to stand.", name=spec.label))
    ordered, places = order(list(now), [one.key for one in spec.stages]), {key: place for place, key in enumerate(now)}
    later = {key: place for place, key in enumerate(ordered)}
    for stage in spec.stages:
        if stage.key not in now:
            yield Change("stage", spec.entity, f"{spec.key}.{stage.key}", "create")
        elif now[stage.key] != stage or places[stage.key] != later[stage.key]:
            yield Change("stage", spec.entity, stages[stage.key].code, "change")
