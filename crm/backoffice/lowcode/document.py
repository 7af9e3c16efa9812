"""A configuration file as typed values. A name that is not known is an error: a typo must never pass in silence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import yaml

from crm.backoffice.access import EVERYTHING, Rule, parse_rule
from crm.backoffice.catalog import Catalog, Conflict
from crm.backoffice.conditions import compiler
from crm.backoffice.conditions.saved import SavedCondition
from crm.backoffice.dashboards.shared import SharedDashboard
from crm.backoffice.kept_reports.shared import SharedReport
from crm.backoffice.lowcode.conflicts import NAMES as CONFLICT_NAMES, conflict
from crm.backoffice.lowcode.emergencies import Emergency, emergency
from crm.backoffice.lowcode.field_rules import CheckSpec, named_checks
from crm.backoffice.lowcode.layouts import LayoutSpec, layouts_of
from crm.backoffice.lowcode.made import EntitySpec, FieldSpec, entities_of, fields_of, removed_of
from crm.backoffice.lowcode.made_whole import MADE, Standing, catalog_with, made_with, moves_of
from crm.backoffice.lowcode.option_merging import Merged, MergeSpec, followed, merges_of, retiring
from crm.backoffice.lowcode.options import PicklistSpec, picklist
from crm.backoffice.lowcode.packages import PackageSpec, package_of
from crm.backoffice.lowcode.parsing import label_of, only, section_of, wrong
from crm.backoffice.lowcode.pipelines import PipelineSpec, pipeline, verify_requirements, verify_roles
from crm.backoffice.lowcode.saved_conditions import conditions_of
from crm.backoffice.lowcode.shared_dashboards import NAMES as DASHBOARD_NAMES, shared_dashboard
from crm.backoffice.lowcode.shared_reports import NAMES as REPORT_NAMES, shared_report
from crm.backoffice.lowcode.shared_views import NAMES as VIEW_NAMES, shared_view
from crm.backoffice.lowcode.stage_requirements import verify_standing
from crm.backoffice.lowcode.stage_merging import StageMerge, StageMerged, retiring_stages, stage_merges_of
from crm.backoffice.release import PRODUCT
from crm.backoffice.outside import NamedTwice, line_of, read_yaml
from crm.backoffice.sight import Sight
from crm.backoffice.views.shared import SharedView
from crm.backoffice.stage_rules import ROLES
from crm.errors import BadRequest, BramaError
from crm.messages import Label, Message, m

SECTIONS = (
    "package", "entities", "fields", "checks", "removed", "conditions", "roles", "pipelines", "picklists", "views", "reports", "dashboards",
    "conflicts", "layouts", "merged", "merged_stages",
)


@dataclass(frozen=True)
class RoleSpec:
    key: str
    label: Label
    rules: tuple[Mapping[str, Any], ...]  # as in the file; checked
    builtin: bool = False
    second_factor: bool | None = None  # None: as it stands
    emergency: Emergency | None = None  # None: as it stands


@dataclass(frozen=True)
class Document:
    """What a configuration file says, in its order."""

    roles: tuple[RoleSpec, ...] = ()
    pipelines: tuple[PipelineSpec, ...] = ()
    picklists: tuple[PicklistSpec, ...] = ()
    views: tuple[SharedView, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    entities: tuple[EntitySpec, ...] = ()
    fields: tuple[FieldSpec, ...] = ()
    layouts: tuple[LayoutSpec, ...] = ()
    removed: tuple[tuple[str, str, str], ...] = field(default=())  # kind, entity, key of what goes: a file says it of what is made and of saved conditions
    checks: tuple[CheckSpec, ...] = ()
    standing: tuple[Standing, ...] = ()  # how an undo puts back what was made; no file says this
    package: PackageSpec | None = None  # what it calls itself, where it is one
    merges: tuple[MergeSpec, ...] = ()
    unmerged: tuple[Merged, ...] = ()  # merges that an undo takes back; no file says this
    stage_merges: tuple[StageMerge, ...] = ()
    stages_unmerged: tuple[StageMerged, ...] = ()  # as above
    conditions: tuple[SavedCondition, ...] = ()
    reports: tuple[SharedReport, ...] = ()
    dashboards: tuple[SharedDashboard, ...] = ()
    raw: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)  # as the file said it, where it is a file
    undoes: datetime | None = None  # when the version was made that this undoes: a role removed by it comes back itself, with whoever held it

    @property
    def makes(self) -> bool:
        """Whether it says anything of made entities, fields and checks."""
        return bool(self.entities or self.fields or self.checks or self.standing or any(kind in MADE for kind, _, _ in self.removed))

    @property
    def lifted(self) -> list[str]:
        """The saved conditions that go."""
        return [key for kind, _, key in self.removed if kind == "condition"]

    @property
    def options(self) -> tuple[PicklistSpec, ...]:
        """The picklists that it names, those beside their fields too."""
        return (*(one.options for one in self.fields if one.options is not None), *self.picklists)


def read(text: str | bytes, catalog: Catalog) -> Document:
    """The document of a YAML file. Raises BadRequest with the place of what is wrong."""
    if len(text) > 2_000_000:
        raise BadRequest(m("The configuration file is too large."))
    try:
        raw = read_yaml(text)
    except NamedTwice as twice:
        raise BadRequest(m("The file names “%(key)s” twice in one place (line %(line)s).", key=twice.key, line=twice.line)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        raise BadRequest(m("The file is not valid YAML (line %(line)s).", line=line_of(fault))) from None
    return from_raw(raw or {}, catalog)


def from_raw(raw: Any, catalog: Catalog) -> Document:
    """The document of what YAML or JSON gave."""
    only(raw, SECTIONS, m("the file"))
    package = package_of(raw, PRODUCT)
    own = {key: kind for key, kind in catalog.entities.items() if not kind.custom}
    entities, inside = entities_of(raw, own)
    fields, removed, checks = [*inside, *fields_of(raw)], removed_of(raw), named_checks(raw)
    conditions, lifted = conditions_of(raw)
    removed += [("condition", catalog.saved.known[key].entity, key) for key in lifted if key in catalog.saved.known]
    lists = tuple(picklist(key, spec) for key, spec in section_of(raw, "picklists"))
    merges = merges_of(raw, catalog)
    if merges:
        lists = retiring(catalog, merges, lists)
        entities, fields, checks = followed(catalog, [one.change for one in merges], entities, fields, checks)
    stage_merges = stage_merges_of(raw, catalog)
    if stage_merges:
        entities, fields, checks = followed(catalog, [one.change(catalog) for one in stage_merges], entities, fields, checks)
    if entities or fields or removed or checks or conditions:
        # What else the file says may name what it makes.
        options = (*(one.options for one in fields if one.options is not None), *lists)
        catalog = catalog_with(catalog, made_with(catalog, entities, fields, removed, checks=checks), options, conditions, lifted)
    pipelines = retiring_stages(catalog, stage_merges, [pipeline(key, spec, catalog) for key, spec in section_of(raw, "pipelines")])
    standing = catalog.picklists.get(ROLES)
    team_roles = {o.key for o in standing.options} if standing is not None else set[str]()
    team_roles |= {o.key for one in lists if one.key == ROLES for o in one.options}
    for one in pipelines:
        verify_requirements(catalog, one)
        verify_roles(one, team_roles)
    return Document(
        tuple(_role(key, spec, catalog) for key, spec in section_of(raw, "roles")),
        tuple(pipelines),
        lists,
        tuple(_view(key, spec, catalog) for key, spec in section_of(raw, "views")),
        tuple(_conflict(key, spec) for key, spec in section_of(raw, "conflicts")),
        tuple(entities), tuple(fields), tuple(spec for key, said in section_of(raw, "layouts") for spec in layouts_of(key, said, catalog)),
        tuple(removed), tuple(checks), package=package, merges=tuple(merges), stage_merges=tuple(stage_merges), conditions=tuple(conditions),
        reports=tuple(_report(key, spec, catalog) for key, spec in section_of(raw, "reports")),
        dashboards=tuple(_dashboard(key, spec, catalog, raw.get("reports") or {}) for key, spec in section_of(raw, "dashboards")), raw=raw,
    )


def foreseen(catalog: Catalog, document: Document, prepared: Mapping[tuple[str, str], int] = MappingProxyType({})) -> Catalog:
    """The catalog that a document would make of this one, as far as entities, fields and saved conditions go; `prepared` are numbers of fields whose
    columns are there. Raises BadRequest."""
    if not document.makes and not document.conditions and not document.lifted:
        return catalog
    made = made_with(catalog, document.entities, document.fields, document.removed, document.standing, document.checks, prepared)
    after = catalog_with(catalog, made, document.options, document.conditions, document.lifted)
    verify_standing(catalog, after, moves_of(catalog, made), {(spec.key, stage.key) for spec in document.pipelines for stage in spec.stages})
    return after


def merge(documents: Iterable[Document]) -> Document:
    """Several documents as one."""
    several = list(documents)
    return Document(
        tuple(x for d in several for x in d.roles), tuple(x for d in several for x in d.pipelines), tuple(x for d in several for x in d.picklists),
        tuple(x for d in several for x in d.views), tuple(x for d in several for x in d.conflicts), tuple(x for d in several for x in d.entities),
        tuple(x for d in several for x in d.fields), tuple(x for d in several for x in d.layouts), tuple(x for d in several for x in d.removed),
        tuple(x for d in several for x in d.checks), merges=tuple(x for d in several for x in d.merges),
        stage_merges=tuple(x for d in several for x in d.stage_merges),
        conditions=tuple(x for d in several for x in d.conditions), reports=tuple(x for d in several for x in d.reports),
        dashboards=tuple(x for d in several for x in d.dashboards),
    )


def _role(key: str, spec: Any, catalog: Catalog) -> RoleSpec:
    place = m("role “%(key)s”", key=key)
    only(spec, ("label", "rules", "builtin", "second_factor", "emergency"), place)
    rules = spec.get("rules") or []
    if not isinstance(rules, list) or not all(isinstance(r, Mapping) for r in rules):
        raise wrong(place, m("“rules” is a list"))
    for number, rule in enumerate(rules, 1):
        check_rule(parse_rule(key, number, rule, catalog.saved), catalog)
    asks = spec.get("second_factor")
    if asks is not None and not isinstance(asks, bool):
        raise wrong(place, m("“second_factor” is true or false"))
    taken = emergency(key, spec["emergency"]) if spec.get("emergency") is not None else None
    if isinstance(taken, Message):
        raise wrong(place, taken)
    return RoleSpec(key, label_of(spec, place), tuple(rules), bool(spec.get("builtin")), asks, taken)


def check_rule(rule: Rule, catalog: Catalog) -> None:
    """Raises BadRequest when a rule names an entity, a field or a value that does not exist."""
    place = m("rule %(rule)s", rule=rule.name)
    if "configure" in rule.actions and (rule.scope not in ("all", "none") or rule.where is not None):
        raise wrong(place, m("configuring concerns no single records: it is allowed with the scope “all” and without a condition"))
    if rule.entity == EVERYTHING:
        if rule.actions != {"configure"} or rule.fields is not None:
            raise wrong(place, m("“*” stands for every entity with the action “configure” alone"))
        return
    try:
        kind = catalog.entity(rule.entity)
        everything = Sight(None, catalog, catalog.reader()).table(kind.key)
        for key, mode in (rule.fields or {}).items():
            if key != "*":
                everything.field(key)
            if mode.where is not None:
                compiler.compile_condition(mode.where, everything)
        if rule.where is not None:
            compiler.compile_condition(rule.where, everything)
    except BramaError as fault:
        raise wrong(place, fault.message) from None


def _view(key: str, spec: Any, catalog: Catalog) -> SharedView:
    place = m("view “%(key)s”", key=key)
    only(spec, VIEW_NAMES, place)
    read_view = shared_view(key, label_of(spec, place), spec, catalog)
    if isinstance(read_view, Message):
        raise wrong(place, read_view)
    return read_view


def _report(key: str, spec: Any, catalog: Catalog) -> SharedReport:
    place = m("report “%(key)s”", key=key)
    only(spec, REPORT_NAMES, place)
    read_report = shared_report(key, label_of(spec, place), spec, catalog)
    if isinstance(read_report, Message):
        raise wrong(place, read_report)
    return read_report


def _dashboard(key: str, spec: Any, catalog: Catalog, coming: Mapping[str, Any]) -> SharedDashboard:
    place = m("dashboard “%(key)s”", key=key)
    only(spec, DASHBOARD_NAMES, place)
    read_dashboard = shared_dashboard(key, label_of(spec, place), spec, catalog, (*catalog.reports, *coming))
    if isinstance(read_dashboard, Message):
        raise wrong(place, read_dashboard)
    return read_dashboard


def _conflict(key: str, spec: Any) -> Conflict:
    place = m("conflict “%(key)s”", key=key)
    only(spec, CONFLICT_NAMES, place)
    read_conflict = conflict(key, spec)
    if isinstance(read_conflict, Message):
        raise wrong(place, read_conflict)
    return read_conflict
