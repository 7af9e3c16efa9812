"""A plan as its reader is told it: a sentence a change, what differs in it, and what it does to records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from babel.numbers import format_decimal

from crm.admin_views.configuration import check_words, number_words, requirement_words, stage_words
from crm.admin_views.configuration.decisions import Asked, asked, sentences
from crm.admin_views.configuration.layout_words import differences
from crm.admin_views.configuration.palette import CLASSES, FUNCTIONS, KINDS
from crm.backoffice.catalog import Catalog
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.made_plan import LOSING
from crm.backoffice.lowcode.pipelines import StageSpec
from crm.messages import Label, Message, m, mn, render
from crm.rights.configuring import Plan

SENTENCES: Mapping[tuple[str, str], Message] = {
    ("entity", "create"): m("New kind of records: “%(entity)s”"), ("entity", "change"): m("The kind of records “%(entity)s” changes"),
    ("entity", "remove"): m("The kind of records “%(entity)s” is removed"), ("entity", "restore"): m("The kind of records “%(entity)s” comes back"),
    ("field", "create"): m("New field “%(name)s” on “%(entity)s”"), ("field", "change"): m("The field “%(name)s” on “%(entity)s” changes"),
    ("field", "rename"): m("The field “%(name)s” on “%(entity)s” has another key"), ("field", "remove"): m("The field “%(name)s” on “%(entity)s” is removed"),
    ("field", "restore"): m("The field “%(name)s” on “%(entity)s” comes back"),
    ("field", "convert"): m("The field “%(name)s” on “%(entity)s” becomes one of another type"),
    ("picklist", "create"): m("New picklist “%(entity)s”"), ("picklist", "label"): m("The picklist “%(entity)s” has another name"),
    ("option", "create"): m("New option “%(name)s” in “%(entity)s”"), ("option", "change"): m("The option “%(name)s” in “%(entity)s” changes"),
    ("layout", "create"): m("“%(entity)s” is laid out anew for %(name)s"), ("layout", "change"): m("The layout of “%(entity)s” for %(name)s changes"),
    ("layout", "remove"): m("“%(entity)s” is laid out as standard for %(name)s"),
    ("role", "create"): m("New role “%(name)s”"), ("role", "label"): m("The role “%(name)s” has another name"),
    ("role", "remove"): m("The role “%(name)s” is removed"), ("role", "second_factor"): m("The role “%(name)s” asks for a second factor otherwise"),
    ("role", "emergency"): m("What the role “%(name)s” may take in an emergency changes"), ("rules", "replace"): m("The rights of the role “%(name)s” change"),
    ("pipeline", "create"): m("New pipeline “%(name)s”"), ("pipeline", "label"): m("The pipeline “%(name)s” has another name"),
    ("pipeline", "probability"): m("What is taken for the probability in the pipeline “%(name)s” changes"),
    ("pipeline", "remove"): m("The pipeline “%(name)s” is removed"), ("stage", "create"): m("New stage “%(name)s”"),
    ("stage", "change"): m("The stage “%(name)s” changes"), ("stage", "retire"): m("The stage “%(name)s” is retired"),
    ("view", "create"): m("New shared view “%(name)s” of “%(entity)s”"), ("view", "change"): m("The shared view “%(name)s” of “%(entity)s” changes"),
    ("view", "remove"): m("The shared view “%(name)s” of “%(entity)s” is removed"), ("conflict", "create"): m("New conflict of duties “%(name)s”"),
    ("report", "create"): m("New shared report “%(name)s” of “%(entity)s”"),
    ("report", "change"): m("The shared report “%(name)s” of “%(entity)s” changes"),
    ("report", "remove"): m("The shared report “%(name)s” of “%(entity)s” is removed"),
    ("dashboard", "create"): m("New dashboard “%(name)s”"), ("dashboard", "change"): m("The dashboard “%(name)s” changes"),
    ("dashboard", "remove"): m("The dashboard “%(name)s” is removed"),
    ("conflict", "change"): m("The conflict of duties “%(name)s” changes"), ("conflict", "remove"): m("The conflict of duties “%(name)s” is lifted"),
    ("rule", "create"): m("New rule of “%(entity)s”: %(name)s"), ("rule", "change"): m("The rule of “%(entity)s” changes: %(name)s"),
    ("rule", "remove"): m("The rule of “%(entity)s” is lifted: %(name)s"),
    ("option", "merge"): m("The option “%(name)s” of “%(entity)s” is merged into another"),
    ("option", "unmerge"): m("The option “%(name)s” of “%(entity)s” stands on its own again"),
    ("stage", "merge"): m("The stage “%(name)s” is merged into another"), ("stage", "unmerge"): m("The stage “%(name)s” stands on its own again"),
    ("company", "create"): m("The terms of the company: currency, time zone, language, working time"),
    ("company", "change"): m("The terms of the company change: currency, time zone, language or working time"),
    ("condition", "create"): m("New saved condition “%(name)s” of “%(entity)s”"),
    ("condition", "change"): m("The saved condition “%(name)s” of “%(entity)s” asks for something else"),
    ("condition", "label"): m("The saved condition “%(name)s” of “%(entity)s” has another name or note"),
    ("condition", "remove"): m("The saved condition “%(name)s” of “%(entity)s” is removed"),
    ("rules", "condition"): m("The rights of the role “%(name)s” change: a rule of it uses the condition"),
    ("requirement", "create"): m("The stage “%(entity)s” asks for more – %(name)s"),
    ("requirement", "change"): m("The stage “%(entity)s” asks for something else – %(name)s"),
    ("requirement", "remove"): m("The stage “%(entity)s” asks no more – %(name)s"), ("moves", "change"): m("From the stage “%(name)s” one goes elsewhere"),
    ("moves", "unreachable"): m("No stage leads to “%(name)s”: a record comes there only when it is made there"),
    ("moves", "dead_end"): m("No way leads from the stage “%(name)s” to a won or a lost one"),
    ("option", "retire"): m("The option “%(name)s” in “%(entity)s” is retired"),
}
RULES: Mapping[str, Label] = {
    "required": Label("обовʼязкове", "required"),
    "required_if": Label("обовʼязкове за умови", "required under a condition"), "visible_if": Label("видиме за умови", "visible under a condition"),
    "read_only_if": Label("лише для читання за умови", "for reading only under a condition"),
}
OTHER = m("A change of “%(entity)s”")
FACETS: Mapping[str, Label] = {
    "type": Label("Тип", "Type"), "label": Label("Назва", "Name"), "plural": Label("Назва у множині", "Name in the plural"), "help": Label("Підказка", "Help"),
    "class": Label("Клас", "Class"), "required": Label("Обовʼязкове", "Required"), "unique": Label("Неповторне", "Unique"),
    "searchable": Label("Шукати в ньому", "Searched"), "indexed": Label("Швидке впорядкування", "Fast sorting"),
    "personal": Label("Персональні дані", "Personal data"), "default": Label("Усталене значення", "Default"),
    "max_length": Label("Найбільша довжина", "Greatest length"), "scale": Label("Знаків після коми", "Decimals"), "picklist": Label("Список", "Picklist"),
    "to": Label("На що посилається", "Refers to"), "formula": Label("Формула", "Formula"), "gives": Label("Тип результату", "Type of the result"),
    "of": Label("Що підсумовується", "What is added up"), "function": Label("Як", "How"), "field": Label("За полем", "By the field"),
    "by": Label("Порядок за полем", "Ordered by"), "mask": Label("Зразок", "Pattern"), "area": Label("Розділ меню", "Area of the menu"),
    "note": Label("Примітка", "Note"), "where": Label("Умова", "Condition"),
    "icon": Label("Значок", "Icon"), "prefix": Label("Початок кодів", "Prefix of codes"),
}


@dataclass(frozen=True)
class Line:
    """One change. `loses`: values may go."""

    text: str
    details: list[str]
    effect: str
    loses: bool
    asked: Asked | None = None
    listed: str = ""  # where the records are that it tells of


def told(plan: Plan, language: str) -> list[Line]:
    """The changes of a plan."""
    roles = {new.code: new.label.text(language) for new in plan.roles} | {one.key: one.label.text(language) for one in plan.document.roles}
    roles |= stage_words.names(plan.document, plan.before, language)
    lines = [(change, _line(plan, change, told_too, language, roles)) for change, told_too in zip(plan.changes, plan.told, strict=True)]
    asking = {(one.field or "").rsplit(".", 2)[0] if one.kind == "requirement" else one.field for one in plan.changes if one.kind in ("requirement", "moves")}
    # Of a stage that only asks for something else this is told by itself.
    return [line for one, line in lines if line.details or (one.kind, one.effect) != ("stage", "change") or one.field not in asking]


def _line(plan: Plan, change: Change, told_too: bool, language: str, roles: Mapping[str, str]) -> Line:
    text = sentence(change, plan.after, plan.before, language, roles, requirement_words.stage_in(plan, change))
    if change.kind in ("requirement", "moves"):
        found = [*requirement_words.details(plan, change, told_too, language)]
        return Line(text, found, change.effect, False, listed=requirement_words.listed(plan, change) if told_too else "")
    return Line(
        text, [*_details(plan, change, language), *_records(change, told_too, language)], change.effect,
        change.kind in ("entity", "field") and change.effect in LOSING, asked(plan, change, language) if told_too else None,
    )


def sentence(
    change: Change, catalog: Catalog, before: Catalog, language: str, roles: Mapping[str, str] = MappingProxyType({}), stage: StageSpec | None = None,
) -> str:
    """One change in words, with the names that things have afterwards, or had; `roles` are names by code, of pipelines and stages too, `stage` is how a
    document says the one that a requirement is of."""
    entity, name = requirement_words.names(change, (catalog, before), language, stage) if change.kind == "requirement" else _names(
        change, (catalog, before), language)
    if change.kind in ("role", "rules") or (change.kind in ("pipeline", "stage", "moves") and name == change.field):
        name = roles.get(name, name)
    return render(Message(SENTENCES.get((change.kind, change.effect), OTHER).id, {"entity": entity, "name": name}), language)


def _names(change: Change, catalogs: tuple[Catalog, ...], language: str) -> tuple[str, str]:
    if change.kind == "layout":
        whom = m("the role “%(role)s”", role=change.field) if change.field else m("everybody")
        kind = next((found for catalog in catalogs if (found := catalog.entities.get(change.entity))), None)
        return kind.plural.text(language) if kind else change.entity, render(whom, language)
    if change.kind == "condition":
        return _condition_names(change, catalogs, language)
    if change.kind in ("pipeline", "stage", "moves", "view", "report", "dashboard"):
        return _configured(change, catalogs, language)
    if change.kind == "rule":
        return _rule_names(change, catalogs, language)
    for catalog in catalogs:
        if change.kind in ("picklist", "option"):
            known = catalog.picklists.get(change.entity)
            option = known.by_key(change.field or "") if known else None
            if known and (option or change.kind == "picklist"):
                return known.label.text(language), option.label.text(language) if option else ""
            continue
        kind = catalog.entities.get(change.entity)
        if kind is not None and (change.field is None or change.field in kind.fields):
            return kind.plural.text(language), kind.fields[change.field].label.text(language) if change.field else ""
    return change.entity, change.field or ""


def _configured(change: Change, catalogs: tuple[Catalog, ...], language: str) -> tuple[str, str]:
    """The names of what is configured beside data: a pipeline, a stage, a shared view or report."""
    entity, name = change.entity, change.field or ""
    rows = "stage" if change.kind == "moves" else change.kind
    for catalog in catalogs:
        shared: Mapping[str, Any] | None = {"view": catalog.views, "report": catalog.reports, "dashboard": catalog.dashboards}.get(change.kind)
        known = shared.get(name) if shared is not None else next((one for one in catalog.configured[rows].values() if one.code == name), None)
        kind = catalog.entities.get(entity)
        if known is not None:
            return kind.plural.text(language) if kind else entity, known.label.text(language)
    return entity, name


def _condition_names(change: Change, catalogs: tuple[Catalog, ...], language: str) -> tuple[str, str]:
    kind = next((catalog.entities[change.entity] for catalog in catalogs if change.entity in catalog.entities), None)
    key = change.field or ""
    labels = [catalog.saved.known[key].label for catalog in catalogs if key in catalog.saved.known]
    return kind.plural.text(language) if kind else change.entity, labels[0].text(language) if labels else key


def _rule_names(change: Change, catalogs: tuple[Catalog, ...], language: str) -> tuple[str, str]:
    """A rule of a field by its label and what it asks, a check by its message."""
    key, _, name = (change.field or "").partition(".")
    kind = next((catalog.entities[change.entity] for catalog in catalogs if change.entity in catalog.entities), None)
    entity = kind.plural.text(language) if kind else change.entity
    if name in RULES:
        spec = next((found for catalog in catalogs if change.entity in catalog.entities and (found := catalog.entities[change.entity].fields.get(key))), None)
        return entity, f"{spec.label.text(language) if spec else key}, {RULES[name].text(language)}"
    for catalog in reversed(catalogs) if change.effect == "remove" else catalogs:
        said = check_words.said(catalog, change.entity, name)
        if said is not None:
            return entity, str(said["message"].get(language) or name)
    return entity, name


def _details(plan: Plan, change: Change, language: str) -> Iterator[str]:
    if change.kind == "layout":
        yield from _laid_out(plan, change, language)
    if change.kind == "stage":
        yield from stage_words.details(plan.document, plan.before, change, language)
    if change.kind == "rule" and (change.field or "").startswith("checks."):
        yield from check_words.details(plan, change, language)
    if change.kind in ("layout", "rule", "stage", "pipeline"):
        return
    if change.kind == "option":
        specs = (one for picklist in plan.document.options if picklist.key == change.entity for one in picklist.options if one.key == change.field)
        spec = next(specs, None)
        merge = next((one for one in plan.document.merges if (one.picklist, one.old) == (change.entity, change.field)), None)
        if merge is not None and change.effect == "merge":
            into = plan.before.picklists[merge.picklist].by_key(merge.new)
            yield f"→ {into.label.text(language) if into else merge.new}"
        elif spec is not None and change.effect == "create":
            yield spec.label.text(language)
        return
    old, new = (_said(catalog, change, plan) for catalog in (plan.before, plan.after))
    for name in FACETS if old is not None and new is not None else ():
        was, becomes = (value_words(name, (said or {}).get(name), language) for said in (old, new))
        if was != becomes:
            yield f"{FACETS[name].text(language)}: {was} → {becomes}"
    for number in plan.numbers.get((change.entity, change.field or ""), ()) if change.kind == "field" else ():
        yield number_words.told(number, language)
    if old is None and new is not None and change.kind == "field":
        kind = KINDS[new["type"]].name.text(language)
        yield f"{kind} · {value_words('class', new.get('class'), language)}"


def _laid_out(plan: Plan, change: Change, language: str) -> Iterator[str]:
    kind, role = plan.after.entities.get(change.entity), change.field or ""
    new = next((one.said for one in plan.document.layouts if (one.entity, one.role) == (change.entity, role)), {})
    if kind is not None:
        yield from differences(kind, plan.before.layouts.get(change.entity, {}).get(role, {}), new, language)


def _moved(change: Change, told_too: bool, language: str) -> Iterator[str]:
    if told_too and change.kind == "stage":
        yield render(mn("%(num)s record moves", "%(num)s records move", change.records), language)
    elif told_too:
        yield render(mn("%(num)s value moves", "%(num)s values move", change.records), language)
    else:
        yield render(m("How many values it touches is not yours to know: you do not see all of them."), language)
    if change.uses:
        yield render(mn("%(num)s view, rule or condition follows", "%(num)s views, rules and conditions follow", len(change.uses)), language)


def _said(catalog: Catalog, change: Change, plan: Plan) -> Mapping[str, Any] | None:
    if change.kind == "entity":
        kind = catalog.made.entities.get(change.entity)
        return kind.said if kind else None
    here = catalog.made.of(change.entity)
    kept = here.get(change.field or "")
    if kept is None and catalog is plan.before:  # under its former key
        number = next((one.number for key, one in plan.after.made.of(change.entity).items() if key == change.field), 0)
        kept = next((one for one in here.values() if one.number == number), None)
    return kept.said if kept else None


def value_words(name: str, value: Any, language: str) -> str:
    """What a field or an entity says of itself, in words."""
    if name == "class":
        return next((label.text(language) for key, label, _ in CLASSES if key == value), "—")
    if name == "type":
        return KINDS[value].name.text(language) if value in KINDS else "—"
    if name == "function":
        return next((label.text(language) for key, label in FUNCTIONS if key == value), "—")
    if isinstance(value, Mapping):
        return str(value.get(language) or "—")
    if isinstance(value, bool) or (value is None and name in ("required", "unique", "searchable", "indexed", "personal")):
        return Label("так", "yes").text(language) if value else Label("ні", "no").text(language)
    return "—" if value in (None, "") else str(value)


def _records(change: Change, told_too: bool, language: str) -> Iterator[str]:
    if change.effect in ("merge", "unmerge"):
        yield from _moved(change, told_too, language)
        return
    if change.kind == "condition":
        yield from _uses(change, told_too, language)
        return
    if (change.kind, change.effect) == ("rules", "condition") and told_too:
        yield render(mn("%(num)s person holds it", "%(num)s people hold it", change.records), language)
        return
    views = sum(use.kind == "view" for use in change.uses)
    if views:
        yield render(mn("%(num)s shared view shows it no more", "%(num)s shared views show it no more", views), language)
    reports = sum(use.kind == "report" for use in change.uses)
    if reports:
        yield render(mn("%(num)s shared report can no longer be shown or lacks a figure", "%(num)s shared reports can no longer be shown or lack a figure",
                        reports), language)
    if change.kind == "rule" and change.records and told_too:
        yield render(mn("%(num)s record does not satisfy it; it is asked when it is saved", "%(num)s records do not satisfy it; they are asked when saved",
                        change.records), language)
    if change.kind not in ("entity", "field") or change.effect not in (*LOSING, "rename"):
        return
    if not told_too:
        yield render(m("How many values it touches is not yours to know: you do not see all of them."), language)
        return
    number, text = change.records, format_decimal(change.records, locale=language)
    if not number:
        yield render(m("No value is touched"), language)
        return
    match change.kind, change.effect:
        case _, "rename":
            yield render(mn("%(text)s value stays where it is", "%(text)s values stay where they are", number, text=text), language)
        case _, "convert" if change.report is not None:
            yield from sentences(change.report, language)
        case _, "convert":
            yield render(mn("%(text)s value is converted or lost", "%(text)s values are converted or lost", number, text=text), language)
        case "entity", _:
            yield render(mn("%(text)s record is out of reach until an undo", "%(text)s records are out of reach until an undo", number, text=text), language)
        case _:
            yield render(mn("%(text)s value is out of reach until an undo", "%(text)s values are out of reach until an undo", number, text=text), language)


def _uses(change: Change, told_too: bool, language: str) -> Iterator[str]:
    """How many records a saved condition chooses, and by how many places it is used; places that others keep for themselves are not told."""
    if change.effect in ("create", "change") and told_too:
        yield render(mn("It chooses %(num)s record now", "It chooses %(num)s records now", change.records), language)
    places = sum(use.kind not in ("condition", "own_view") for use in change.uses)
    if places:
        yield render(mn("%(num)s place uses it and changes with it", "%(num)s places use it and change with it", places), language)
