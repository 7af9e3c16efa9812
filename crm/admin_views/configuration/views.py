"""`/configuration/…`: entities and what they are made of."""

from functools import partial
from typing import Any

from flask import Blueprint, redirect, render_template, request

from crm.admin_views.configuration import check_lines, draft_views, entity_form, listed, works
from crm.admin_views.configuration.beside import beside
from crm.admin_views.configuration.door import configurer, entity_of, kept_entity, own
from crm.admin_views.configuration.publishing import Answer, Errors, Subject, changed, refused, refused_page, step
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.menu import AREAS
from crm.backoffice.lowcode.icons import ICONS
from crm.backoffice.lowcode.layouts import areas
from crm.backoffice.custom.reading import KeptEntity
from crm.errors import NotFound
from crm.messages import m

pages = Blueprint("configuration", __name__, url_prefix="/configuration")
NEW = "/configuration/new-entity/"


@pages.get("/")
def index() -> Answer:
    """All that one may configure."""
    configurer()
    access = context.access()
    return render_template(
        "admin/configuration/index.html", groups=listed.entities(), may_add=access.configures(), unlimited=access.unlimited, draft=draft_views.lines(),
        works=works.lines(),
    )


@pages.get("/new-entity/")
def new_entity() -> Answer:
    """The form of a new entity."""
    configurer(everything=True)
    return _entity_form(None, entity_form.stored(None), {})


@pages.post("/new-entity/")
def make_entity() -> Answer:
    """Plan or publish it."""
    configurer(everything=True)
    return _entity_posted(None)


@pages.get("/<entity>/")
def show(entity: str) -> Answer:
    """The fields of an entity. One that was just removed leads back to the list of all."""
    if entity in context.catalog().made.gone and context.access().configures():
        return redirect("/configuration/")
    kind = kept_entity(entity)
    lines, waits = listed.fields(kind), kind.key not in context.catalog().entities
    return render_template(
        "admin/configuration/entity.html", kind=kind, made=[one for one in lines if one.made], own=[one for one in lines if not one.made],
        title=kind.plural.text(context.reader().language), beside=beside(f"entity:{kind.key}"), waits=waits,
        checks=check_lines.lines(kind), draft=draft_views.told(own().of(kind.key)) if waits else [],
    )


@pages.get("/<entity>/names/")
def names(entity: str) -> Answer:
    """The form of a made entity."""
    known = _made(entity)
    return _entity_form(known, entity_form.stored(known), {})


@pages.post("/<entity>/names/")
def rename(entity: str) -> Answer:
    """Plan or publish its change."""
    return _entity_posted(_made(entity))


@pages.post("/<entity>/remove")
def remove(entity: str) -> Answer:
    """Plan or publish the removal of a made entity."""
    known = _made(entity)
    kind = context.catalog().entity(entity)
    title = say(m("Remove “%(name)s”", name=kind.plural))
    subject = Subject(title, f"/configuration/{entity}/", kind.plural.text(context.reader().language), "/configuration/")
    return changed({"removed": [known.key]}, partial(refused_page, subject), subject)


def _made(entity: str) -> KeptEntity:
    kind = entity_of(entity)
    if not kind.custom:
        raise NotFound(m("There is no such page."))
    return context.catalog().made.entities[entity]


def _entity_posted(known: KeptEntity | None) -> Answer:
    form = request.form
    key, said, errors = entity_form.read(form, known)
    redraw = partial(_entity_form, known, form)
    if step() == "edit":
        return redraw({})
    if errors:
        return refused(redraw, errors)
    home = f"/configuration/{key}/"
    title = said["label"][context.reader().language] or key
    subject = Subject(title, home if known else "/configuration/", title if known else say(m("Data set-up")), home)
    return changed({"entities": {key: said}}, redraw, subject)


def _entity_form(known: KeptEntity | None, form: Any, errors: Errors) -> str:
    language = context.reader().language
    return render_template(
        "admin/configuration/entity_form.html", known=known, form=form, errors=errors, icons=ICONS, summary=entity_form.summary(errors),
        areas=[(key, label.text(language)) for key, label, _ in AREAS if key in areas(context.catalog())],
        here=f"/configuration/{known.key}/names/" if known else NEW, back=f"/configuration/{known.key}/" if known else "/configuration/",
        beside=beside(*([f"entity:{known.key}"] if known else [])),
    )
