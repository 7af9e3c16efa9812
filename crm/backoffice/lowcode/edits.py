"""Pipelines, stages and roles changed as records — on a screen, by an import — are configuration too: a new version, with the way back.

What is configured is known to every worker without a query, so each must hear of the change; what `apply` does itself it announces itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from crm.backoffice import versions
from crm.backoffice.configuration import AccessRule, StageRuleRow
from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.lowcode import emergencies
from crm.backoffice.lowcode.export import pipeline_form, role_form
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.pipelines import likelihood_of, stage_as_kept, stage_said
from crm.backoffice.rules import Draft, when_changed
from crm.messages import Label

APPLYING = "configuration is being applied"
RULES = StageRuleRow.__table__
Row = Mapping[str, Any]


@contextmanager
def applied_as_a_whole(session: DataSession) -> Iterator[None]:
    """Inside, changed rows make no version of their own."""
    session.info[APPLYING] = True
    try:
        yield
    finally:
        session.info[APPLYING] = False


@when_changed("pipeline")
def a_changed_pipeline_is_a_version(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A changed pipeline is a new version of the configuration."""
    _version(session, drafts, lambda: {"pipelines": _pipelines(session, {d.id for d in drafts}, drafts)})


@when_changed("stage")
def a_changed_stage_is_a_version(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A changed stage is a new version of the configuration."""
    _version(session, drafts, lambda: {"pipelines": _pipelines(session, {d["pipeline"] for d in drafts}, drafts)})


@when_changed("role")
def a_changed_role_is_a_version(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A changed role is a new version of the configuration."""
    _version(session, drafts, lambda: {"roles": {d.old["code"]: _role(session, d) for d in drafts if d.stood}})


@when_changed("calendar_day")
def a_changed_calendar_is_a_version(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A changed day of the working calendar is a new version of the configuration, so that every worker counts by it. No file holds days: what was
    there is brought back as with any record."""
    if not session.info.get(APPLYING):
        versions.announce(session, [_change(draft).as_dict() for draft in drafts], {}, ())


def _version(session: DataSession, drafts: Sequence[Draft], before: Callable[[], Row]) -> None:
    """`before` makes the file that brings back what was there."""
    if session.info.get(APPLYING):
        return
    changes = [_change(draft) for draft in drafts]
    made = [(c.kind, c.entity, str(c.field)) for c, draft in zip(changes, drafts, strict=True) if not draft.stood]
    versions.announce(session, [c.as_dict() for c in changes], before(), made)


def _change(draft: Draft) -> Change:
    effect = "create" if not draft.stood else "remove" if draft["deleted_at"] is not None else "change"
    return Change(draft.entity.key, _led(draft), draft["code"], effect)


def _led(draft: Draft) -> str:
    """What stands in the pipeline, as plans name it; of a role the role."""
    if draft.entity.key in ("role", "calendar_day"):
        return draft.entity.key
    if draft.entity.key == "pipeline":
        return str(draft["entity"])
    pipeline = draft.session.catalog.configured["pipeline"].get(draft["pipeline"])
    return str(pipeline.values["entity"]) if pipeline is not None else "deal"


# --- as it was before this save ------------------------------------------------------------------------------------


def _pipelines(session: DataSession, ids: Iterable[int], drafts: Sequence[Draft]) -> dict[str, Any]:
    """Pipelines as they stood in a file, read anew: the session's catalog may know less than the last version."""
    wanted = sorted(ids)
    pipelines = _rows(session, "pipeline", "id", wanted, drafts)
    stages = _rows(session, "stage", "pipeline", wanted, drafts)
    asked = {row.stage_id: row.said for row in session.kernel(select(RULES.c.stage_id, RULES.c.said).where(RULES.c.stage_id.in_(sorted(stages))))}
    ordered = sorted(stages.values(), key=lambda s: (s["position"], s["id"]))
    return {
        row["code"]: pipeline_form(_label(row), row["entity"], [
            stage_said(stage_as_kept(_label(s), s, asked.get(s["id"], {}))) for s in ordered if s["pipeline"] == row["id"]
        ], likelihood_of(row))
        for row in pipelines.values()
    }


def _label(row: Row) -> Label:
    return Label.of(row["name"], row.get("name_en"))


def _rows(session: DataSession, entity: str, by: str, values: Sequence[int], drafts: Sequence[Draft]) -> dict[int, dict[str, Any]]:
    kind: Entity = session.catalog.entity(entity)
    table = kind.table
    column = table.c.id if by == "id" else table.c[kind.fields[by].attribute]
    query = select(table.c.id, *(table.c[f.attribute].label(f"f_{k}") for k, f in kind.in_columns())).where(column.in_(values), table.c.deleted_at.is_(None))
    found = {row["id"]: {"id": row["id"], **{k: row[f"f_{k}"] for k, _ in kind.in_columns()}} for row in session.kernel(query).mappings()}
    for draft in drafts:
        if draft.entity.key != entity:
            continue
        found.pop(draft.id, None)
        if draft.stood:
            found[draft.id] = {"id": draft.id, **draft.old}
    return found


def _role(session: DataSession, draft: Draft) -> dict[str, Any]:
    rules = AccessRule.__table__
    held = list(session.kernel(select(rules.c.rule).where(rules.c.role_id == draft.id).order_by(rules.c.position)).scalars())
    asks = bool(draft.old["second_factor"]) if draft.changed("second_factor") else None
    return role_form(_label(draft.old), held, asks, emergencies.form_of(session, draft.old) if draft.changed(*emergencies.FIELDS) else None)
