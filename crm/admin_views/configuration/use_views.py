"""`/configuration/where-used/`: what refers to an entity, a field, a picklist, an option, a saved condition, a pipeline, a stage or a role."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

from flask import Blueprint, render_template, request

from crm.admin_views.configuration import check_lines
from crm.admin_views.configuration.door import configurer, entity_of
from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import say
from crm.backoffice import lists
from crm.backoffice.catalog import Picklist
from crm.backoffice.conditions.tree import All, Any_, Leaf
from crm.backoffice.fields.condition import ConditionField
from crm.backoffice.lowcode import condition_uses, where_used
from crm.backoffice.lowcode.pipelines import pipeline_of, stages_of
from crm.backoffice.lowcode.uses import Use
from crm.errors import NotFound
from crm.messages import Label, m, mn
from crm.rights.configuring_judged import may_configure_picklist
from crm.rights.where_used import Asking, known

pages = Blueprint("configuration_uses", __name__, url_prefix="/configuration/where-used")
MOST = 1000  # records that are told
GROUPS = {
    "field": Label("Поля: посилання, формули, підсумки, правила, усталені значення", "Fields: references, formulas, roll-ups, rules, defaults"),
    "check": Label("Перевірки", "Checks"), "rule": Label("Права ролей", "Rights of roles"), "view": Label("Спільні вигляди", "Shared views"),
    "stage": Label("Етапи воронок: що вони вимагають", "Stages of pipelines: what they ask for"),
    "report": Label("Спільні звіти", "Shared reports"), "own_report": Label("Власні звіти людей", "People's own reports"),
    "dashboard": Label("Робочі столи ролей", "Dashboards of roles"), "own_dashboard": Label("Власні робочі столи людей", "People's own dashboards"),
    "own_view": Label("Власні вигляди людей", "People's own views"), "layout": Label("Розкладки", "Layouts"),
    "saved": Label("Збережені умови", "Saved conditions"),
    "condition": Label("Сегменти й інші записи з умовами", "Segments and other records that keep conditions"), "pipeline": Label("Воронки", "Pipelines"),
    "conflict": Label("Несумісні ролі", "Conflicts of duties"), "mapping": Label("Спільні джерела імпорту", "Shared sources of imports"),
    "own_mapping": Label("Власні джерела імпорту людей", "People's own sources of imports"),
}


@dataclass(frozen=True)
class Line:
    name: str
    url: str


@dataclass(frozen=True)
class Group:
    """Places of one kind: those that may be named, and how many others there are."""

    label: str
    lines: list[Line]
    others: int


@dataclass(frozen=True)
class Thing:
    """What is asked about: its name, where it is configured, and who is asked."""

    title: str
    parent: str
    parent_label: str
    asking: Asking
    records: list[str]


@pages.get("/")
def show() -> str:
    """Of `?entity=`, `?field=` (as entity.key), `?picklist=` (with `option=`), `?pipeline=` (with `stage=`), `?condition=` or `?role=`. Raises
    NotFound."""
    configurer()
    thing = _thing()
    found = known(context.runtime().engine, context.catalog(), context.access(), thing.asking, _seen)
    groups = [
        Group(label.text(context.reader().language), [_line(use) for use in found.named if use.kind == kind], found.others.get(kind, 0))
        for kind, label in GROUPS.items()
    ]
    return render_template("admin/configuration/where_used.html", thing=thing, groups=[one for one in groups if one.lines or one.others])


def _thing() -> Thing:
    asked, language, catalog = request.args, context.reader().language, context.catalog()
    if "entity" in asked:
        kind = entity_of(asked["entity"])
        name = kind.plural.text(language)
        return Thing(name, f"/configuration/{kind.key}/", name, partial(where_used.of_entity, entity=kind.key), [])
    if "field" in asked:
        entity, _, key = asked["field"].partition(".")
        kind = entity_of(entity)
        if key not in kind.fields:
            raise NotFound(m("There is no such page."))
        asking = partial(where_used.of_field, entity=entity, key=key)
        return Thing(kind.fields[key].label.text(language), f"/configuration/{entity}/", kind.plural.text(language), asking, [])
    if "pipeline" in asked:
        return _of_pipeline(asked["pipeline"], asked.get("stage", ""))
    if "picklist" in asked:
        return _of_list(asked["picklist"], asked.get("option", ""))
    if "condition" in asked:
        return _of_condition(asked["condition"])
    code = asked.get("role", "")
    session = context.session()
    number = _role_number(code) if session.sight.may("role", "read") else 0
    if not number or not context.access().configures():
        raise NotFound(m("There is no such page."))
    name = lookup.titles(session, catalog.entity("role"), [number]).get(number, code)
    return Thing(name, f"/rights/role/{number}/", name, partial(where_used.of_role, code=code), [])


def _of_pipeline(key: str, stage: str) -> Thing:
    catalog, language = context.catalog(), context.reader().language
    known = pipeline_of(catalog, key)
    row = stages_of(catalog, known).get(stage) if stage else known
    if known is None or row is None or not context.access().configures(str(known.values["entity"])):
        raise NotFound(m("There is no such page."))
    home = f"/configuration/stages-of/?{urlencode({'key': key})}"
    asking = partial(where_used.of_configured, entity="stage" if stage else "pipeline", number=row.id)
    return Thing(row.label.text(language), home, known.label.text(language), asking, [])


def _of_condition(key: str) -> Thing:
    known, language = context.catalog().saved.known.get(key), context.reader().language
    if known is None or not context.access().configures(known.entity):
        raise NotFound(m("There is no such page."))
    home, name = f"/configuration/saved-condition/?{urlencode({'key': key})}", known.label.text(language)
    return Thing(name, home, name, partial(condition_uses.of_condition, key=key), [])


def _of_list(key: str, option: str) -> Thing:
    catalog, language = context.catalog(), context.reader().language
    found = catalog.picklists.get(key)
    if found is None or not may_configure_picklist(context.access(), catalog, key) or (option and found.by_key(option) is None):
        raise NotFound(m("There is no such page."))
    home, name = f"/configuration/pick-list/?{urlencode({'key': key})}", found.label.text(language)
    chosen = found.by_key(option) if option else None
    if chosen is None:
        return Thing(name, home, name, lambda session: where_used.of_picklist(session.catalog, key), [])
    asking = partial(where_used.of_option, picklist=key, key=option)
    return Thing(chosen.label.text(language), home, name, asking, list(_records(found, chosen.id)))


def _records(picklist: Picklist, option: int) -> Iterator[str]:
    """How many records hold an option, in each field that uses it, as far as the reader sees them."""
    session, language = context.session(), context.reader().language
    for kind in context.catalog().entities.values():
        for spec in kind.fields.values():
            if spec.picklist != picklist.key or not session.sight.may(kind.key, "read") or spec.key not in session.sight.filterable(kind.key):
                continue
            where = Leaf((spec.key,), "in", [option])
            number = lists.count(session, lists.ListQuery(kind.key, (), where=where)).number
            yield f"{kind.plural.text(language)} · {spec.label.text(language)}: " + say(mn("%(num)s record has it", "%(num)s records have it", number))


def _role_number(code: str) -> int:
    session = context.session()
    if "code" not in session.sight.filterable("role"):
        return 0
    return next(iter(lists.ids(session, lists.ListQuery("role", (), where=Leaf(("code",), "eq", code)), 1)), 0)


def _seen(entity: str, numbers: set[int]) -> set[int]:
    """Of records those that the reader sees, with the condition that they keep."""
    session, kind = context.session(), context.catalog().entity(entity)
    kept = [key for key, spec in kind.fields.items() if isinstance(spec, ConditionField)]
    if not session.sight.may(entity, "read") or not set(kept) <= set(session.sight.filterable(entity)):
        return set()
    where = All((Leaf(("id",), "in", sorted(numbers)[:MOST]), *([Any_(tuple(Leaf((key,), "not_empty") for key in kept))] if kept else [])))
    return set(lists.ids(session, lists.ListQuery(entity, (), where=where), MOST))


def _line(use: Use) -> Line:
    catalog, language = context.catalog(), context.reader().language
    kind = catalog.entities.get(use.entity)
    plural = kind.plural.text(language) if kind else ""
    match use.kind:
        case "field" if kind is not None:
            spec = kind.fields.get(use.name)
            page = f"field/{use.name}/" if use.name in catalog.made.of(use.entity) else ""
            return Line(f"{plural} · {spec.label.text(language) if spec else use.name}", f"/configuration/{use.entity}/{page}")
        case "check" if kind is not None and (known_check := check_lines.found(kind, use.name)) is not None:
            check = check_lines.line(kind, known_check)
            return Line(f"{plural} · {check.message}", check.page or f"/configuration/{use.entity}/#checks")
        case "view":
            view = catalog.views[use.name]
            return Line(f"{plural} · {view.label.text(language)}", f"/{use.entity}/?view={view.id}")
        case "report":
            report = catalog.reports[use.name]
            return Line(f"{plural} · {report.label.text(language)}", f"/report/{report.report}?kept={report.key}")
        case "layout":
            role = use.name.partition(", ")[2]
            return Line(f"{plural}, {role}" if role else plural, f"/configuration/{use.entity}/layout/" + (f"?role={quote(role)}" if role else ""))
        case "saved":
            known = catalog.saved.known.get(use.name)
            name = f"{plural} · {known.label.text(language) if known else use.name}"
            return Line(name, f"/configuration/saved-condition/?{urlencode({'key': use.name})}")
        case "rule":
            return Line(_title(use), f"/rights/role/{use.record}/")
        case "stage":
            return _stage_line(use)
        case "mapping":
            return Line(f"{plural} · {use.name}", f"/{use.entity}/import/")
        case "pipeline":
            return Line(_title(use), f"/configuration/stages-of/?{urlencode({'key': use.name})}")
        case "condition":
            return Line(_title(use), f"/{use.entity}/{use.record}/")
        case _:
            return Line(f"{plural} · {use.name}" if plural else use.name, f"/configuration/{use.entity}/" if plural else "")


def _stage_line(use: Use) -> Line:
    catalog, language = context.catalog(), context.reader().language
    row = next((one for one in catalog.configured["stage"].values() if one.code == use.name), None)
    pipeline = catalog.configured["pipeline"].get(row.parent_id or 0) if row is not None else None
    if row is None or pipeline is None:
        return Line(use.name, "")
    name = f"{pipeline.label.text(language)} · {row.label.text(language)}"
    return Line(name, f"/configuration/stages-of/?{urlencode({'key': pipeline.code})}")


def _title(use: Use) -> str:
    return lookup.titles(context.session(), context.catalog().entity(use.entity), [use.record]).get(use.record, use.name)
