"""`/configuration/number-masks/<entity>/<field>/next/`: the number with which a counter goes on, set at once and kept in the journal."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request

from crm.admin_views.configuration import choices, entity_form
from crm.admin_views.configuration.door import entity_of
from crm.admin_views.configuration.number_views import HERE
from crm.admin_views.configuration.publishing import Answer, Errors, refused
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.rights.door import reading
from crm.backoffice import lists
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.numbering import MOST_DIGITS, NOWHERE, Mask, read_mask
from crm.errors import FieldError, Forbidden, NotFound
from crm.messages import m
from crm.rights.configuring import working
from crm.rights.numbering import numbered, set_next_number

pages = Blueprint("configuration_counters", __name__, url_prefix="/configuration/number-masks")
MOST_DEPARTMENTS = 200


@dataclass(frozen=True)
class Running:
    """A counter: over what it runs, as it is posted and as it is read, and what it gives next."""

    scope: str
    label: str
    next: str


@pages.get("/<entity>/<key>/next/")
def show(entity: str, key: str) -> Answer:
    """The counters of a field, one of them chosen by `?counter=`."""
    kind, spec = _field(entity, key)
    return _page(kind, spec, {"counter": request.args.get("counter", "")}, {})


@pages.post("/<entity>/<key>/next/")
def change(entity: str, key: str) -> Answer:
    """Set what the chosen one gives next."""
    kind, spec = _field(entity, key)
    scope, typed = request.form.get("counter", ""), request.form.get("next", "").strip()
    errors: dict[str, str] = {}
    if scope not in {one.scope for one in _running(kind, spec)}:
        errors["counter"] = say(m("Choose one of the counters."))
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= MOST_DIGITS):
        errors["next"] = say(m("The number alone is expected, as 1235, without what the pattern puts beside it."))
    found = None
    if not errors:
        try:
            found = set_next_number(context.runtime().engine, context.catalog(), context.access().user_id, entity, key, scope, int(typed))
        except FieldError as fault:
            errors["next"] = say(fault.message)
    if errors:
        return refused(lambda wrong: _page(kind, spec, request.form.to_dict(), wrong), errors)
    flash(say(m("The next number: %(number)s", number=found) if found is not None else m("Nothing would change.")), "success" if found is not None else "info")
    return redirect(HERE, 303)


def _field(entity: str, key: str) -> tuple[Entity, Field]:
    """Raises NotFound, alike for what is not this person's to configure and what is not there; Forbidden where he does not see all the numbers."""
    kind = entity_of(entity)
    spec = kind.fields.get(key)
    if spec is None or not spec.numbering:
        raise NotFound(m("There is no such page."))
    if not choices.seen(choices.sight(), entity, key):
        raise Forbidden(m("How far the numbers have come is not yours to know: you do not see all of them."))
    return kind, spec


def _page(kind: Entity, spec: Field, typed: dict[str, str], errors: Errors) -> str:
    language, found = context.reader().language, _running(kind, spec)
    return render_template(
        "admin/configuration/next_number.html", form=typed, errors=errors, summary=entity_form.summary(errors), here=request.path, back=HERE,
        title=f"{kind.plural.text(language)} · {spec.label.text(language)}", mask=spec.numbering,
        counters=[(one.scope, f"{one.label} – {one.next}" if len(found) > 1 else one.next) for one in found],
    )


def _running(kind: Entity, spec: Field) -> list[Running]:
    """Those that have begun, and those that a record made today would begin: of every department that the reader sees or that has records."""
    mask = read_mask(spec.numbering)
    with working(context.runtime().engine, context.catalog(), context.access().user_id, write=False) as session:
        (known,) = numbered(session, choices.sight(), [(kind, spec)])
        today = session.catalog.reader().today
    begun = {one.scope: one.next for one in known.counters or []}
    codes = [*(one.department for one in known.next or []), *_departments(), ""] if mask.by_department else [""]
    for scope in dict.fromkeys(mask.scope(today, code) for code in codes):
        begun.setdefault(scope, str(mask.text_in(scope, 1)))
    return [Running(scope, _label(mask, scope), text) for scope, text in sorted(begun.items(), reverse=True)]


def _label(mask: Mask, scope: str) -> str:
    return say(m("without a department")) if mask.by_department and scope == NOWHERE else scope


def _departments() -> list[str]:
    """The codes of the departments that this reader sees."""
    with reading() as session:
        if not session.sight.may("department", "read") or "code" not in session.sight.filterable("department"):
            return []
        rows = lists.page(session, lists.ListQuery("department", ("code",), sort=(("code", False),), size=MOST_DEPARTMENTS)).rows
    return [str(row.values["code"]) for row in rows if row.values.get("code")]
