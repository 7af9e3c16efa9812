"""The page of one's own two-step sign-in: turning it on by a code of the authenticator, recovery codes, turning it off."""

import segno
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from crm.admin_views.gate import before_second_factor, where
from crm.admin_views.profile import shown
from crm.admin_views.signed_in import runtime
from crm.backoffice.guard import system_session
from crm.errors import Invalid
from crm.languages import current_language
from crm.messages import render
from crm.organization import one_time, second_factor

pages = Blueprint("second_factor", __name__, url_prefix="/profile/second-factor")


@pages.get("/")
@before_second_factor
def show() -> Response:
    return second_factor_page({})


@pages.post("/begin")
@before_second_factor
def begin() -> Response:
    """Makes a key, for the password; the page then shows it."""
    here = runtime()
    try:
        second_factor.begin(here.engine, here.catalog, here.vault, current_user, request.form.get("current", ""), where())
    except Invalid as refusal:
        return second_factor_page(said(refusal))
    return redirect(url_for("second_factor.show"), 303)


@pages.post("/confirm")
@before_second_factor
def confirm() -> Response:
    """Turns the second step on and shows the recovery codes, this once."""
    here = runtime()
    try:
        codes = second_factor.confirm(here.engine, here.catalog, here.vault, current_user, request.form.get("code", ""), where())
    except Invalid as refusal:
        return second_factor_page(said(refusal))
    return recovery_page(codes)


@pages.post("/renew")
@before_second_factor
def renew() -> Response:
    """New recovery codes instead of the old ones, shown this once."""
    here = runtime()
    try:
        codes = second_factor.renew(
            here.engine, here.catalog, here.vault, current_user, request.form.get("current", ""), request.form.get("code", ""), where())
    except Invalid as refusal:
        return second_factor_page(said(refusal))
    return recovery_page(codes)


@pages.post("/off")
@before_second_factor
def turn_off() -> Response:
    here = runtime()
    try:
        second_factor.turn_off(here.engine, here.catalog, here.vault, current_user, request.form.get("current", ""), request.form.get("code", ""), where())
    except Invalid as refusal:
        return second_factor_page(said(refusal))
    flash(_("Two-step sign-in is off."), "success")
    return redirect(url_for("second_factor.show"), 303)


def said(refusal: Invalid) -> dict[str, str]:
    return {key: render(why, current_language()) for key, why in refusal.fields.items()}


def second_factor_page(errors: dict[str, str]) -> Response:
    here = runtime()
    with system_session(here.engine, "second factor: own page", here.catalog, source="ui", actor_id=current_user.id) as work:
        factor = second_factor.factor_of(work, current_user.id, here.vault, current_user.session_id)
    html = render_template(
        "admin/sign_in/second_factor.html", errors=errors, factor=factor, since=shown(factor.since) if factor.since else "",
        key=one_time.in_groups(factor.key) if factor.key else "", picture=picture(factor.key) if factor.key else "",
    )
    return make_response(html, 422 if errors else 200)


def recovery_page(codes: list[str]) -> Response:
    return make_response(render_template("admin/sign_in/recovery_codes.html", codes=codes))


def picture(key: str) -> Markup:
    """The QR code of a key as inline SVG, dark on white in every theme."""
    text = one_time.address(key, current_user.email, runtime().catalog.company.name or "Brama")
    drawn = segno.make(text, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=4, border=4, dark="#000", light="#fff", svgclass="b-qr", lineclass=None, omitsize=True))  # noqa: S704  # made of numbers
