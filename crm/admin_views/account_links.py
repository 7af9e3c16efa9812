"""Pages behind the links of letters: a forgotten password, a reset, an invitation. No sign-in is needed, the link is the key."""

from typing import cast

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from crm.admin_views.gate import open_to_all, where
from crm.admin_views.signed_in import go_on, page, paused, runtime
from crm.errors import Invalid
from crm.languages import current_language
from crm.messages import render
from crm.organization.invitations import Purpose, ask_reset, holder, redeem
from crm.organization.passwords import SHORTEST

pages = Blueprint("account_links", __name__)


@pages.get("/forgot")
@open_to_all
def forgot() -> Response:
    return page("forgot", asked=False, error=None)


@pages.post("/forgot")
@open_to_all
def take_forgot() -> Response:
    """The same answer for an address that we know and for one that we do not."""
    here = runtime()
    wait = ask_reset(here.engine, here.catalog, request.form.get("email", "")[:320], where())
    if wait:
        return paused("forgot", wait, asked=False)
    return page("forgot", asked=True, error=None)


@pages.get("/<any(reset, invitation):purpose>/<token>")
@open_to_all
def choose(purpose: str, token: str) -> Response:
    here = runtime()
    email = holder(here.engine, here.catalog, token, cast(Purpose, purpose))
    return spent(purpose) if email is None else form(purpose, email, {})


@pages.post("/<any(reset, invitation):purpose>/<token>")
@open_to_all
def take_choice(purpose: str, token: str) -> Response:
    here = runtime()
    email = holder(here.engine, here.catalog, token, cast(Purpose, purpose))
    if email is None:
        return spent(purpose)
    password = request.form.get("password", "")
    if password != request.form.get("again", password):
        return form(purpose, email, {"again": _("The two passwords differ.")})
    try:
        outcome = redeem(here.engine, here.catalog, token, cast(Purpose, purpose), password, where())
    except Invalid as refusal:
        if "link" in refusal.fields:
            return spent(purpose)
        return form(purpose, email, {key: render(why, current_language()) for key, why in refusal.fields.items()})
    answer = go_on(outcome, None)
    if outcome.token is not None:
        flash(_("The password is saved. You are signed in as %(name)s.", name=current_user.name), "success")
    return answer


def form(purpose: str, email: str, errors: dict[str, str]) -> Response:
    return page("choose_password", 422 if errors else 200, purpose=purpose, email=email, errors=errors, shortest=SHORTEST)


def spent(purpose: str) -> Response:
    """A link that was used, is too old or never was one: all the same."""
    if purpose == "invitation":
        return page("link_spent", 410, purpose=purpose, message=_("This invitation has been used or is too old. Ask your administrator for another one."))
    return page("link_spent", 410, purpose=purpose, message=_("This link has been used or is too old. Ask for a new one."))
