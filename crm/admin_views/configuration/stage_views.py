"""`/configuration/all-pipelines/`, the stages of one pipeline, a new pipeline, and a stage merged into another."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from crm.admin_views.configuration import entity_form, stage_form
from crm.admin_views.configuration.beside import beside
from crm.admin_views.configuration.door import configurer
from crm.admin_views.configuration.keys import proposed
from crm.admin_views.configuration.publishing import Answer, Errors, Subject, changed, refused, step
from crm.admin_views.kit import context
from crm.admin_views.kit.addresses import address
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.filters import as_json
from crm.admin_views.rights.door import reading
from crm.backoffice.catalog import Configured
from crm.backoffice.colours import COLOUR_WORDS
from crm.backoffice.conditions.tree import Leaf, dump
from crm.backoffice.custom.naming import KEY
from crm.backoffice.entities import Entity
from crm.backoffice.grouped import groups
from crm.backoffice.lists import ListQuery
from crm.backoffice.lowcode.pipelines import pipeline_of, stage_stands, stages_of
from crm.errors import NotFound
from crm.messages import m
from crm.sales.forecast.categories import PROBABILITY_SOURCES
from crm.sales.models import STAGE_KINDS

pages = Blueprint("configuration_stages", __name__, url_prefix="/configuration")
ALL = "/configuration/all-pipelines/"


@dataclass(frozen=True)
class Line:
    """A pipeline as it stands in the list of all."""

    key: str
    label: str
    entity: str
    stages: int
    retired: int


@dataclass(frozen=True)
class Held:
    """How many records stand in a stage, as far as the reader sees them, and where they are listed."""

    number: int
    url: str


@pages.get("/all-pipelines/")
def index() -> Answer:
    """The pipelines that one may configure."""
    configurer()
    catalog, language, lines = context.catalog(), context.reader().language, []
    for one in catalog.configured["pipeline"].values():
        kind = catalog.entities.get(one.values["entity"])
        if kind is not None and context.access().configures(kind.key):
            stages = stages_of(catalog, one).values()
            lines.append(Line(one.code, one.label.text(language), kind.plural.text(language), len(stages), sum(s.retired for s in stages)))
    return render_template("admin/configuration/pipelines.html", lines=lines, may_add=bool(_led()))


@pages.get("/stages-of/")
def show() -> Answer:
    """The stages of one, by `?key=`."""
    known = _known()
    return _form(known, {}, stage_form.of_stages(list(map(stage_stands, stages_of(context.catalog(), known).values()))), {})


@pages.post("/stages-of/")
def change() -> Answer:
    """Plan or publish its change."""
    return _posted(_known())


@pages.get("/new-pipeline/")
def begin() -> Answer:
    """The form of a new one."""
    _may_add()
    return _form(None, {}, stage_form.usual(), {})


@pages.post("/new-pipeline/")
def make() -> Answer:
    """Plan or publish it."""
    _may_add()
    return _posted(None)


@pages.get("/stages-of/merge")
def choose_target() -> Answer:
    """Which stage `?stage=` of a pipeline is merged into."""
    return _merge_form(*pipeline_and_stage(), {})


@pages.post("/stages-of/merge")
def merge() -> Answer:
    """Plan or publish a merge."""
    known, stage = pipeline_and_stage()
    redraw = partial(_merge_form, known, stage)
    into = request.form.get("into", "")
    if step() == "edit":
        return redraw({})
    if into not in {one.key for one in _targets(known, stage)}:
        return refused(redraw, {"into": say(m("Choose a stage of the same kind that is in use."))})
    home = stages_page(known)
    subject = Subject(say(m("Merge “%(name)s”", name=stage.label)), home, known.label.text(context.reader().language), home)
    return changed({"merged_stages": {known.code: {stage.key: into}}}, redraw, subject)


def _posted(known: Configured | None) -> Answer:
    form = request.form
    rows = stage_form.posted(form)
    redraw = partial(_form, known, form, rows)
    if step() == "edit" or step().startswith("opt-"):
        return redraw({})
    stages, errors = stage_form.said(rows, {row.key: stage_stands(row) for row in _stages(known)})
    errors |= entity_form.missing(form, "label_uk", "label_en")
    probability = stage_form.likelihood_said(form, errors)
    key, entity = (known.code, str(known.values["entity"])) if known else (_new_key(errors), form.get("entity", ""))
    if known is None and entity not in {one.key for one in _led()}:
        errors["entity"] = say(m("Say which records stand in it."))
    if errors:
        return refused(redraw, errors)
    label = {"uk": form["label_uk"].strip(), "en": form["label_en"].strip()}
    subject = Subject(label[context.reader().language], ALL, say(m("Pipelines and stages")), f"/configuration/stages-of/?{urlencode({'key': key})}")
    return changed({"pipelines": {key: {"label": label, "entity": entity, "stages": stages} | probability}}, redraw, subject)


def _new_key(errors: dict[str, str]) -> str:
    form = request.form
    key = form.get("key", "").strip() or proposed(form.get("label_en", ""), form.get("label_uk", ""))
    if not KEY.fullmatch(key):
        errors["key"] = say(m("A key begins with a Latin letter and has only small letters, digits and “_”, at most 48."))
    elif pipeline_of(context.catalog(), key) is not None:
        errors["key"] = say(m("This key is taken; choose another one."))
    return key


def _form(known: Configured | None, form: Any, rows: list[stage_form.Row], errors: Errors) -> str:
    language = context.reader().language
    typed = form or ({"label_uk": known.label.uk, "label_en": known.label.en} if known else {}) | stage_form.likelihood_typed(known)
    led = [(kind.key, kind.plural.text(language)) for kind in _led()]
    return render_template(
        "admin/configuration/pipeline.html", known=known, form=typed, rows=rows, errors=errors, summary=entity_form.summary(errors), led=led,
        colours=COLOUR_WORDS, kinds=[(key, label.text(language)) for key, label in STAGE_KINDS],
        sources=[(key, label.text(language)) for key, label in PROBABILITY_SOURCES], here=request.full_path.rstrip("?"),
        title=known.label.text(language) if known else "", held=_held(known) if known else {}, back=ALL,
        beside=beside(f"entity:{known.values['entity']}") if known else beside(), codes={row.key: row.code for row in _stages(known)},
    )


def _merge_form(known: Configured, stage: Configured, errors: Errors) -> str:
    language = context.reader().language
    return render_template(
        "admin/configuration/merge_option.html", title=stage.label.text(language), form=request.form, errors=errors,
        targets=[(one.key, one.label.text(language)) for one in _targets(known, stage)], summary=entity_form.summary(errors), here=request.full_path,
        back=stages_page(known), back_label=known.label.text(language), beside=beside(f"entity:{known.values['entity']}"), into=say(m("Into which stage")),
        subtitle=say(m("Records that stand in it will stand in the other, with the history of their stages; views, rules and conditions that ask for it "
                       "will ask for the other. No record changes its probability by that.")),
    )


def _held(known: Configured) -> dict[str, Held]:
    """Stage → the records that stand in it. None of it for whoever does not see where they stand."""
    kind = context.catalog().entities.get(known.values["entity"])
    spec = next((one for one in kind.fields.values() if one.target == "stage" and not one.several and not one.system), None) if kind else None
    if kind is None or spec is None:
        return {}
    stages = {row.id: row.key for row in _stages(known)}
    with reading() as session:
        if not stages or not session.sight.may(kind.key, "read") or spec.key not in session.sight.filterable(kind.key):
            return {}
        query = ListQuery(kind.key, (), where=Leaf((spec.key,), "in", list(stages)))
        found = {group.value: group.count for group in groups(session, query, spec.key, "").groups}
    return {
        key: Held(found.get(number, 0), address(kind.key, {}, where=as_json(dump(Leaf((spec.key,), "in", [number]))))) for number, key in stages.items()
    }


def _targets(known: Configured, stage: Configured) -> list[Configured]:
    return [one for one in _stages(known) if one.id != stage.id and not one.retired and one.values["kind"] == stage.values["kind"]]


def _stages(known: Configured | None) -> list[Configured]:
    return list(stages_of(context.catalog(), known).values())


def stages_page(known: Configured) -> str:
    """The page of the stages of a pipeline."""
    return f"/configuration/stages-of/?{urlencode({'key': known.code})}"


def _led() -> list[Entity]:
    """The entities whose records can stand in pipelines and that one may configure."""
    kinds = (kind for kind in context.catalog().entities.values() if kind.is_record and kind.key != "stage" and context.access().configures(kind.key))
    return [kind for kind in kinds if any(spec.target == "pipeline" for spec in kind.fields.values())]


def _may_add() -> None:
    configurer()
    if not _led():
        raise NotFound(m("There is no such page."))


def pipeline_and_stage() -> tuple[Configured, Configured]:
    """Those that `?key=` and `?stage=` name. Raises NotFound."""
    known = _known()
    found = stages_of(context.catalog(), known).get(request.args.get("stage", ""))
    if found is None:
        raise NotFound(m("There is no such page."))
    return known, found


def _known() -> Configured:
    """Raises NotFound, alike for one that this person may not configure and one that does not exist."""
    configurer()
    known = pipeline_of(context.catalog(), request.args.get("key", ""))
    if known is None or not context.access().configures(str(known.values["entity"])):
        raise NotFound(m("There is no such page."))
    return known
