"""`/configuration/number-masks/`: all fields with a mask on one screen, with what they give next."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request

from crm.admin_views.configuration import choices, entity_form, number_words
from crm.admin_views.configuration.beside import beside
from crm.admin_views.configuration.door import configurer
from crm.admin_views.configuration.publishing import Answer, Errors, Subject, changed, refused, step
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice.fields.numbering import read_mask
from crm.backoffice.saving.next_numbers import Counter
from crm.errors import FieldError
from crm.messages import m
from crm.rights.configuring import working
from crm.rights.numbering import Numbered, fields_numbered, numbered

pages = Blueprint("configuration_numbers", __name__, url_prefix="/configuration")
HERE = "/configuration/number-masks/"


@dataclass(frozen=True)
class Line:
    """A field: where it is configured, its mask, what it gives next in words, and its counters; `known` False where those are not the reader's to know."""

    control: str
    entity: str
    label: str
    page: str
    where_used: str
    counter_page: str
    next: list[str]
    counters: list[Counter]
    known: bool


@pages.get("/number-masks/")
def show() -> Answer:
    """The masks that one may configure."""
    configurer()
    return _page({f"mask-{kind.key}.{spec.key}": spec.numbering for kind, spec in _fields()}, {})


@pages.post("/number-masks/")
def change() -> Answer:
    """Plan or publish their change, all of them together."""
    configurer()
    form, said, errors = request.form, dict[str, dict[str, Any]](), dict[str, str]()
    made = context.catalog().made
    for kind, spec in _fields():
        control = f"mask-{kind.key}.{spec.key}"
        typed = form.get(control, spec.numbering).strip()
        try:
            read_mask(typed)
        except FieldError as fault:
            errors[control] = say(fault.message)
            continue
        if typed != spec.numbering:
            said.setdefault(kind.key, {})[spec.key] = {**made.of(kind.key)[spec.key].said, "mask": typed}

    def redraw(wrong: Errors) -> str:
        return _page({f"mask-{kind.key}.{spec.key}": form.get(f"mask-{kind.key}.{spec.key}", spec.numbering) for kind, spec in _fields()}, wrong)

    if step() == "edit":
        return redraw({})
    if errors:
        return refused(redraw, errors)
    if not said:
        return refused(redraw, {"": say(m("Nothing would change."))}, 200)
    subject = Subject(say(m("Patterns of numbers")), HERE, say(m("Patterns of numbers")), HERE)
    return changed({"fields": said}, redraw, subject)


def _fields() -> list[Any]:
    return fields_numbered(context.catalog(), context.access())


def _page(typed: dict[str, str], errors: Errors) -> str:
    catalog = context.catalog()
    with working(context.runtime().engine, catalog, context.access().user_id, write=False) as session:
        lines = [_line(one) for one in numbered(session, choices.sight(), _fields())]
    concerned = dict.fromkeys(f"entity:{kind.key}" for kind, _ in _fields())
    return render_template(
        "admin/configuration/number_masks.html", lines=lines, form=typed, errors=errors, summary=entity_form.summary(errors), here=HERE,
        beside=beside(*concerned),
    )


def _line(one: Numbered) -> Line:
    language, of = context.reader().language, one.kind.key
    told = [number_words.told(number, language) for number in one.next or ()]
    return Line(
        f"mask-{of}.{one.spec.key}", one.kind.plural.text(language), one.spec.label.text(language), f"/configuration/{of}/field/{one.spec.key}/",
        f"/configuration/where-used/?field={of}.{one.spec.key}", f"{HERE}{of}/{one.spec.key}/next/", told, one.counters or [], one.next is not None,
    )
