"""`/configuration/<entity>/…`: the fields of an entity, added and changed."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from flask import Blueprint, render_template, request

from crm.admin_views.configuration import choices, decisions, entity_form, field_conditions, field_form, layout_form, options_form, palette
from crm.admin_views.configuration.beside import beside
from crm.admin_views.configuration.door import catalog_of, entity_of, kept_entity, known_roles
from crm.admin_views.configuration.listed import type_name
from crm.admin_views.configuration.publishing import Answer, Errors, Subject, changed, refused, refused_page, step
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice.colours import COLOUR_WORDS
from crm.backoffice.custom.fields import CONDITIONS, RESULTS, Kept
from crm.backoffice.entities import Entity
from crm.backoffice.fields import expressions
from crm.backoffice.layouts import laid_out
from crm.errors import FieldError, NotFound
from crm.messages import Label, Message, m

pages = Blueprint("configuration_fields", __name__, url_prefix="/configuration")
FORMULA_GIVES = ("decimal", "integer", "percent", "money", "duration", "boolean", "date")


@pages.get("/<entity>/add/")
def choose(entity: str) -> Answer:
    """The types of fields."""
    return _palette(kept_entity(entity), None)


@pages.get("/<entity>/add/<type_>/")
def begin(entity: str, type_: str) -> Answer:
    """The form of a new field of a type."""
    kind = kept_entity(entity)
    form = field_form.stored(kind, None)
    form.update({name: request.args[name] for name in ("place", "place_role") if request.args.get(name)})
    return _form(kind, _type(type_), None, form, {})


@pages.post("/<entity>/add/<type_>/")
def add(entity: str, type_: str) -> Answer:
    """Plan or publish it."""
    return _posted(kept_entity(entity), _type(type_), None)


@pages.get("/<entity>/field/<key>/")
def edit(entity: str, key: str) -> Answer:
    """The form of a made field; with `?type=` as one of another type."""
    kind = entity_of(entity)
    kept = _kept(kind, key)
    return _form(kind, _type(request.args.get("type") or str(kept.said["type"])), kept, field_form.stored(kind, kept), {})


@pages.post("/<entity>/field/<key>/")
def change(entity: str, key: str) -> Answer:
    """Plan or publish its change."""
    kind = entity_of(entity)
    kept = _kept(kind, key)
    return _posted(kind, _type(request.args.get("type") or str(kept.said["type"])), kept)


@pages.get("/<entity>/field/<key>/type/")
def choose_another(entity: str, key: str) -> Answer:
    """The types to which a field may be changed."""
    kind = entity_of(entity)
    return _palette(kind, _kept(kind, key))


@pages.post("/<entity>/field/<key>/remove")
def remove(entity: str, key: str) -> Answer:
    """Plan or publish its removal."""
    kind = entity_of(entity)
    kept = _kept(kind, key)
    language, home = context.reader().language, f"/configuration/{kind.key}/"
    subject = Subject(say(m("Remove “%(name)s”", name=_label(kept))), home, kind.plural.text(language), home)
    return changed({"removed": [f"{kind.key}.{kept.key}"]}, partial(refused_page, subject), subject)


@pages.post("/<entity>/formula")
def try_formula(entity: str) -> Answer:
    """What a formula that is being typed gives, or what is wrong with it."""
    kind = kept_entity(entity)
    text = request.form.get("formula", "").strip()
    if not text:
        return render_template("admin/configuration/formula.html", gives="", wrong="")
    known = {one.value for one in choices.reckoned(kind)}
    try:
        tree = expressions.parse(text)
        # A field that one does not see reads like one that is not there.
        gives = RESULTS[expressions.kind_of(tree, {key: spec.type for key, spec in kind.fields.items() if key in known})]
    except FieldError as fault:
        return render_template("admin/configuration/formula.html", gives="", wrong=say(fault.message))
    return render_template("admin/configuration/formula.html", gives=type_name(gives), wrong="")


@pages.post("/<entity>/rules")
def draw_rules(entity: str) -> Answer:
    """The conditions of a field as they are being typed, in words; of a field that stands, by `?field=`."""
    kind = kept_entity(entity)
    kept = context.catalog().made.of(kind.key).get(request.args.get("field", ""))
    rules = field_conditions.shown(kind, request.form, kept)
    return render_template("admin/configuration/field_rules.html", kept=kept, base=f"/configuration/{kind.key}/", rules=rules, errors={})


def _kept(kind: Entity, key: str) -> Kept:
    found = context.catalog().made.of(kind.key).get(key)
    if found is None:
        raise NotFound(m("There is no such page."))
    return found


def _type(key: str) -> str:
    if key not in palette.KINDS:
        raise NotFound(m("There is no such page."))
    return key


def _label(kept: Kept) -> Label:
    return Label(kept.said["label"]["uk"], kept.said["label"]["en"])


def _palette(kind: Entity, kept: Kept | None) -> str:
    language = context.reader().language
    return render_template(
        "admin/configuration/palette.html", kind=kind, kept=kept, title=_label(kept).text(language) if kept else kind.plural.text(language),
        groups=palette.GROUPS, now=kept.said["type"] if kept else "", base=f"/configuration/{kind.key}/",
    )


def _posted(kind: Entity, type_: str, kept: Kept | None) -> Answer:
    form = request.form
    redraw = partial(_form, kind, type_, kept, form)
    if step() == "edit" or step().startswith("opt-"):
        return redraw({})
    found = field_form.read(kind, type_, form, kept)
    if found.errors:
        return refused(redraw, found.errors)
    language, home = context.reader().language, f"/configuration/{kind.key}/"
    subject = Subject(found.said["label"][language], home, kind.plural.text(language), home)
    decided, rest = decisions.said(form, found.key, found.said, {*kind.fields, *context.catalog().made.of(kind.key)}) if kept is not None else ({}, {})
    fields = {kind.key: {found.key: {**found.said, **decided}, **rest}}
    return changed({"fields": fields} | _laid_out(kind, found.key, form), redraw, subject)


def _laid_out(kind: Entity, key: str, form: Any) -> dict[str, Any]:
    """The layout with a new field in the place where its type was put, as a file says it; nothing where none was named."""
    place, role = form.get("place", ""), form.get("place_role", "")
    if not place:
        return {}
    if role and role not in known_roles():
        raise NotFound(m("There is no such page."))
    kept = catalog_of(kind).layouts.get(kind.key, {})
    said = layout_form.with_field(kept.get(role, {}), laid_out(kind, [kept.get("", {})] if role else []), key, place)
    return {"layouts": {kind.key: {"roles": {role: said}} if role else said}}


def _form(kind: Entity, type_: str, kept: Kept | None, form: Any, errors: Errors) -> str:
    asked, language = palette.facets(type_), context.reader().language
    base = f"/configuration/{kind.key}/"
    turned = kept is not None and kept.said["type"] != type_
    here = f"{base}field/{kept.key}/" + (f"?type={type_}" if turned else "") if kept else f"{base}add/{type_}/"
    own_list = "picklist" in asked and not (kept is not None and kept.said.get("picklist"))
    options = options_form.posted(form) if own_list else []
    choosing: dict[str, Any] = {}
    if "to" in asked:
        choosing["targets"] = choices.targets()
    if "picklist" in asked:
        choosing["picklists"] = choices.picklists()
    if "formula" in asked:
        choosing["reckoned"] = choices.reckoned(kind, kept.key if kept else "")
        choosing["results"] = [choices.Choice(key, type_name(key)) for key in FORMULA_GIVES]
    if "of" in asked:
        choosing |= {"relations": choices.relations(kind), "added": choices.added(kind), "ordering": choices.added(kind, ordered=True)}
    if asked.issuperset(CONDITIONS):
        choosing["rules"] = field_conditions.shown(kind, form, kept)
    return render_template(
        "admin/configuration/field_form.html", kind=kind, type=palette.KINDS[type_], kept=kept, form=form, errors=errors, asked=asked, here=here, base=base,
        turned=turned, title=_label(kept).text(language) if kept else "", summary=entity_form.summary(errors), classes=palette.CLASSES, flags=palette.FLAGS,
        functions=[(key, label.text(language)) for key, label in palette.FUNCTIONS], pairs=_pairs, options=options, own_list=own_list,
        placed=_place_words(kind, form) if kept is None else "",
        colours=COLOUR_WORDS, beside=beside(f"entity:{kind.key}"),
        decided=[(name, value) for name, value in form.items() if decisions.is_one(name)], defaults=_default_options(kept, form), **choosing,
    )


def _place_words(kind: Entity, form: Any) -> str:
    """Where the new field will stand, in words."""
    side, _, key = form.get("place", "").partition(":")
    spec, role = kind.fields.get(key), known_roles().get(form.get("place_role", ""), "") if form.get("place_role") else ""
    if not side:
        return ""
    words = {"after": m("In the form it will stand after “%(name)s”."), "before": m("In the form it will stand before “%(name)s”.")}
    where = say(Message(words[side].id, {"name": spec.label})) if spec is not None and side in words else say(m("In the form it will stand last."))
    if not role:
        return where
    for_whom = say(m("This is said for the role “%(role)s”.", role=role))
    return f"{where} {for_whom}"


def _pairs(some: Iterable[choices.Choice]) -> list[tuple[str, str]]:
    return [(one.value, one.label) for one in some]


def _default_options(kept: Kept | None, form: Any) -> list[choices.Choice]:
    """What the default of a picklist may be."""
    known = context.catalog().picklists.get(form.get("picklist") or (str(kept.said.get("picklist")) if kept else ""))
    language = context.reader().language
    return [choices.Choice(o.key, o.label.text(language)) for o in known.options if not o.retired] if known else []
