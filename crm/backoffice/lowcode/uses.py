"""Where the configuration and people's own views name a field or a stage: rewritten when it is renamed, told of before it is removed."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select, update

from crm.backoffice import layouts
from crm.backoffice.catalog import Catalog, Configured
from crm.backoffice.conditions.renaming import Renaming
from crm.backoffice.conditions.resaving import Resaving
from crm.backoffice.conditions.restaging import Restaging
from crm.backoffice.conditions.revaluing import Replacing, Revaluing
from crm.backoffice.conditions.saved import TABLE as SAVED
from crm.backoffice.conditions.tree import as_stored, dump, parse
from crm.backoffice.configuration import AccessRule, StageRuleRow
from crm.backoffice.entities import Entity
from crm.backoffice.fields.condition import ConditionField
from crm.backoffice.guard import SystemSession
from crm.backoffice.dashboards.models import DashboardRow
from crm.backoffice.kept_reports.asks import entity_of as counted
from crm.backoffice.kept_reports.models import KeptReportRow
from crm.backoffice.kept_reports.naming import renamed as asks_with
from crm.backoffice.lowcode.shared_dashboards import panel_with
from crm.backoffice.stage_rules import ROLES, SIDES, entity_of
from crm.backoffice.views.models import SavedView
from crm.errors import BramaError
from crm.messages import Message, m

RULES, VIEWS, LAYOUTS, STAGES, REPORTS = AccessRule.__table__, SavedView.__table__, layouts.TABLE, StageRuleRow.__table__, KeptReportRow.__table__
BOARDS = DashboardRow.__table__
Rewriting = Renaming | Replacing | Resaving
Cell = tuple[Any, int, str]  # table, row, column
GONE = "\0"  # no name: what differs under it names the field


@dataclass(frozen=True)
class Use:
    """A place that names a field: `rule` of a role, what a `stage` asks for, `layout` of an entity, shared `view` or `report`, somebody's `own_view` or
    `own_report`, a `saved` condition, a `condition` kept in a record, a shared or somebody's own source of imports (`mapping`, `own_mapping`).
    `needs`: it could not be asked any more without the field."""

    kind: str
    name: str
    needs: bool
    entity: str = ""  # of a view, a layout, a field or a record
    record: int = 0  # of a condition


@dataclass(frozen=True)
class _Place:
    use: Use
    held: Any
    renamed: Callable[[Rewriting], Any]
    cell: Cell


def uses(session: SystemSession, entity: str, key: str) -> list[Use]:
    """Who names the field."""
    kinds = session.catalog.entities.values()
    relations = ((kind.key, name) for kind in kinds for name, one in kind.relations.items() if (one.entity, one.field) == (entity, key))
    return naming(session, Renaming(dict.fromkeys(((entity, key), *relations), GONE)))


def naming(session: SystemSession, change: Rewriting) -> list[Use]:
    """The places that a change would rewrite."""
    return [place.use for place in _places(session, session.catalog) if place.renamed(change) != place.held]


def rewritten(session: SystemSession, before: Catalog, change: Rewriting) -> list[list[Any]]:
    """The new names or options everywhere, by the catalog `before` that still knows the old ones; what was written: table, row, column, what stood
    there, what stands there now."""
    found: list[list[Any]] = []
    for place in _places(session, before):
        new = place.renamed(change)
        if new != place.held:
            _write(session, place.cell, new)
            found.append([place.cell[0].name, place.cell[1], place.cell[2], place.held, new])
    return found


def put_back(session: SystemSession, written: Sequence[Sequence[Any]]) -> None:
    """Undo what `rewritten` did, where nobody has changed it since."""
    tables = {one.name: one for one in (RULES, VIEWS, LAYOUTS, SAVED, STAGES, REPORTS, BOARDS, *(kind.table for kind in session.catalog.entities.values()))}
    for name, number, column, held, new in written:
        table = tables.get(name)
        if table is not None and session.execute(select(table.c[column]).where(table.c.id == number)).scalar() == new:
            _write(session, (table, number, column), held)


def _places(session: SystemSession, catalog: Catalog) -> Iterator[_Place]:
    role = catalog.entity("role").table
    rules = select(RULES.c.id, RULES.c.rule, role.c.code, role.c.id.label("role")).join(role, role.c.id == RULES.c.role_id).order_by(RULES.c.id)
    for number, rule, code, holder in session.execute(rules).all():
        yield _Place(Use("rule", code, True, "role", holder), rule, partial(rule_with, rule, catalog), (RULES, number, "rule"))
    for number, entity, key, label, shows in session.execute(select(VIEWS.c.id, VIEWS.c.entity, VIEWS.c.key, VIEWS.c.label_uk, VIEWS.c.shows)).all():
        use = Use("view" if key else "own_view", key or label, False, entity)
        yield _Place(use, shows, partial(_view, shows, entity, catalog), (VIEWS, number, "shows"))
    for number, key, label, report, asks in session.execute(select(REPORTS.c.id, REPORTS.c.key, REPORTS.c.label_uk, REPORTS.c.report, REPORTS.c.asks)).all():
        entity = counted(report, asks)
        use = Use("report" if key else "own_report", key or label, False, entity)
        yield _Place(use, asks, partial(_asks, asks, entity, catalog), (REPORTS, number, "asks"))
    for number, key, panels in session.execute(select(BOARDS.c.id, BOARDS.c.key, BOARDS.c.panels)).all():
        use = Use("dashboard" if key else "own_dashboard", key or "", False)
        yield _Place(use, panels, partial(_panels, panels, catalog), (BOARDS, number, "panels"))
    for number, entity, role_key, said in session.execute(select(LAYOUTS.c.id, LAYOUTS.c.entity, LAYOUTS.c.role, LAYOUTS.c.said)).all():
        use = Use("layout", f"{entity}, {role_key}" if role_key else entity, False, entity)
        yield _Place(use, said, partial(_layout, said, entity), (LAYOUTS, number, "said"))
    for number, key, entity, said in session.execute(select(SAVED.c.id, SAVED.c.key, SAVED.c.entity, SAVED.c.said).order_by(SAVED.c.id)).all():
        # Whether it makes sense without the field the catalog as it would be tells: it may go, or ask for something else, in the same file.
        yield _Place(Use("saved", key, False, entity), said, partial(_condition, said, entity, catalog), (SAVED, number, "said"))
    for number, stage_id, said in session.execute(select(STAGES.c.id, STAGES.c.stage_id, STAGES.c.said).order_by(STAGES.c.id)).all():
        stage = catalog.configured["stage"].get(stage_id)
        if stage is not None:  # as of a saved condition, whether it makes sense without the field the catalog as it would be tells
            use = Use("stage", stage.code, False, entity_of(catalog, stage))
            yield _Place(use, said, partial(stage_with, said, stage, catalog), (STAGES, number, "said"))
    for kind in catalog.entities.values():
        for spec in kind.fields.values():
            if isinstance(spec, ConditionField):
                yield from _kept(session, catalog, kind, spec)


def _kept(session: SystemSession, catalog: Catalog, kind: Entity, spec: ConditionField) -> Iterator[_Place]:
    over, column = kind.table.c[kind.fields[spec.over].attribute], kind.table.c[spec.attribute]
    for row in session.execute(select(kind.table.c.id, kind.table.c.code, over, column).where(column.is_not(None))).all():
        number, code, of, text = row

        def told(change: Rewriting, of: str = of, text: str = text) -> str:
            new = _condition(json.loads(text), of, catalog, change)
            return json.dumps(new, ensure_ascii=False, separators=(",", ":"))

        yield _Place(Use("condition", code, True, kind.key, number), text, told, (kind.table, number, spec.attribute))


def _write(session: SystemSession, cell: Cell, value: Any) -> None:
    table, number, column = cell
    session.execute(update(table).where(table.c.id == number).values({column: value}))


def _condition(raw: Any, entity: str, catalog: Catalog, change: Rewriting) -> Any:
    kind = catalog.entities.get(entity)
    if kind is None:
        return raw
    try:
        before = parse(raw, as_stored)
        after = change.inside(before, kind, catalog.entities)
    except BramaError:
        return raw
    return raw if after == before else dump(after)


def rule_with(rule: Mapping[str, Any], catalog: Catalog, change: Rewriting) -> dict[str, Any]:
    """A rule of a role, as a file says it, with the new names or options; `catalog` knows the old ones."""
    entity, new = str(rule.get("entity")), dict(rule)
    if isinstance(rule.get("fields"), Mapping):
        new["fields"] = {change.of(entity, key): _mode(mode, entity, catalog, change) for key, mode in rule["fields"].items()}
    if rule.get("where") is not None:
        new["where"] = _condition(rule["where"], entity, catalog, change)
    return new


def stage_with(said: Mapping[str, Any], stage: Configured, catalog: Catalog, change: Rewriting) -> dict[str, Any]:
    """What a stage asks for, as a file says it, with the new names, options or stages; `catalog` knows the old ones. One that is merged into the
    stage itself is no place to go to any more."""
    entity, new = entity_of(catalog, stage), dict(said)
    for side in SIDES:
        if said.get(side):
            new[side] = [{**one, "where": _condition(one["where"], entity, catalog, change)} for one in said[side]]
    if isinstance(change, Revaluing) and change.picklist == ROLES:
        instead = {change.old: change.new}
        new |= {"duties": [{**one, "role": instead.get(one["role"], one["role"])} for one in said["duties"]]} if said.get("duties") else {}
        new |= {"team": list(dict.fromkeys(instead.get(key, key) for key in said["team"]))} if said.get("team") else {}
    if "moves" in said and isinstance(change, Restaging) and change.entity == "stage":
        old, into = change.rows[change.old], change.rows.get(change.new or 0)
        if old.parent_id == stage.parent_id:
            keys = dict.fromkeys((into.key if into is not None else GONE) if key == old.key else key for key in said["moves"])
            new["moves"] = [key for key in keys if key != stage.key]
    return new


def _mode(mode: Any, entity: str, catalog: Catalog, change: Rewriting) -> Any:
    return {**mode, "where": _condition(mode["where"], entity, catalog, change)} if isinstance(mode, Mapping) and "where" in mode else mode


def _view(shows: Mapping[str, Any], entity: str, catalog: Catalog, change: Rewriting) -> dict[str, Any]:
    new = dict(shows)
    if "columns" in shows:
        new["columns"] = [change.of(entity, key) for key in shows["columns"]]
    if "widths" in shows:
        new["widths"] = {change.of(entity, key): width for key, width in shows["widths"].items()}
    if shows.get("sort"):
        parts = str(shows["sort"]).split(",")
        new["sort"] = ",".join(("-" if part.startswith("-") else "") + change.of(entity, part.lstrip("-")) for part in parts)
    if shows.get("group"):
        key, colon, by = str(shows["group"]).partition(":")
        new["group"] = change.of(entity, key) + colon + by
    if shows.get("where"):
        new["where"] = _condition(shows["where"], entity, catalog, change)
    return new


def _asks(asks: Mapping[str, Any], entity: str, catalog: Catalog, change: Rewriting) -> dict[str, Any]:
    new = asks_with(asks, lambda key: change.of(entity, key))
    if asks.get("where"):
        new["where"] = _condition(asks["where"], entity, catalog, change)
    return new


def _panels(panels: Sequence[Mapping[str, Any]], catalog: Catalog, change: Rewriting) -> list[dict[str, Any]]:
    return [panel_with(one, change.of, lambda where, entity: _condition(where, entity, catalog, change)) for one in panels]


def _layout(said: Mapping[str, Any], entity: str, change: Rewriting) -> dict[str, Any]:
    return layouts.renamed(said, lambda key: change.of(entity, key))


def told(use: Use) -> Message:
    """A place in words."""
    match use.kind:
        case "rule":
            return m("a rule of role “%(name)s”", name=use.name)
        case "view":
            return m("the view “%(name)s”", name=use.name)
        case "report":
            return m("the report “%(name)s”", name=use.name)
        case "dashboard":
            return m("the dashboard “%(name)s”", name=use.name)
        case "own_dashboard":
            return m("somebody's dashboard")
        case "layout":
            return m("layout “%(key)s”", key=use.name)
        case "saved":
            return m("the saved condition “%(name)s”", name=use.name)
        case "stage":
            return m("what the stage “%(name)s” asks for", name=use.name)
        case "field":
            return m("a rule of the field “%(name)s”", name=f"{use.entity}.{use.name}")
        case "check":
            return m("the check “%(name)s” of “%(entity)s”", name=use.name, entity=use.entity)
        case "own_view":
            return m("somebody's view")
        case "own_report":
            return m("somebody's report")
        case _:
            return m("the condition of “%(name)s”", name=use.name)
