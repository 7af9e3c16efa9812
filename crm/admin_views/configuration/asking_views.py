"""`/configuration/stages-of/asking`: what one stage asks of whatever enters and leaves it, where it leads, and for how long one stays."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, render_template, request

from crm.admin_views.configuration import asking_form
from crm.admin_views.configuration.asking_form import Row, Typed, known_by
from crm.admin_views.configuration.beside import beside
from crm.admin_views.configuration.condition_words import in_words
from crm.admin_views.configuration.entity_form import summary
from crm.admin_views.configuration.publishing import Answer, Errors, Subject, changed, refused, step
from crm.admin_views.configuration.requirement_words import SIDES
from crm.admin_views.configuration.stage_views import pipeline_and_stage, stages_page
from crm.admin_views.kit import context
from crm.admin_views.rights.asked import Condition, asked
from crm.admin_views.rights.door import reading
from crm.backoffice.catalog import Configured
from crm.backoffice.conditions.tree import parse
from crm.backoffice.custom.fields import Said
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.lowcode.pipelines import StageSpec, stage_said, stage_stands, stages_of
from crm.backoffice.stage_rules import ROLES
from crm.messages import Label
from crm.rights.stage_requirements import requirement_seen
from crm.sales.forecast.categories import FORECAST_CATEGORIES

pages = Blueprint("configuration_asking", __name__, url_prefix="/configuration/stages-of/asking")
HEADS = {
    "enter": (Label("Щоб увійти на етап", "To enter the stage"), Label("Також від запису, який на ньому створюють.", "Also of a record that is made in it.")),
    "exit": (Label("Щоб вийти з етапу", "To leave the stage"), Label("Хоч куди запис іде далі.", "Wherever it goes from here.")),
}
assert set(HEADS) == set(SIDES)


@dataclass(frozen=True)
class Line:
    """A requirement as its reader is told it; `place` is that of its controls, `saved` are the saved conditions in it that he may open."""

    place: int
    row: Row
    where: Condition
    saved: list[tuple[str, str]]


@pages.get("")
def show() -> Answer:
    """Of the stage `?stage=` of the pipeline `?key=`."""
    known, row = pipeline_and_stage()
    kind, stage = _kind(known), stage_stands(row)
    with reading() as session:
        typed = asking_form.of_stage(stage, lambda one: requirement_seen(session.sight, kind.key, one))
    return _form(known, row, typed, {})


@pages.post("")
def change() -> Answer:
    """Plan or publish its change."""
    known, row = pipeline_and_stage()
    typed = asking_form.posted(request.form)
    redraw = partial(_form, known, row, typed)
    if step() == "edit" or step().startswith(("req-", "opt-", "duty-")):
        return redraw({})
    others = [one.key for one in _others(known, row)]
    spec, errors = asking_form.said(typed, stage_stands(row), others, [key for key, _ in _roles(row)])
    if errors:
        return refused(redraw, errors)
    home, language = stages_page(known), context.reader().language
    subject = Subject(row.label.text(language), home, known.label.text(language), home)
    pipeline = {"label": known.label.as_dict(), "entity": known.values["entity"], "stages": [stage_said(spec)]}
    return changed({"pipelines": {known.code: pipeline}}, redraw, subject)


@pages.post("/drawn")
def draw() -> Answer:
    """The requirements as they are being typed, their conditions in words."""
    known, row = pipeline_and_stage()
    typed = asking_form.posted(request.form)
    return render_template("admin/configuration/stage_requirements.html", errors={}, **_requirements(known, stage_stands(row), typed))


def _form(known: Configured, row: Configured, typed: Typed, errors: Errors) -> str:
    language = context.reader().language
    return render_template(
        "admin/configuration/stage_asking.html", title=row.label.text(language), typed=typed, errors=errors,
        form={"days": typed.days, "forecast": typed.forecast},
        summary=summary(errors), others_to=[(one.key, one.label.text(language)) for one in _others(known, row)], back=stages_page(known),
        back_label=known.label.text(language), here=request.full_path.rstrip("?"), base=f"/{_kind(known).key}/", stage=row,
        roles=[(key, label.text(language)) for key, label in _roles(row)] if led_by_teams(known) else [],
        categories=[("", "—"), *((key, label.text(language)) for key, label in FORECAST_CATEGORIES)], is_open=row.values["kind"] == "open",
        beside=beside(f"entity:{known.values['entity']}"), **_requirements(known, stage_stands(row), typed),
    )


def _requirements(known: Configured, stage: StageSpec, typed: Typed) -> dict[str, Any]:
    kind, language = _kind(known), context.reader().language
    standing = {known_by(one): one for side in SIDES for one in getattr(stage, side)}
    with reading() as session:
        lines = [_line(session, kind, place, row, standing.get(row.kept)) for place, row in enumerate(typed.rows)]
    heads = [(side, label.text(language), about.text(language), [one for one in lines if one.row.side == side]) for side, (label, about) in HEADS.items()]
    return {"sides": heads, "drawn": f"/configuration/stages-of/asking/drawn?{request.query_string.decode()}"}


def _line(session: UserSession, kind: Entity, place: int, row: Row, kept: Said | None) -> Line:
    if kept is not None:
        return Line(place, row, asked(session, kind, parse(kept["where"], session.catalog.saved)), [])
    where, saved = in_words(session, kind, row.where)
    return Line(place, row, where, saved)


def _others(known: Configured, row: Configured) -> list[Configured]:
    """The stages to which one could go: those in use, and those to which it leads already."""
    leads = row.said.get("moves", ())
    return [one for one in stages_of(context.catalog(), known).values() if one.id != row.id and (not one.retired or one.key in leads)]


def _roles(row: Configured) -> list[tuple[str, Label]]:
    """The roles on a team: those in use, and those of which the stage asks something already."""
    standing = context.catalog().picklists.get(ROLES)
    used = {*(one["role"] for one in row.said.get("duties", ())), *row.said.get("team", ())}
    return [(one.key, one.label) for one in standing.options if not one.retired or one.key in used] if standing is not None else []


def led_by_teams(known: Configured) -> bool:
    """Whether the records of a pipeline have teams."""
    return "team" in _kind(known).relations


def _kind(known: Configured) -> Entity:
    return context.catalog().entity(str(known.values["entity"]))
