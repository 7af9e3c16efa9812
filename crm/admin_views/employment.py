"""`/contact/<number>/employer`: a person changed employer. The old position ends, the new one begins, in one save."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from crm.admin_views.kit import context, forms, lookup
from crm.admin_views.kit.leads import Lead, leads_from
from crm.backoffice.guard import UserSession
from crm.contacts.employment import change_employer, present_position
from crm.errors import Forbidden, Invalid, NotFound
from crm.messages import m, render

pages = Blueprint("employment", __name__)
ASKED = ("account", "title", "role", "since")
NEEDED = frozenset({"account", "contact", "since", "primary"})


def offered(session: UserSession) -> bool:
    """Whether this person may both end positions and begin them."""
    return set(session.sight.creatable("position")) >= NEEDED and "until" in session.sight.editable("position")


@leads_from("contact")
def of_a_person(session: UserSession, entity: str, record_id: int) -> list[Lead]:
    """Works elsewhere now."""
    return [Lead(m("Changed employer"), f"/contact/{record_id}/employer", "building")] if offered(session) else []


@pages.route("/contact/<int(min=1, max=2147483647):record_id>/employer", methods=["GET", "POST"])
def employer(record_id: int) -> Any:
    """The form, or what was saved of it."""
    session, reader = context.session(), context.reader()
    contact, position = session.catalog.entity("contact"), session.catalog.entity("position")
    if not session.sight.may("contact", "read"):
        raise Forbidden()
    name = lookup.titles(session, contact, [record_id])
    if record_id not in name:
        raise NotFound()
    if not offered(session):
        raise Forbidden()
    keys = [key for key in ASKED if key in session.sight.creatable("position")]
    filled = forms.record_form(session, position, keys, {"since": reader.today})
    status = 200
    if request.method == "POST":
        saved = _saved(session, filled, record_id)
        if saved is not None:
            return saved
        status = 422
    forms.fill_chosen(session, filled)
    old = present_position(session, record_id, reader.today)
    company = lookup.titles(session, session.catalog.entity("account"), [old[1]]).get(old[1], "") if old and old[1] else ""
    return render_template("admin/employer.html", filled=filled, entity=position, name=name[record_id], back=f"/contact/{record_id}/", company=company), status


def _saved(session: UserSession, filled: forms.RecordForm, record_id: int) -> Response | None:
    forms.read(filled)
    forms.ask_for(forms.left_empty(filled))
    if filled.is_refused:
        return None
    try:
        change_employer(session, record_id, {f.short_name: f.data for f in filled.fields if f.posted and f.data is not None})
    except Invalid as refused:
        forms.explain_refusal(session, filled, refused)
        return None
    batch = session.batch
    session.commit()
    flash(render(m("Saved. What was said at the old company stays there."), context.reader().language), f"success undo=/undo/{batch}")
    return redirect(f"/contact/{record_id}/", 303)
