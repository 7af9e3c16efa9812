"""The configuration in force as one immutable value: entities, picklists, pipelines, the company. Built once a version, passed down."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select

from crm.backoffice.conditions.own import own_conditions
from crm.backoffice.conditions.saved import SavedCondition, SavedConditions, read_saved
from crm.backoffice.computed_state import WAITING, Filling, fillings
from crm.backoffice.configuration import CompanySettings, ConfigVersion, OptionRow, PicklistRow, RoleConflict, StageRuleRow
from crm.backoffice.custom.reading import Made, described, read_made
from crm.backoffice.dashboards.shared import SharedDashboard, read_dashboards
from crm.backoffice.entities import Base, Entity, Relation, called_after, describe
from crm.backoffice.fields.base import Field, Reader
from crm.backoffice.kept_reports.shared import SharedReport, read_shared_reports
from crm.backoffice.layouts import Kept, Layout, laid_out, read_layouts
from crm.backoffice.views.shared import SharedView, read_shared
from crm.errors import UnknownName
from crm.backoffice.working_time import USUAL_TIME, Days, Hours, WorkingTime, hours_of_day, working_time
from crm.messages import Label


@dataclass(frozen=True)
class Option:
    """One value of a picklist."""

    id: int
    key: str
    label: Label
    colour: str = ""
    position: int = 0
    retired: bool = False


@dataclass(frozen=True)
class Picklist:
    """The values a picklist field may take, in order."""

    key: str
    label: Label
    options: tuple[Option, ...] = ()

    def by_id(self, option_id: int) -> Option | None:
        return next((o for o in self.options if o.id == option_id), None)

    def by_key(self, key: str) -> Option | None:
        return next((o for o in self.options if o.key == key), None)


@dataclass(frozen=True)
class Configured:
    """A row of a configuration entity (a pipeline, a stage), known to everybody without a query."""

    id: int
    code: str
    key: str
    label: Label
    parent_id: int | None = None
    position: int = 0
    retired: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)  # of a stage: what it asks for beside its fields, as a file says it


@dataclass(frozen=True)
class Conflict:
    """Roles, by code, of which nobody shall hold two at a time."""

    key: str
    roles: frozenset[str]
    with_reason: bool = False  # whether a reason given with the membership allows it


@dataclass(frozen=True)
class Company:
    """Whose installation this is: base currency, time zone, language and working time."""

    name: str = ""
    currency: str = "UAH"
    zone: ZoneInfo = ZoneInfo("Europe/Kyiv")
    language: str = "uk"
    working_time: WorkingTime = USUAL_TIME


@dataclass(frozen=True)
class Catalog:
    """Everything that is configured, at one version."""

    version: int
    entities: Mapping[str, Entity]
    picklists: Mapping[str, Picklist] = field(default_factory=dict)
    configured: Mapping[str, Mapping[int, Configured]] = field(default_factory=dict)
    company: Company = Company()
    views: Mapping[str, SharedView] = field(default_factory=dict)
    reports: Mapping[str, SharedReport] = field(default_factory=dict)
    dashboards: Mapping[str, SharedDashboard] = field(default_factory=dict)
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)
    made: Made = field(default_factory=Made)
    layouts: Kept = field(default_factory=dict)
    saved: SavedConditions = field(default_factory=SavedConditions)
    filling: tuple[Filling, ...] = ()  # what was being worked out for records that stood when the catalog was read (`filled`)

    def entity(self, key: str) -> Entity:
        """Raises UnknownName."""
        found = self.entities.get(key)
        if found is None:
            raise UnknownName(key)
        return found

    def stages(self, *kinds: str) -> list[int]:
        """The stages of all pipelines that are of these kinds: open, won, lost; none where there are no pipelines."""
        return [stage.id for stage in self.configured.get("stage", {}).values() if stage.values["kind"] in kinds]

    def layout(self, entity: str, roles: Collection[str] = ()) -> Layout:
        """How the screens of who holds `roles` (by code) lay an entity out; rights aside. Raises UnknownName."""
        said = self.layouts.get(entity, {})
        holding = tuple(role for role in said if role and role in roles)
        found: Layout | None = self.memory.get(("layout", entity, holding))
        if found is None:
            given = [said[role] for role in (*holding, "") if role in said]
            found = self.memory["layout", entity, holding] = laid_out(self.entity(entity), given)
        return found

    @cached_property
    def options(self) -> Mapping[int, Option]:
        """Every option of every picklist by its number."""
        return {o.id: o for p in self.picklists.values() for o in p.options}

    @cached_property
    def special_days(self) -> Days:
        """The days unlike those of every week, with their hours; None of a day off."""
        usual, found = self.company.working_time.hours, dict[date, Hours | None]()
        for one in self.configured.get("calendar_day", {}).values():
            values: Mapping[str, Any] = one.values
            found[values["day"]] = None if not values["working"] else hours_of_day(values["hours"]) if values["hours"] else usual
        return found

    @cached_property
    def memory(self) -> dict[Any, Any]:
        """A place for what follows from this configuration and is worked out once; it goes when the catalog goes."""
        return {}

    @cached_property
    def rollups(self) -> Mapping[str, tuple[tuple[Entity, Field], ...]]:
        """Entity → the roll-ups over its rows, each with the entity whose field it is."""
        found: dict[str, list[tuple[Entity, Field]]] = {}
        for entity in self.entities.values():
            for spec in entity.fields.values():
                if spec.rollup is not None:
                    found.setdefault(spec.rollup.entity, []).append((entity, spec))
        return {key: tuple(several) for key, several in found.items()}

    def reader(self, language: str | None = None, zone: ZoneInfo | None = None) -> Reader:
        """Somebody who reads in `language` and `zone`; by default the company's."""
        zone = zone or self.company.zone
        return Reader(language or self.company.language, zone, datetime.now(UTC).astimezone(zone).date(), self)


NEWEST = select(func.max(ConfigVersion.__table__.c.id))


def product() -> dict[str, Entity]:
    """The product's own entities, as their classes declare them."""
    mappers = sorted(Base.registry.mappers, key=lambda m: m.class_.__module__ + m.class_.__qualname__)
    entities = (describe(mapper.class_) for mapper in mappers if mapper.class_.__entity__ is not None)
    return {entity.key: entity for entity in entities}


def shape() -> Catalog:
    """The catalog of the product's own entities, without a database."""
    return Catalog(0, MappingProxyType(link(product())))


def link(entities: Mapping[str, Entity]) -> dict[str, Entity]:
    """The same entities, each with the relations that references of the others give it."""
    relations: dict[str, dict[str, Relation]] = {key: {} for key in entities}
    for entity in entities.values():
        for spec in entity.fields.values():
            if spec.target not in relations:
                continue
            reverse = spec.reverse or (_reverse(entity, spec) if spec.number else None)
            if reverse is not None:
                name, label = reverse
                relations[spec.target][name] = Relation(name, label, entity.key, spec.key, tuple(tuple(path.split(".")) for path in spec.also))
    return {key: replace(entity, relations=MappingProxyType(relations[key])) for key, entity in entities.items()}


def _reverse(entity: Entity, spec: Field) -> tuple[str, Label]:
    """How the records that refer by a made field are called from the other side, where its maker says nothing."""
    others = [f for f in entity.fields.values() if f.target == spec.target and f.number]
    plural = entity.plural
    return called_after(entity.key, spec.key), plural if len(others) == 1 else Label(f"{plural.uk}: {spec.label.uk}", f"{plural.en}: {spec.label.en}")


def load_catalog(engine: Engine) -> Catalog:
    """The catalog in force. The database must be migrated."""
    with engine.connect() as connection:
        return read_catalog(connection)


def version_in_force(connection: Connection) -> int:
    """The number of the newest configuration, 0 before the first."""
    return connection.scalar(NEWEST) or 0


def read_catalog(connection: Connection) -> Catalog:
    """The catalog as this connection's transaction sees it."""
    made, saved = read_made(connection), replace(read_saved(connection), own=_own_conditions(connection))
    options = {(row.picklist, row.key): row.id for row in connection.execute(select(OptionRow.__table__))} if made.fields else {}
    static = Catalog(0, MappingProxyType(link(described(product(), made, lambda *named: options.get(named), saved=saved))), made=made, saved=saved)
    configured = {e.key: MappingProxyType(_configured(connection, e)) for e in static.entities.values() if e.declared.configuration}
    return replace(
        static, version=version_in_force(connection), picklists=MappingProxyType(_picklists(connection, static.entities.values())),
        configured=MappingProxyType(configured), company=_company(connection), views=read_shared(connection), reports=read_shared_reports(connection),
        dashboards=read_dashboards(connection),
        conflicts=MappingProxyType(_conflicts(connection)), layouts=read_layouts(connection, static.entities),
        filling=tuple(fillings(connection.execute(WAITING))),
    )


def _own_conditions(connection: Connection) -> Mapping[str, SavedCondition]:
    kinds = product()
    return own_conditions(lambda key: _configured(connection, kinds[key]) if key in kinds else {})


def _conflicts(connection: Connection) -> dict[str, Conflict]:
    rows = connection.execute(select(RoleConflict.__table__).order_by(RoleConflict.id))
    return {row.key: Conflict(row.key, frozenset(row.roles), row.with_reason) for row in rows}


def _company(connection: Connection) -> Company:
    row = connection.execute(select(CompanySettings.__table__)).first()
    return Company(row.name, row.currency, ZoneInfo(row.time_zone), row.language, working_time(row.working_time)) if row else Company()


def _picklists(connection: Connection, entities: Iterable[Entity]) -> dict[str, Picklist]:
    lists = {f.picklist: Picklist(f.picklist, f.label) for e in entities for f in e.fields.values() if f.picklist}
    for row in connection.execute(select(PicklistRow.__table__).order_by(PicklistRow.id)):
        lists[row.key] = Picklist(row.key, Label(row.label_uk, row.label_en))
    options: dict[str, list[Option]] = {}
    for row in connection.execute(select(OptionRow.__table__).order_by(OptionRow.position, OptionRow.id)):
        options.setdefault(row.picklist, []).append(Option(row.id, row.key, Label(row.label_uk, row.label_en), row.colour, row.position, row.retired))
    return {key: replace(p, options=tuple(options.get(key, ()))) for key, p in lists.items()}


def _configured(connection: Connection, entity: Entity) -> dict[int, Configured]:
    table = entity.table
    parent = next((f.attribute for _, f in entity.in_columns() if f.target and f.required and not f.system), None)
    rows = connection.execute(select(table).where(table.c.deleted_at.is_(None)).order_by(*([table.c.position] if "position" in table.c else []), table.c.id))
    found: dict[int, Configured] = {}
    asked = stage_rules_said(connection) if entity.key == "stage" else {}
    for row in rows.mappings():
        label = Label.of(row["name"], row.get("name_en"))
        found[row["id"]] = Configured(
            row["id"], row["code"], row.get("key") or row["code"], label, row[parent] if parent else None, row.get("position") or 0,
            bool(row.get("retired")), MappingProxyType({k: row[f.attribute] for k, f in entity.in_columns()}),
            MappingProxyType(asked.get(row["id"], {})),
        )
    return {number: _leading_on(row, found) for number, row in found.items()} if asked else found


def stage_rules_said(connection: Connection) -> dict[int, dict[str, Any]]:
    """Stage → what it asks for, as a file says it."""
    return {row.stage_id: row.said for row in connection.execute(select(StageRuleRow.__table__))}


def _leading_on(stage: Configured, stages: Mapping[int, Configured]) -> Configured:
    """The stage with moves to stages that are there: a removed one is no place to go to, and is again when it comes back."""
    if "moves" not in stage.said:
        return stage
    there = {one.key for one in stages.values() if one.parent_id == stage.parent_id}
    return replace(stage, said=MappingProxyType({**stage.said, "moves": [key for key in stage.said["moves"] if key in there]}))
