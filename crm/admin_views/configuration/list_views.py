"""`/configuration/pick-lists/` and the page of one list."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from crm.admin_views.configuration import entity_form, listed, options_form
from crm.admin_views.configuration.beside import beside
from crm.admin_views.configuration.door import configurer
from crm.admin_views.configuration.publishing import Answer, Errors, Subject, changed, refused, step
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice.catalog import Option, Picklist
from crm.backoffice.colours import COLOUR_WORDS
from crm.errors import NotFound
from crm.messages import m
from crm.rights.configuring_judged import may_configure_picklist

pages = Blueprint("configuration_lists", __name__, url_prefix="/configuration")
ALL = "/configuration/pick-lists/"


@pages.get("/pick-lists/")
def index() -> Answer:
    """The picklists that one may configure."""
    configurer()
    return render_template("admin/configuration/picklists.html", lines=listed.picklists())


@pages.get("/pick-list/")
def show() -> Answer:
    """One list, by `?key=`."""
    known = _list()
    return _form(known, None, options_form.of_picklist(known), {})


@pages.post("/pick-list/")
def change() -> Answer:
    """Plan or publish its change."""
    known, form = _list(), request.form
    rows = options_form.posted(form)
    redraw = partial(_form, known, form, rows)
    if step() == "edit" or step().startswith("opt-"):
        return redraw({})
    options, errors = options_form.said(rows)
    errors |= entity_form.missing(form, "label_uk", "label_en")
    if errors:
        return refused(redraw, errors)
    label = {"uk": form["label_uk"].strip(), "en": form["label_en"].strip()}
    subject = Subject(label[context.reader().language], ALL, say(m("Picklists")), request.full_path)
    return changed({"picklists": {known.key: {"label": label, "options": options}}}, redraw, subject)


@pages.get("/pick-list/merge")
def choose_target() -> Answer:
    """Which option `?option=` of a list is merged into."""
    return _merge_form(*_option(), {})


@pages.post("/pick-list/merge")
def merge() -> Answer:
    """Plan or publish a merge."""
    known, option = _option()
    redraw = partial(_merge_form, known, option)
    into = request.form.get("into", "")
    if step() == "edit":
        return redraw({})
    if into not in {one.key for one in _targets(known, option)}:
        return refused(redraw, {"into": say(m("Choose an option that is in use."))})
    language = context.reader().language
    home = f"/configuration/pick-list/?{urlencode({'key': known.key})}"
    subject = Subject(say(m("Merge “%(name)s”", name=option.label)), home, known.label.text(language), home)
    return changed({"merged": {known.key: {option.key: into}}}, redraw, subject)


def _option() -> tuple[Picklist, Option]:
    known = _list()
    found = known.by_key(request.args.get("option", ""))
    if found is None:
        raise NotFound(m("There is no such page."))
    return known, found


def _targets(known: Picklist, option: Option) -> list[Option]:
    return [one for one in known.options if one.key != option.key and not one.retired]


def _merge_form(known: Picklist, option: Option, errors: Errors) -> str:
    language = context.reader().language
    return render_template(
        "admin/configuration/merge_option.html", title=option.label.text(language), form=request.form, errors=errors,
        targets=[(one.key, one.label.text(language)) for one in _targets(known, option)], summary=entity_form.summary(errors), here=request.full_path,
        back=f"/configuration/pick-list/?{urlencode({'key': known.key})}", beside=beside(f"picklist:{known.key}"), back_label=known.label.text(language),
        into=say(m("Into which option")),
        subtitle=say(m("Records that have it will have the other; views, rules and conditions that ask for it will ask for the other.")),
    )


def _list() -> Picklist:
    configurer()
    catalog = context.catalog()
    known = catalog.picklists.get(request.args.get("key", ""))
    if known is None or not may_configure_picklist(context.access(), catalog, known.key):
        raise NotFound(m("There is no such page."))
    return known


def _form(known: Picklist, form: Any, rows: list[options_form.Row], errors: Errors) -> str:
    line = next(one for one in listed.picklists() if one.key == known.key)
    typed = form if form is not None else {"label_uk": known.label.uk, "label_en": known.label.en}
    return render_template(
        "admin/configuration/picklist.html", known=known, line=line, form=typed, options=rows, errors=errors, summary=entity_form.summary(errors),
        colours=COLOUR_WORDS, here=request.full_path, title=known.label.text(context.reader().language), own_list=True,
        beside=beside(f"picklist:{known.key}"),
    )
