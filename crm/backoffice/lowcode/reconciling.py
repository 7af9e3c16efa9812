"""A change made over an older version, brought over the one in force: what only one side changed is merged, the rest is named.

Three states of each thing decide: as it stood at the older version, as it stands, and as it is wanted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import select

from crm.backoffice.catalog import Catalog
from crm.backoffice.configuration import ConfigVersion
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.field_rules import named_checks
from crm.backoffice.lowcode.layouts import layouts_of
from crm.backoffice.lowcode.made import entities_of, fields_of, removed_of
from crm.backoffice.lowcode.saved_conditions import condition_of, form
from crm.backoffice.lowcode.options import OptionSpec, option_form, picklist, standing
from crm.backoffice.lowcode.stage_requirements import NAMES as ASKED
from crm.backoffice.lowcode.pipelines import StageSpec, pipeline, pipeline_of, stage_said, stages_of, stands

VERSIONS = ConfigVersion.__table__
Raw = Mapping[str, Any]
State = Mapping[str, Any]
Place = tuple[str, str, str]  # kind, entity or picklist, key or role
NOTHING: State = {}
Part = TypeVar("Part", OptionSpec, StageSpec)
GONE = "gone"  # the part of a thing that is not there any more, or was removed though it had changed


@dataclass(frozen=True)
class Clash:
    """What both have changed: the thing, its part (`GONE` for the whole), what it was, is and would be. That of an option or a stage is `option:<key>.<facet>`,
    `stage:<key>.<facet>`."""

    kind: str
    entity: str
    key: str
    part: str
    was: Any = None
    now: Any = None
    wanted: Any = None


@dataclass(frozen=True)
class Since:
    """A version made after another: its number, author and moment, and what it changed."""

    version: int
    actor_id: int | None
    at: Any
    changes: Sequence[Raw]
    before: Raw

    @property
    def touched(self) -> frozenset[tuple[str, str, str | None]]:
        return frozenset((one.kind, one.entity, one.field) for one in map(Change.recorded, self.changes))


def since(session: SystemSession, version: int) -> list[Since]:
    """The versions after `version`, the oldest first."""
    columns = (VERSIONS.c.id, VERSIONS.c.actor_id, VERSIONS.c.at, VERSIONS.c.changes, VERSIONS.c.before)
    return [Since(*row) for row in session.execute(select(*columns).where(VERSIONS.c.id > version).order_by(VERSIONS.c.id)).all()]


def brought_over(session: SystemSession, raw: Raw, base: int) -> tuple[Raw, list[Clash]]:
    """What `raw`, made over version `base`, says over the configuration in force, and where both sides differ; there `raw` has its way.
    Raises BadRequest."""
    later = since(session, base)
    if not later:
        return raw, []
    catalog, clashes, found = session.catalog, list[Clash](), dict(raw)
    for section, bring in (("entities", _entity), ("picklists", _picklist)):
        if section in raw:
            found[section] = {key: bring(catalog, later, key, said, clashes) for key, said in raw[section].items()}
    if "fields" in raw:
        found["fields"] = {entity: {key: _field(catalog, later, entity, key, said, clashes) for key, said in named.items()}
                           for entity, named in raw["fields"].items()}
    if "checks" in raw:
        found["checks"] = {entity: {key: _check(catalog, later, entity, key, said, clashes) for key, said in named.items()}
                           for entity, named in raw["checks"].items()}
    if "pipelines" in raw:
        found["pipelines"] = {key: _pipeline(catalog, later, key, said, clashes) for key, said in raw["pipelines"].items()}
    if "conditions" in raw:
        found["conditions"] = {key: _saved(catalog, later, key, said, clashes) for key, said in raw["conditions"].items()}
    if "layouts" in raw:
        found["layouts"] = {entity: _layouts(catalog, later, entity, said, clashes) for entity, said in raw["layouts"].items()}
    clashes += _merges(catalog, later, raw)
    for kind, entity, key in removed_of(raw):
        place = (kind, entity, "" if kind == "entity" else key)
        if any(_touches(version, place) for version in later):
            clashes.append(Clash(*place, GONE))
    return found, clashes


def _merges(catalog: Catalog, later: Sequence[Since], raw: Raw) -> Iterable[Clash]:
    """Merges of which others have changed an option or a stage meanwhile: either of the two."""
    touched = {one for version in later for one in version.touched}
    for picklist_key, pairs in raw.get("merged", {}).items():
        for old, new in pairs.items():
            yield from (Clash("picklist", picklist_key, key, GONE) for key in (old, new) if ("option", picklist_key, key) in touched)
    for pipeline_key, pairs in raw.get("merged_stages", {}).items():
        stages = stages_of(catalog, pipeline_of(catalog, pipeline_key))
        codes = {(kind, name) for kind, _, name in touched}
        for old, new in pairs.items():
            yield from (Clash("pipeline", pipeline_key, key, GONE) for key in (old, new) if key in stages and ("stage", stages[key].code) in codes)


def _touches(version: Since, place: Place) -> bool:
    kind, entity, key = place
    if kind == "picklist":
        return any(what in ("picklist", "option") and of == entity for what, of, _ in version.touched)
    return (kind, entity, key or None) in version.touched or any(was[0] == kind and was[1:] == (entity, key) for was, _ in _stood(version))


def _stood(version: Since) -> Iterable[tuple[Place, State | None]]:
    for one in version.before.get("standing", ()):
        yield (one["kind"], one["entity"], one["key"] if one["kind"] != "entity" else ""), one["said"]


def _before(later: Sequence[Since], place: Place, now: State | None) -> State | None:
    """How a made thing stood before the first version that changed it; None: it was not there."""
    for version in later:
        if _touches(version, place):
            return next((said for was, said in _stood(version) if was == place), None)
    return now


def _parts(place: Place, base: State | None, now: State | None, wanted: State, clashes: list[Clash]) -> dict[str, Any]:
    """Part by part: the one who changed it has his way, both together are named."""
    if now is None and base is not None:
        clashes.append(Clash(*place, GONE))
        return dict(wanted)
    if base is None and now is not None and now != wanted and place[0] != "layout":
        clashes.append(Clash(*place, GONE, now=now))  # another one has taken the key
        return dict(wanted)
    old, there, found = base or NOTHING, now or NOTHING, dict[str, Any]()
    for part in dict.fromkeys((*there, *wanted, *old)):
        was, stands, asked = old.get(part), there.get(part), wanted.get(part)
        if asked not in (was, stands) and stands != was:
            clashes.append(Clash(*place, part, was, stands, asked))
        chosen = stands if asked == was else asked
        if chosen is not None:
            found[part] = chosen
    return found


def _entity(catalog: Catalog, later: Sequence[Since], key: str, said: Any, clashes: list[Clash]) -> Raw:
    place = ("entity", key, "")
    if not any(_touches(version, place) for version in later):
        return dict(said)
    entities, _ = entities_of({"entities": {key: said}}, {name: kind for name, kind in catalog.entities.items() if not kind.custom})
    known = catalog.made.entities.get(key)
    now = known.said if known else None
    return _parts(place, _before(later, place, now), now, entities[0].said, clashes)


def _field(catalog: Catalog, later: Sequence[Since], entity: str, key: str, said: Any, clashes: list[Clash]) -> Raw:
    known_as = str(said.get("renamed_from") or key)
    place = ("field", entity, known_as)
    if not any(_touches(version, place) for version in later):
        return dict(said)
    aside = {name: said[name] for name in ("renamed_from", "options", "values", "rest_in") if name in said}
    kept = catalog.made.of(entity).get(known_as)
    now = kept.said if kept else None
    return _parts(place, _before(later, place, now), now, fields_of({"fields": {entity: {key: said}}})[0].said, clashes) | aside


def _check(catalog: Catalog, later: Sequence[Since], entity: str, key: str, said: Any, clashes: list[Clash]) -> Raw:
    place = ("check", entity, key)
    if not any(_touches(version, place) for version in later):
        return dict(said)
    now = next((one.said for one in catalog.made.checks if (one.entity, one.key) == (entity, key)), None)
    return _parts(place, _before(later, place, now), now, named_checks({"checks": {entity: {key: said}}})[0].said, clashes)


def _saved(catalog: Catalog, later: Sequence[Since], key: str, said: Any, clashes: list[Clash]) -> Any:
    known = catalog.saved.known.get(key)
    first = next((version for version in later if any(kind == "condition" and of == key for kind, _, of in version.touched)), None)
    if first is None:
        return said
    place = ("condition", str(said["entity"]) if said else known.entity if known else "", key)
    if said is None:
        clashes.append(Clash(*place, GONE))
        return said
    wanted = form(condition_of(key, said))
    return _parts(place, first.before["file"].get("conditions", {}).get(key), form(known) if known else None, wanted, clashes)


def _layouts(catalog: Catalog, later: Sequence[Since], entity: str, said: Any, clashes: list[Clash]) -> Any:
    touched = [version for version in later if any(kind == "layout" and of == entity for kind, of, _ in version.touched)]
    if not touched or not isinstance(said, Mapping):
        return said
    found: dict[str, Any] = {}
    for spec in layouts_of(entity, said, catalog):
        now = catalog.layouts.get(entity, {}).get(spec.role)
        base = now
        first = next((version for version in touched if ("layout", entity, spec.role or None) in version.touched), None)
        if first is not None:
            stood = first.before["file"].get("layouts", {}).get(entity, {})
            base = stood.get("roles", {}).get(spec.role) if spec.role else {part: value for part, value in stood.items() if part != "roles"}
        merged = _parts(("layout", entity, spec.role), base or NOTHING, now or NOTHING, spec.said, clashes)
        if spec.role:
            found.setdefault("roles", {})[spec.role] = merged
        else:
            found |= merged or dict.fromkeys(said)
    return found


# --- picklists and pipelines: option by option, stage by stage ----------------------------------------------------------


def _picklist(catalog: Catalog, later: Sequence[Since], key: str, said: Any, clashes: list[Clash]) -> Raw:
    place = ("picklist", key, "")
    first = next((version for version in later if _touches(version, place)), None)
    known = catalog.picklists.get(key)
    if first is None or known is None:
        return dict(said)
    wanted = picklist(key, said)
    now = standing(known)
    stood = first.before["file"].get("picklists", {}).get(key)
    base = picklist(key, stood) if stood is not None else now
    label = _parts(place, {"label": base.label}, {"label": now.label}, {"label": wanted.label or base.label}, clashes)["label"]
    options = _listed(place, "option", ("label", "colour", "retired"), [base.options, now.options, wanted.options], clashes)
    return {"label": label.as_dict(), "options": [option_form(one) for one in options]}


def _pipeline(catalog: Catalog, later: Sequence[Since], key: str, said: Any, clashes: list[Clash]) -> Raw:
    known = pipeline_of(catalog, key)
    codes = {row.code for row in stages_of(catalog, known).values()}
    first = next((version for version in later if any(
        (kind == "pipeline" and name == key) or (kind == "stage" and (name in codes or str(name).startswith(f"{key}."))) for kind, _, name in version.touched
    )), None)
    if first is None or known is None:
        return dict(said)
    place, wanted, now = ("pipeline", key, ""), pipeline(key, said, catalog), stands(catalog, known)
    stood = first.before["file"].get("pipelines", {}).get(key)
    base = pipeline(key, stood, catalog) if stood is not None else now
    olds, theirs, mine = ({"label": one.label, "probability": one.likelihood or now.likelihood} for one in (base, now, wanted))
    named = _parts(place, olds, theirs, mine, clashes)
    facets = ("label", "kind", "probability", "colour", "retired", "days", "forecast", "enter", "exit", "checklist", "duties", "team", "moves")
    return {"label": named["label"].as_dict(), "entity": now.entity, "probability": named["probability"].as_dict(), "stages": [
        stage_said(one) for one in _listed(place, "stage", facets, [base.stages, now.stages, wanted.stages], clashes)
    ]}


def _listed(place: Place, what: str, facets: Sequence[str], states: Sequence[Sequence[Part]], clashes: list[Clash]) -> list[Part]:
    """The wanted rows of a list, brought over what stands, in the order of whoever changed it."""
    olds, theirs, mine = ({one.key: one for one in state} for state in states)
    merged = {name: _row(place, what, facets, (olds.get(name), theirs.get(name), one), clashes) for name, one in mine.items()}
    ordered = _order(place, [list(one) for one in (olds, theirs, mine)], clashes)
    return [merged[name] for name in ordered if name in merged]


def _row(place: Place, what: str, facets: Sequence[str], states: tuple[Part | None, Part | None, Part], clashes: list[Clash]) -> Part:
    base, now, wanted = states
    if now is None or now in (wanted, base):
        return wanted
    if base == wanted:
        return now
    chosen: dict[str, Any] = {}
    for name in facets:
        was, stood, asked = (getattr(one, name) if one is not None else None for one in states)
        chosen[name] = stood if asked == was else asked
        if asked != was and stood not in (was, asked):
            clashes.append(Clash(*place, f"{what}:{wanted.key}.{name}", was, stood, asked))
    return replace(wanted, **chosen)


def _order(place: Place, states: Sequence[list[str]], clashes: list[Clash]) -> list[str]:
    """The rows in the order of whoever changed it."""
    base, now, wanted = states
    common = [one for one in base if one in now and one in wanted]
    old, theirs, mine = ([one for one in state if one in common] for state in (base, now, wanted))
    if mine == old:
        return [*now, *(one for one in wanted if one not in now)]
    if theirs not in (old, mine):
        clashes.append(Clash(*place, "order"))
    return wanted


def combined(raws: Iterable[Raw]) -> Raw:
    """Several changes as one file; of two about the same the later holds. What a stage asks for is a change of its own, put upon its pipeline's."""
    found: dict[str, Any] = {}
    for raw in sorted(raws, key=_stages_in, reverse=True):
        for section, said in raw.items():
            if section == "removed":
                found["removed"] = list(dict.fromkeys([*found.get("removed", ()), *said]))
                continue
            here = found.setdefault(section, {})
            for key, one in said.items():
                if section == "pipelines":
                    here[key] = _with_stages(here.get(key), one)
                    continue
                deep = section in ("fields", "checks", "merged", "merged_stages") or (section == "layouts" and isinstance(one, Mapping))
                here[key] = _joined(here.get(key) or {}, one) if deep else one
    return found


def _stages_in(raw: Raw) -> int:
    return max((len(one.get("stages", ())) for one in raw.get("pipelines", {}).values()), default=0)


def _with_stages(some: Raw | None, more: Raw) -> Raw:
    """A pipeline of two changes: its stages, and upon them one of which `more` says what it asks for."""
    if some is None or len(more["stages"]) != 1:
        return more
    asking: Raw = more["stages"][0]
    if all(one["key"] != asking["key"] for one in some["stages"]):
        return {**some, "stages": [*some["stages"], asking]}
    said = {name: asking[name] for name in ASKED if name in asking}
    return {**some, "stages": [
        {name: value for name, value in one.items() if name not in ASKED} | said if one["key"] == asking["key"] else one for one in some["stages"]
    ]}


def _joined(some: Raw, more: Raw) -> dict[str, Any]:
    roles = {**some.get("roles", {}), **more.get("roles", {})} if "roles" in some or "roles" in more else None
    return {**some, **more} | ({"roles": roles} if roles is not None and all(isinstance(one, Mapping | None) for one in roles.values()) else {})
