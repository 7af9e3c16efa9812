"""The second step of signing in, in the browser: the code of an authenticator, or one on paper."""

from flask import Blueprint, redirect, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from crm.admin_views.gate import open_to_all, own_path, where
from crm.admin_views.signed_in import STEP, go_on, page, paused, runtime
from crm.organization.second_step import finish, waits

pages = Blueprint("second_step", __name__)


@pages.get("/sign-in/code")
@open_to_all
def ask() -> Response:
    """The form; whoever has not shown a password is led to where he does."""
    here, target = runtime(), own_path(request.args.get("next"))
    if not waits(here.engine, here.catalog, session.get(STEP, "")):
        return again(target)
    return page("second_step", target=target, paper="paper" in request.args, error=None)


@pages.post("/sign-in/code")
@open_to_all
def take() -> Response:
    here, target, paper = runtime(), own_path(request.form.get("next")), "paper" in request.form
    outcome = finish(here.engine, here.catalog, here.vault, session.get(STEP, ""), request.form.get("code", ""), where())
    if outcome is None:
        return again(target)
    if outcome.token is not None:
        return go_on(outcome, target, keep=outcome.kept)
    if outcome.wait:
        return paused("second_step", outcome.wait, target=target, paper=paper)
    wrong = _("This code is wrong or was used already.") if paper else _("This code is wrong or was used already. Check the clock of the phone.")
    return page("second_step", 422, target=target, paper=paper, error=wrong)


def again(target: str | None) -> Response:
    session.pop(STEP, None)
    return redirect(url_for("sign_in.sign_in", next=target), 302 if request.method == "GET" else 303)
