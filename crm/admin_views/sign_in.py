"""Signing in and out in the browser."""

from flask import Blueprint, Flask, redirect, request
from flask_babel import gettext as _
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from crm.admin_views import account_links, profile, second_factor, second_step
from crm.admin_views.gate import before_second_factor, gate, open_to_all, own_path, where
from crm.admin_views.signed_in import end_own_session, go_on, load, page, paused, runtime, signed_out
from crm.backoffice import journal
from crm.backoffice.guard import system_session
from crm.error_pages import expired
from crm.organization.sign_in import KEPT, attempt, revoke_all

pages = Blueprint("sign_in", __name__)


def init_app(app: Flask) -> None:
    """Closes the application to whoever is not signed in; adds the pages of sign-in, of forgotten passwords and of the own profile."""
    app.config.update(PERMANENT_SESSION_LIFETIME=KEPT, SESSION_REFRESH_EACH_REQUEST=False)
    manager = LoginManager(app)
    manager.session_protection = None  # the stored row ends a session, not a changed address
    manager.user_loader(load)
    app.before_request(gate)
    for blueprint in (pages, account_links.pages, profile.pages, second_step.pages, second_factor.pages):
        app.register_blueprint(blueprint)


@pages.get("/sign-in")
@open_to_all
def sign_in() -> Response:
    """The form; somebody who is signed in already goes on."""
    target = own_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target or "/")
    return page("sign_in", target=target, email="", keep=False, error=None)


@pages.post("/sign-in")
@open_to_all
def take_sign_in() -> Response:
    here = runtime()
    email, keep = request.form.get("email", "")[:320], bool(request.form.get("keep"))
    target = own_path(request.form.get("next") or request.args.get("next"))
    outcome = attempt(here.engine, here.catalog, email, request.form.get("password", ""), where(), keep=keep)
    if outcome.token is not None or outcome.step is not None:
        return go_on(outcome, target, keep=keep)
    if outcome.wait:
        return paused("sign_in", outcome.wait, target=target, email=email, keep=keep)
    return page("sign_in", 422, target=target, email=email, keep=keep, error=_("The e-mail or password is wrong. Check the keyboard layout."))


@pages.errorhandler(CSRFError)
def form_too_old(error: CSRFError) -> Response:
    """A sign-in page left open until its cookie was gone: the form again, with a fresh token."""
    if request.endpoint == "sign_in.take_sign_in":
        target = own_path(request.form.get("next"))
        why = _("The page was open too long. Send the form once more.")
        return page("sign_in", 400, target=target, email=request.form.get("email", "")[:320], keep=bool(request.form.get("keep")), error=why)
    return expired(error)


@pages.post("/sign-out")
@before_second_factor
def sign_out() -> Response:
    end_own_session()
    return signed_out()


@pages.post("/sign-out-everywhere")
@before_second_factor
def sign_out_everywhere() -> Response:
    """Ends every sign-in of the person, this one too, and the link of his calendar."""
    here = runtime()
    with system_session(here.engine, "sign-out everywhere", here.catalog, write=True, source="ui", actor_id=current_user.id) as work:
        ended = revoke_all(work, current_user.id, "signed_out")
        journal.event(work, "sign_out_everywhere", "user", current_user.id, {"sessions": [ended, 0]})
        work.commit()
    return signed_out()
