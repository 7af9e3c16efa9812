"""Putting a configuration file in force, in one transaction: rows, journal, a new version — and the way back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from crm.backoffice import journal, links, records, versions
from crm.backoffice.catalog import Catalog
from crm.backoffice.checks import check_entities
from crm.backoffice.conditions.saved import SavedConditions
from crm.backoffice.configuration import AccessRule, ConfigVersion, OptionRow, PicklistRow
from crm.backoffice.custom.reading import Made
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode import condition_plan, condition_uses, conflicts, copying, emergencies, export, layouts, option_merging, saved_conditions
from crm.backoffice.lowcode import shared_dashboards, shared_reports, shared_views, stage_merging, stage_requirements
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.converting import check_decisions
from crm.backoffice.lowcode.document import Document, RoleSpec, foreseen as as_it_would_be, from_raw
from crm.backoffice.lowcode.edits import applied_as_a_whole
from crm.backoffice.lowcode import made_apply
from crm.backoffice.lowcode.made_apply import NOTHING, Prepared
from crm.backoffice.lowcode.made import decisions_of
from crm.backoffice.lowcode.made_whole import MADE, Standing
from crm.backoffice.lowcode.made_plan import LOSING, without_dropped, without_repeats, without_spent
from crm.backoffice.lowcode.narrow import narrowed
from crm.backoffice.lowcode.option_merging import Merged, MergeSpec
from crm.backoffice.lowcode.options import OptionSpec, PicklistSpec, standing
from crm.backoffice.lowcode.parsing import order
from crm.backoffice.lowcode.pipelines import PipelineSpec, pipeline_of, stages_of
from crm.backoffice.lowcode.plan import plan, rules_of
from crm.backoffice.lowcode.stage_merging import StageMerge, StageMerged
from crm.backoffice.lowcode.uses import told
from crm.errors import BadRequest, NotFound
from crm.messages import Label, Message, m

UNASKED = frozenset({"entity.E009"})  # columns of what is only planned are not there yet


@dataclass(frozen=True)
class Applied:
    """The version in force now, and what changed; no new version when nothing did. `waiting`: the number under which the file waits until the values of
    many records are copied."""

    version: int
    changes: tuple[Change, ...]
    waiting: int | None = None


def apply(session: SystemSession, document: Document, *, agreed: bool = True, prepared: Prepared = NOTHING) -> Applied:
    """Make what the document says true. The caller commits; catalogs built before are then old. What loses or converts values is done only when
    somebody has `agreed` to it. Raises BadRequest, Invalid, Busy."""
    versions.one_at_a_time(session)
    if versions.in_force(session) != session.catalog.version:
        made_apply.follow(session)  # another administrator was faster
    changes = plan(session, document)
    losing = next((c for c in changes if c.kind in ("entity", "field") and c.effect in LOSING and c.records), None)
    if losing is not None and not agreed:
        raise BadRequest(m(
            "“%(place)s” holds values in %(count)s records, which this loses or converts; agree to it with --yes.",
            place=f"{losing.entity}.{losing.field}" if losing.field else losing.entity, count=losing.records,
        ))
    for change in changes:
        if change.needed_by is not None:
            raise still_needed(change, told(change.needed_by))
    if not changes:
        return Applied(session.catalog.version, ())
    after = foreseen(session.catalog, document, prepared)
    if document.makes:
        without_dropped(session, after.made)
        without_repeats(session, after.made)
        without_spent(session, after.made)
    waiting = copying.begin(session, document, after) if prepared is NOTHING else None
    if waiting is not None:
        return Applied(session.catalog.version, (), waiting)
    before, stood = export.of(session, document), condition_plan.stood(session.catalog, after)
    touched = {(c.kind, c.entity, c.field) for c in changes}
    with applied_as_a_whole(session):
        for spec in document.options:
            _picklist(session, spec)
        saved_conditions.write(session, document.conditions)  # what is made may name them
        standing = _make(session, document, after.made, prepared) if document.makes else []
        merged = [option_merging.write(session, one) for one in document.merges if ("option", one.picklist, one.old) in touched]
        for one in document.unmerged:
            option_merging.take_back(session, one)
        led = [stage_merging.write(session, one) for one in document.stage_merges]
        for moved in document.stages_unmerged:
            stage_merging.take_back(session, moved)
        _write(session, document, touched)
        _ask_anew(session, stood, touched)
    made = [(c.kind, c.entity, c.field or "") for c in changes if c.effect == "create" and c.kind not in ("picklist", "rule", "requirement", *MADE)]
    version = versions.announce(session, [c.as_dict() for c in changes], before, made, [asdict(one) for one in standing],
        {"merged": [dict(option_merging.as_kept(one)) for one in merged], "again": [[one.picklist, one.old, one.new] for one in document.unmerged],
         "merged_stages": [asdict(one) for one in led], "stages_again": [[one.pipeline, one.old, one.new] for one in document.stages_unmerged]})
    journal.event(session, "configure", changes={"version": [None, version], "changes": [None, [c.as_dict() for c in changes]]})
    return Applied(version, tuple(changes))


def still_needed(change: Change, use: Message) -> BadRequest:
    """The refusal to remove a field, as far as its reader may know what asks for it."""
    place = change.field if change.kind == "condition" else f"{change.entity}.{change.field}"
    return BadRequest(m("“%(place)s” is still asked for by %(use)s; change that first.", place=place, use=use))


def foreseen(catalog: Catalog, document: Document, prepared: Prepared = NOTHING) -> Catalog:
    """The catalog that a document would make of this one, as far as entities and fields go. Raises BadRequest for what would make no sense."""
    after = as_it_would_be(catalog, document, prepared.numbers)
    problem = None if after is catalog else next((f for f in check_entities(after) if f.check not in UNASKED), None)
    if problem is not None:
        raise BadRequest(problem.message)
    check_decisions(catalog, after, decisions_of(document.fields))
    return after


def _make(session: SystemSession, document: Document, after: Made, prepared: Prepared) -> list[Standing]:
    """Made entities and fields; how they stood."""
    standing = made_apply.standing_of(session.catalog.made, after)
    return standing + made_apply.write(session, after, decisions_of(document.fields), prepared)


def _write(session: SystemSession, document: Document, touched: Collection[tuple[str, str, str | None]]) -> None:
    for pipeline in document.pipelines:
        _pipeline(session, pipeline, {key or "" for kind, _, key in touched if kind == "stage"})
    for role in document.roles:
        if any(kind in ("role", "rules") and key == role.key for kind, _, key in touched):
            _role(session, role, undoes=document.undoes)
    for role in document.roles:
        if role.emergency is not None and ("role", "role", role.key) in touched:
            emergencies.write(session, role.key, role.emergency)
    shared_views.write(session, document.views)
    shared_reports.write(session, document.reports)
    shared_dashboards.write(session, document.dashboards)
    conflicts.write(session, document.conflicts)
    saved_conditions.write(session, document.conditions)  # once more: fields that have changed their keys were renamed in them
    layouts.write(session, document.layouts, touched)
    for kind, entity, key in (one for one in document.removed if one[0] not in MADE):
        _remove(session, kind, entity, key)


def _ask_anew(session: SystemSession, before: SavedConditions, touched: Collection[tuple[str, str, str | None]]) -> None:
    """What follows saved conditions that say something else: the journal of the roles whose rules name them, and records that keep them."""
    if not any(kind == "condition" for kind, _, _ in touched):
        return
    made_apply.follow(session)
    after = session.catalog.saved
    changed = saved_conditions.changed_meaning(before, after)
    for role in condition_uses.roles_naming(session, changed):
        if ("rules", "role", role.code) in touched:
            was, now = (condition_uses.spelled_out(role.rules, saved) for saved in (before, after))
            journal.event(session, "rules", "role", role.id, {"rules": [was, now]})
    condition_uses.follow(session, changed)


def undo(session: SystemSession, version: int, *, agreed: bool = True) -> Applied:
    """Bring back what a version changed; what it made is taken away where nothing uses it. Raises NotFound, and as `apply` does."""
    return apply(session, undoing(session, version), agreed=agreed)


def undoing(session: SystemSession, version: int) -> Document:
    """The document that brings back what a version changed. Raises NotFound."""
    row = session.execute(select(ConfigVersion.at, ConfigVersion.before, ConfigVersion.changes).where(ConfigVersion.id == version)).first()
    if row is None:
        raise NotFound(m("There is no version %(version)s of the configuration.", version=version))
    said = {**row.before["file"]}
    removed = tuple((kind, entity, key) for kind, entity, key in row.before["made"])
    standing = tuple(Standing(**one) for one in row.before.get("standing", ()))
    catalog = session.catalog
    if said.get("conditions"):  # they may ask for what comes back with them, and that for them
        conditions = tuple(saved_conditions.touched(saved_conditions.conditions_of(said)[0], row.changes))
        catalog = as_it_would_be(catalog, Document(conditions=conditions, removed=removed, standing=standing))
    # Layouts are taken as they were kept: they may name what comes back with them.
    kept = layouts.named_in(said.pop("layouts", {}))
    back = narrowed(session, replace(from_raw(said, catalog), layouts=kept), row.changes)
    unmerged = tuple(Merged(**one) for one in row.before.get("merged", ()))
    again = tuple(MergeSpec(*one) for one in row.before.get("again", ()) if merges_still(session, one))
    led = tuple(StageMerged(**one) for one in row.before.get("merged_stages", ()))
    led_again = tuple(StageMerge(*one) for one in row.before.get("stages_again", ()) if set(one[1:]) <= set(_stage_keys(session, one[0])))
    return replace(
        back, removed=removed, undoes=row.at, standing=standing, unmerged=unmerged, merges=again, stages_unmerged=led, stage_merges=led_again,
    )


def _stage_keys(session: SystemSession, pipeline: str) -> Iterable[str]:
    return stages_of(session.catalog, pipeline_of(session.catalog, pipeline))


def merges_still(session: SystemSession, one: Sequence[str]) -> bool:
    """Whether a merge that was taken back could be done again."""
    known = session.catalog.picklists.get(one[0])
    return known is not None and all(known.by_key(key) is not None for key in one[1:])


def add_options(session: SystemSession, picklist: str, options: Mapping[str, str]) -> Applied:
    """Add options (key → text in both languages) after those that a picklist has: what an import with `missing: create` does."""
    known = session.catalog.picklists[picklist]
    stands = standing(known)
    new = tuple(OptionSpec(key, Label(text, text)) for key, text in options.items() if known.by_key(key) is None)
    return apply(session, Document(picklists=(replace(stands, options=stands.options + new),)))


def _picklist(session: SystemSession, spec: PicklistSpec) -> None:
    known = session.catalog.picklists.get(spec.key)
    label = spec.label or (known.label if known else Label(spec.key, spec.key))
    row = {"label_uk": label.uk, "label_en": label.en}
    if session.execute(update(PicklistRow).where(PicklistRow.key == spec.key).values(**row)).rowcount == 0:  # type: ignore[attr-defined]
        session.execute(insert(PicklistRow), {"key": spec.key, **row})
    there = OptionRow.picklist == spec.key
    ordered = order([o.key for o in known.options] if known else [], [o.key for o in spec.options])
    for place, key in enumerate(ordered):
        session.execute(update(OptionRow).where(there, OptionRow.key == key).values(position=place))
    for option in spec.options:
        place = ordered.index(option.key)
        values = {"label_uk": option.label.uk, "label_en": option.label.en, "colour": option.colour, "position": place, "retired": option.retired}
        if session.execute(update(OptionRow).where(there, OptionRow.key == option.key).values(**values)).rowcount == 0:  # type: ignore[attr-defined]
            session.execute(insert(OptionRow), {"picklist": spec.key, "key": option.key, **values})


def _pipeline(session: SystemSession, spec: PipelineSpec, touched: Collection[str]) -> None:
    """`touched` are the codes of stages that change: what others ask of moves may have followed a field or a stage meanwhile."""
    known = pipeline_of(session.catalog, spec.key)
    names: dict[str, Any] = {"name": spec.label.uk, "name_en": spec.label.en}
    if spec.likelihood is not None:
        taken = spec.likelihood
        names |= {"probability_source": taken.source, "history_weight": taken.weight, "history_least": taken.least}
    if known is None:
        pipeline_id = records.create(session, "pipeline", {"code": spec.key, "entity": spec.entity, **names})
    else:
        pipeline_id = known.id
        records.change(session, "pipeline", pipeline_id, names)
    stages = stages_of(session.catalog, known)
    ordered = order(list(stages), [s.key for s in spec.stages])
    moved = {stages[key].id: {"position": place} for place, key in enumerate(ordered) if key in stages}
    records.change_many(session, "stage", moved)
    for stage in spec.stages:
        values: dict[str, Any] = {
            "name": stage.label.uk,
            "name_en": stage.label.en,
            "position": ordered.index(stage.key),
            "kind": stage.kind,
            "probability": stage.probability,
            "colour": stage.colour or None,
            "days": stage.days,
            "forecast": stage.forecast or None,
            "retired": stage.retired,
        }
        old = stages.get(stage.key)
        if old is None:
            number = records.create(session, "stage", {"code": f"{spec.key}.{stage.key}", "key": stage.key, "pipeline": pipeline_id, **values})
        else:
            number = records.change(session, "stage", old.id, values).id
        if old is None or old.code in touched:
            stage_requirements.write(session, number, stage.rules)


def _role(session: SystemSession, spec: RoleSpec, *, undoes: datetime | None) -> None:
    role = session.catalog.entity("role").table
    known = session.execute(select(role.c.id).where(role.c.code == spec.key, role.c.deleted_at.is_(None))).scalar()
    names: dict[str, Any] = {"name": spec.label.uk, "name_en": spec.label.en}
    if spec.second_factor is not None:
        names["second_factor"] = spec.second_factor
    if known is None and undoes is not None:
        removed = select(role.c.id).where(role.c.code == spec.key, role.c.deleted_at <= undoes).order_by(role.c.deleted_at.desc(), role.c.id.desc())
        known = session.execute(removed.limit(1)).scalar()
        if known is not None:
            records.restore(session, "role", known)
    old: list[dict[str, Any]] = []
    if known is None:
        known = records.create(session, "role", {"code": spec.key, "builtin": spec.builtin, **names})
    else:
        records.change(session, "role", known, names)
        old = rules_of(session, known)
    rules = [dict(rule) for rule in spec.rules]
    if old != rules:
        session.execute(delete(AccessRule).where(AccessRule.role_id == known))
        if rules:
            session.execute(insert(AccessRule), [{"role_id": known, "position": n, "rule": rule} for n, rule in enumerate(rules)])
        journal.event(session, "rules", "role", known, {"rules": [old, rules]})


def _remove(session: SystemSession, kind: str, entity: str, key: str) -> None:
    """What an undone version had made: options and stages are retired; a pipeline that deals stand in and a built-in role stay."""
    if kind == "option":
        session.execute(update(OptionRow).where(OptionRow.picklist == entity, OptionRow.key == key).values(retired=True))
        return
    if kind == "condition":
        saved_conditions.remove(session, key)
        return
    if kind == "conflict":
        conflicts.remove(session, key)
        return
    if kind == "layout":
        layouts.remove(session, entity, key)
        return
    if kind == "view":
        shared_views.remove(session, key)
        return
    if kind == "report":
        shared_reports.remove(session, key)
        return
    if kind == "dashboard":
        shared_dashboards.remove(session, key)
        return
    table = session.catalog.entity(kind).table
    row_id = session.execute(select(table.c.id).where(table.c.code == key, table.c.deleted_at.is_(None))).scalar()
    if row_id is None:
        return
    if kind == "stage":
        records.change(session, "stage", row_id, {"retired": True})
        return
    if kind == "role":
        if session.execute(select(table.c.builtin).where(table.c.id == row_id)).scalar():
            return
        session.execute(delete(AccessRule).where(AccessRule.role_id == row_id))
        records.remove(session, "role", row_id)
        return
    pointing = (links.references(e, f) for e in session.catalog.entities.values() for f in e.fields.values() if f.target == kind and e.key != "stage")
    used = any(session.execute(query.where(target == row_id).limit(1)).first() for query, target in pointing)
    if not used:
        stages = session.catalog.entity("stage").table
        for stage_id in session.execute(select(stages.c.id).where(stages.c.pipeline_id == row_id, stages.c.deleted_at.is_(None))).scalars().all():
            records.remove(session, "stage", stage_id)
        records.remove(session, kind, row_id)
