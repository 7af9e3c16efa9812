"""`/configuration/saved-conditions/` and the page of one saved condition."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from werkzeug.datastructures import MultiDict

from crm.admin_views.configuration.beside import beside
from crm.admin_views.configuration.door import configurer
from crm.admin_views.configuration.entity_form import missing, summary
from crm.admin_views.configuration.keys import proposed
from crm.admin_views.configuration.publishing import Answer, Errors, Subject, changed, refused, refused_page, step
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.conditions import names_known, read_condition
from crm.admin_views.kit.filters import as_json
from crm.admin_views.rights.door import reading
from crm.admin_views.rights.words import condition_words
from crm.backoffice.conditions.saved import SavedCondition
from crm.backoffice.guard import UserSession
from crm.backoffice.lowcode.parsing import KEY
from crm.errors import NotFound
from crm.messages import m
from crm.rights.known import rests_on_the_seen

pages = Blueprint("configuration_conditions", __name__, url_prefix="/configuration")
ALL, ONE, NEW = "/configuration/saved-conditions/", "/configuration/saved-condition/", "/configuration/saved-condition/new"
Form = MultiDict[str, str]


@dataclass(frozen=True)
class Line:
    """A condition of the list; `own` when it may be opened."""

    key: str
    label: str
    note: str
    entity: str
    words: str
    own: bool


@pages.get("/saved-conditions/")
def index() -> Answer:
    """The saved conditions of what one may configure."""
    configurer()
    with reading() as session:
        lines = [_line(session, one) for one in context.catalog().saved.known.values() if context.access().configures(one.entity)]
    return render_template("admin/configuration/saved_conditions.html", lines=sorted(lines, key=lambda one: (one.entity, one.label)), new=NEW)


@pages.get("/saved-condition/new")
def new() -> Answer:
    """The form of a new one, of `?entity=`."""
    configurer()
    return _form(None, MultiDict({"entity": request.args.get("entity", ""), "where": request.args.get("where", "")}), {})


@pages.post("/saved-condition/new")
def make() -> Answer:
    """Plan or publish it."""
    configurer()
    return _posted(None)


@pages.get("/saved-condition/")
def show() -> Answer:
    """One, by `?key=`."""
    known = _known()
    note = known.note.as_dict() if known.note else {}
    return _form(known, MultiDict({
        "entity": known.entity, "label_uk": known.label.uk, "label_en": known.label.en, "note_uk": note.get("uk", ""), "note_en": note.get("en", ""),
        "where": as_json(dict(known.where)),
    }), {})


@pages.post("/saved-condition/")
def change() -> Answer:
    """Plan or publish its change."""
    return _posted(_known())


@pages.post("/saved-condition/remove")
def remove() -> Answer:
    """Plan or publish its removal."""
    known = _known()
    subject = Subject(say(m("Remove “%(name)s”", name=known.label)), _home(known.key), known.label.text(context.reader().language), ALL)
    return changed({"conditions": {known.key: None}}, partial(refused_page, subject), subject)


def _known() -> SavedCondition:
    """Raises NotFound, alike for one that is not there, is not this person's to configure, or asks for what he does not see."""
    configurer()
    known = context.catalog().saved.known.get(request.args.get("key", ""))
    if known is not None and context.access().configures(known.entity):
        with reading() as session:
            if _seen(session, known):
                return known
    raise NotFound(m("There is no such page."))


def _seen(session: UserSession, one: SavedCondition) -> bool:
    kind = session.catalog.entities.get(one.entity)
    unlimited = session.sight.access is None or session.sight.access.unlimited
    return kind is not None and (unlimited or rests_on_the_seen(session.sight, kind, session.catalog.saved(one.key)))


def _line(session: UserSession, one: SavedCondition) -> Line:
    language = session.reader.language
    kind = session.catalog.entity(one.entity)
    part = session.catalog.saved(one.key).part
    words = condition_words(session, kind, part) if part is not None else ""
    return Line(one.key, one.label.text(language), one.note.text(language) if one.note else "", kind.plural.text(language), words, _seen(session, one))


def _home(key: str) -> str:
    return f"{ONE}?{urlencode({'key': key})}"


def _posted(known: SavedCondition | None) -> Answer:
    form = request.form
    redraw = partial(_form, known, form)
    if step() == "edit":
        return redraw({})
    key, said, errors = _read(form, known)
    if errors:
        return refused(redraw, errors)
    title = said["label"][context.reader().language]
    subject = Subject(title, _home(key) if known else ALL, title if known else say(m("Saved conditions")), _home(key))
    return changed({"conditions": {key: said}}, redraw, subject)


def _read(form: Form, known: SavedCondition | None) -> tuple[str, dict[str, Any], dict[str, str]]:
    """The key, what a file would say, and what is wrong by the name of the control."""
    errors = missing(form, "label_uk", "label_en")
    typed = {name: form.get(name, "").strip() for name in ("label_uk", "label_en", "note_uk", "note_en", "entity", "where")}
    key = known.key if known else form.get("key", "").strip() or proposed(typed["label_en"], typed["label_uk"])
    if known is None and not KEY.fullmatch(key):
        errors["key"] = say(m("A key begins with a letter or a digit and has at most 64 characters."))
    elif known is None and key in context.catalog().saved.known:
        errors["key"] = say(m("This key is taken; choose another one."))
    entity = known.entity if known else typed["entity"]
    if entity not in dict(_entities()):
        errors["entity"] = say(m("Choose a kind of records."))
    where = read_condition(typed["where"])
    if where is None:
        errors["where"] = say(m("Say what the condition asks for."))
    said: dict[str, Any] = {"entity": entity, "label": {"uk": typed["label_uk"], "en": typed["label_en"]}, "where": where}
    if typed["note_uk"] or typed["note_en"]:
        said["note"] = {"uk": typed["note_uk"], "en": typed["note_en"]}
    return key, said, errors


def _entities() -> list[tuple[str, str]]:
    """What one may configure."""
    access, language = context.access(), context.reader().language
    kinds = [kind for kind in context.catalog().entities.values() if access.configures(kind.key)]
    return sorted(((kind.key, kind.plural.text(language)) for kind in kinds), key=lambda one: one[1])


def _form(known: SavedCondition | None, form: Any, errors: Errors) -> str:
    entity = known.entity if known else form.get("entity", "")
    with reading() as session:
        names = names_known(session, entity, form.get("where", ""))
    return render_template(
        "admin/configuration/saved_condition.html", known=known, form=form, errors=errors, summary=summary(errors), entities=_entities(), entity=entity,
        names=names, here=request.full_path.rstrip("?"), back=ALL, beside=beside(*([f"entity:{known.entity}"] if known else [])),
        label=context.catalog().entity(known.entity).plural.text(context.reader().language) if known else "",
    )
