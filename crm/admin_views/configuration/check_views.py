"""`/configuration/<entity>/check/…`: what every record of a kind must satisfy, added, changed and removed."""

from functools import partial
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.datastructures import MultiDict

from crm.admin_views.configuration import check_lines
from crm.admin_views.configuration.beside import beside
from crm.admin_views.configuration.check_lines import Known
from crm.admin_views.configuration.door import entity_of
from crm.admin_views.configuration.entity_form import missing, summary
from crm.admin_views.configuration.condition_words import in_words
from crm.admin_views.configuration.keys import proposed
from crm.admin_views.configuration.publishing import Answer, Errors, Subject, changed, refused, refused_page, step
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.conditions import read_condition
from crm.admin_views.kit.filters import as_json
from crm.admin_views.rights.door import reading
from crm.backoffice.custom.fields import Said
from crm.backoffice.entities import Entity
from crm.backoffice.lowcode.parsing import KEY
from crm.errors import BadRequest, NotFound
from crm.messages import m

pages = Blueprint("configuration_checks", __name__, url_prefix="/configuration")
Form = MultiDict[str, str]


@pages.get("/<entity>/check/new")
def new(entity: str) -> Answer:
    """The form of a new check."""
    return _form(entity_of(entity), None, MultiDict(), {})


@pages.post("/<entity>/check/new")
def add(entity: str) -> Answer:
    """Plan or publish it."""
    return _posted(entity_of(entity), None)


@pages.get("/<entity>/check/")
def show(entity: str) -> Answer:
    """The form of one that stands: by `?key=`, or of the list of its kind by `?listed=`."""
    kind = entity_of(entity)
    known = _known(kind)
    message = known.said["message"]
    typed = {"where": as_json(known.said["where"]), "message_uk": message["uk"], "message_en": message["en"], "field": str(known.said.get("field", ""))}
    return _form(kind, known, MultiDict(typed), {})


@pages.post("/<entity>/check/")
def change(entity: str) -> Answer:
    """Plan or publish its change."""
    kind = entity_of(entity)
    try:
        return _posted(kind, _known(kind))
    except NotFound:
        if not _gone(kind):
            raise
    # Somebody else has removed or changed it since the page was shown: nothing that was typed gets lost by that.
    if "key" in request.args:
        return _posted(kind, Known(request.args["key"], 0, {}))
    return refused(partial(_form, kind, None, request.form), {"": say(m(
        "Somebody else has changed or removed this check meanwhile. Publish yours as a new one, or open it anew from the list.",
    ))}, 409)


@pages.post("/<entity>/check/remove")
def remove(entity: str) -> Answer:
    """Plan or publish its removal."""
    kind = entity_of(entity)
    known, language = _known(kind), context.reader().language
    title = str(known.said["message"][language])
    subject = Subject(say(m("Remove “%(name)s”", name=title)), check_lines.page_of(kind, known), title, _home(kind))
    said = {"removed": [f"{kind.key}.checks.{known.key}"]} if known.key else _listed(kind, known, None)
    return changed(said, partial(refused_page, subject), subject)


@pages.post("/<entity>/check/condition")
def draw(entity: str) -> Answer:
    """The condition as it is being typed, in words."""
    kind = entity_of(entity)
    return render_template("admin/configuration/check_condition.html", errors={}, base=_base(kind), **_condition(kind, request.form))


def _known(kind: Entity) -> Known:
    """Raises NotFound, alike for one that is not there and one that looks at what this person does not see."""
    asked = {name: request.args[name] for name in ("key", "listed") if name in request.args}
    found = next((one for one in check_lines.of(kind) if one.named == asked), None)
    if found is None or not check_lines.line(kind, found).page:
        raise NotFound(m("There is no such page."))
    return found


def _gone(kind: Entity) -> bool:
    """Whether what is asked for could have stood here, and nothing does by this name."""
    name = next((name for name in ("key", "listed") if name in request.args), "")
    shape = KEY if name == "key" else check_lines.LISTED
    said = request.args.get(name, "")
    return shape.fullmatch(said) is not None and all(one.named.get(name) != said for one in check_lines.of(kind))


def _posted(kind: Entity, known: Known | None) -> Answer:
    form = request.form
    redraw = partial(_form, kind, known, form)
    if step() == "edit":
        return redraw({})
    key, said, errors = _read(form, kind, known)
    if errors:
        return refused(redraw, errors)
    language = context.reader().language
    stands = known is not None and bool(known.said)
    title = str(said["message"][language])
    parent = check_lines.page_of(kind, known) if known is not None and stands else f"/configuration/{kind.key}/"
    subject = Subject(title, parent, title if stands else kind.plural.text(language), _home(kind))
    return changed(_listed(kind, known, said) if known is not None and known.place else {"checks": {kind.key: {key: said}}}, redraw, subject)


def _listed(kind: Entity, known: Known, said: Said | None) -> dict[str, Any]:
    """What a file says of a kind whose list has another check at this place; None: none."""
    stands = context.catalog().made.entities[kind.key].said
    checks = list(stands["checks"])
    checks[known.place - 1 : known.place] = [said] if said is not None else []
    return {"entities": {kind.key: {**stands, "checks": checks}}}


def _read(form: Form, kind: Entity, known: Known | None) -> tuple[str, dict[str, Any], dict[str, str]]:
    """The key, what a file would say, and what is wrong by the name of the control."""
    errors = missing(form, "message_uk", "message_en")
    typed = {name: form.get(name, "").strip() for name in ("message_uk", "message_en", "field", "where")}
    key = known.key if known else form.get("key", "").strip() or proposed(typed["message_en"], typed["message_uk"])
    if known is None and not KEY.fullmatch(key):
        errors["key"] = say(m("A key begins with a letter or a digit and has at most 64 characters."))
    elif known is None and any(one.key == key for one in check_lines.of(kind)):
        errors["key"] = say(m("This key is taken; choose another one."))
    if typed["field"] and typed["field"] not in dict(_fields(kind, typed["field"] if known and known.said.get("field") == typed["field"] else "")):
        errors["field"] = say(m("Choose a field of these records."))
    where = None
    try:
        where = read_condition(typed["where"])
        if where is None:
            errors["where"] = say(m("Say what a record must satisfy."))
    except BadRequest as fault:
        errors["where"] = say(fault.message)
    said: dict[str, Any] = {"where": where, "message": {"uk": typed["message_uk"], "en": typed["message_en"]}}
    return key, said | ({"field": typed["field"]} if typed["field"] else {}), errors


def _fields(kind: Entity, stands: str) -> list[tuple[str, str]]:
    """The fields beside which a check may say its sentence: those that people fill in, and the one where it `stands`."""
    language = context.reader().language
    specs = [spec for spec in kind.fields.values() if spec.key == stands or not (spec.system or spec.formula or spec.rollup or spec.numbering)]
    return sorted(((spec.key, spec.label.text(language)) for spec in specs), key=lambda one: one[1])


def _condition(kind: Entity, form: Form) -> dict[str, Any]:
    with reading() as session:
        where, saved = in_words(session, kind, form.get("where", ""))
    return {"where": where, "saved": saved}


def _base(kind: Entity) -> str:
    return f"/configuration/{kind.key}/"


def _home(kind: Entity) -> str:
    return f"{_base(kind)}#checks"


def _form(kind: Entity, known: Known | None, form: Any, errors: Errors) -> str:
    language = context.reader().language
    stands = known is not None and bool(known.said)
    return render_template(
        "admin/configuration/check.html", kind=kind, known=known, stands=stands, form=form, errors=errors, summary=summary(errors), base=_base(kind),
        title=str(known.said["message"][language]) if known is not None and stands else say(m("New check")),
        plural=kind.plural.text(language), fields=_fields(kind, str(known.said.get("field", "")) if known else ""), beside=beside(f"entity:{kind.key}"),
        here=request.full_path.rstrip("?"), query=request.query_string.decode(), **_condition(kind, form),
    )
