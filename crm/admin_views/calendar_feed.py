"""The plan for calendar programmes: made, renewed and ended on the own profile, read by its secret address without signing in."""

from datetime import UTC, datetime

from flask import Blueprint, flash, g, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from crm.admin_views.gate import open_to_all
from crm.admin_views.profile import profile
from crm.admin_views.signed_in import runtime
from crm.backoffice.guard import system_session, user_session
from crm.contacts.interactions.feed import plan
from crm.errors import NotFound
from crm.organization.calendar_links import holder, renew, revoke
from crm.organization.second_factor import owed_by
from crm.permissions import access_for, today

pages = Blueprint("calendar_feed", __name__)


@pages.post("/profile/calendar")
def make() -> Response:
    """A new address instead of the one there was; shown on this answer and never again."""
    here = runtime()
    with system_session(here.engine, "profile: a link for the calendar", here.catalog, write=True, source="ui", actor_id=current_user.id) as work:
        secret = renew(work, current_user.id)
        work.commit()
    return profile({}, calendar_address=f"{here.settings.address}/calendar/{secret}.ics")


@pages.post("/profile/calendar/revoke")
def end() -> Response:
    here = runtime()
    with system_session(here.engine, "profile: end the link for the calendar", here.catalog, write=True, source="ui", actor_id=current_user.id) as work:
        if revoke(work, current_user.id):
            work.commit()
    flash(_("The link no longer works."), "success")
    return redirect(url_for("profile.show") + "#calendar", 303)


@pages.get("/calendar/<secret>.ics")
@open_to_all
def feed(secret: str) -> Response:
    """The plan of whose link it is, by his own rights as they are now. Raises NotFound, alike for a link that never was, was revoked or is too
    old, of a person who has left, and of one who must turn two-step sign-in on first."""
    here = runtime()
    with system_session(here.engine, "calendar: whose link", here.catalog, source="ui") as work:
        person = holder(work, secret[:200])
        owes = person is not None and owed_by(work, person, today(here.catalog))
    if person is None or owes:
        raise NotFound()
    # The session is closed, and what it read of sensitive fields journaled, with the request.
    g.session = session = user_session(here.engine, access_for(here.engine, person, here.catalog), here.catalog)
    answer = make_response(plan(session, datetime.now(UTC), here.settings.address))
    answer.mimetype = "text/calendar"
    answer.headers["Content-Disposition"] = "inline; filename=plan.ics"
    answer.add_etag()
    return answer.make_conditional(request)
