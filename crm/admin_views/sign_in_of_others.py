"""How somebody else signs in: for those who keep people. A lost second factor is reset here, and sign-ins are ended."""

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.leads import Lead, leads_from
from crm.admin_views.kit.standing import standing
from crm.admin_views.profile import shown
from crm.backoffice import journal
from crm.backoffice.guard import UserSession, system_session, user_session
from crm.errors import Forbidden
from crm.messages import m
from crm.organization.comparing import outranks
from crm.organization.second_factor import factor_of, reset
from crm.organization.calendar_links import link_of
from crm.organization.sign_in import revoke_all, sessions_of

pages = Blueprint("sign_in_of_others", __name__, url_prefix="/user/<int(min=1, max=2147483647):record_id>/sign-in")


@leads_from("user")
def of_a_person(session: UserSession, entity: str, record_id: int) -> list[Lead]:
    """Offered to whoever keeps people; whether this one may do more than he is judged by the page."""
    if not session.sight.may("user", "update") or record_id == context.access().user_id:
        return []
    return [Lead(m("Signing in"), f"/user/{record_id}/sign-in/", "lock")]


def judge(session: UserSession, record_id: int) -> str:
    """The name of a person whose way in may be kept by whoever asks: he may change the e-mail address and has no fewer rights.
    Raises NotFound, Forbidden; of oneself the profile is the place, which asks for the password."""
    kind = session.catalog.entity("user")
    rights, access = standing(session, kind, record_id), context.access()
    if record_id == access.user_id:
        raise Forbidden(m("Of yourself the profile is the place for this."))
    if "email" not in rights.editable:
        raise Forbidden()
    if not access.unlimited and not outranks(session, access, record_id):
        raise Forbidden(m("This person may do more than you."))
    return lookup.titles(session, kind, [record_id]).get(record_id) or f"№ {record_id}"


@pages.get("/")
def show(record_id: int) -> Response:
    """Since when a second step is asked, how many browsers are signed in, and whether a calendar programme reads the plan."""
    name, here = judge(context.session(), record_id), context.runtime()
    with system_session(here.engine, "sign-in of another person", context.catalog(), source="ui", actor_id=current_user.id) as work:
        factor, browsers, link = factor_of(work, record_id), len(sessions_of(work, record_id)), link_of(work, record_id)
    since = shown(factor.since) if factor.since else ""
    plan = shown(link.made_at) if link is not None and link.ended_at is None else ""
    return make_response(
        render_template("admin/sign_in/of_others.html", record_id=record_id, name=name, since=since, left=factor.left, browsers=browsers, plan=plan))


@pages.post("/reset")
def reset_factor(record_id: int) -> Response:
    """Lets the person sign in by the password alone; his sign-ins end."""
    judged(record_id)
    here = context.runtime()
    with system_session(here.engine, "second factor: reset by another person", context.catalog(), write=True, source="ui", actor_id=current_user.id) as work:
        had = reset(work, record_id)
        work.commit()
    flash(_("The second step is reset.") if had else _("There is no second step to reset."), "success" if had else "info")
    return redirect(url_for("sign_in_of_others.show", record_id=record_id), 303)


@pages.post("/end")
def end(record_id: int) -> Response:
    """Signs the person out everywhere; the link of his calendar ends too."""
    judged(record_id)
    here = context.runtime()
    with system_session(here.engine, "sign-out of another person", context.catalog(), write=True, source="ui", actor_id=current_user.id) as work:
        ended = revoke_all(work, record_id, "administrator")
        journal.event(work, "sign_ins_ended", "user", record_id, {"sessions": [ended, 0]})
        work.commit()
    flash(_("The person is signed out everywhere."), "success")
    return redirect(url_for("sign_in_of_others.show", record_id=record_id), 303)


def judged(record_id: int) -> None:
    """Judges in a session that reads, closed before the system's writes."""
    with user_session(context.runtime().engine, context.access(), context.catalog(), reader=context.reader()) as session:
        judge(session, record_id)
