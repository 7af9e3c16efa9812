"""One's own profile: language, time zone, look, password, and the browsers in which one is signed in."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.dates import format_datetime
from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from crm.admin_views.gate import before_second_factor, where
from crm.admin_views.signed_in import runtime, start
from crm.backoffice import journal
from crm.backoffice.guard import system_session
from crm.errors import Invalid
from crm.languages import SESSION_KEY as LANGUAGE
from crm.languages import current_language, current_zone
from crm.messages import LANGUAGES, render
from crm.organization.calendar_links import Why, link_of
from crm.organization.passwords import SHORTEST
from crm.organization.profile import DENSITIES, THEMES, change_password, save_preferences, time_zones
from crm.organization.sign_in import revoke, sessions_of

pages = Blueprint("profile", __name__, url_prefix="/profile")
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS X", "macOS"), ("Linux", "Linux"))

@dataclass(frozen=True)
class Device:
    """A line of the list of sign-ins."""

    id: int
    name: str
    address: str
    since: str
    seen: str
    here: bool


@pages.get("/")
def show() -> Response:
    return profile({})


@pages.post("/")
def save() -> Response:
    here = runtime()
    given = {key: request.form[key] for key in ("language", "time_zone", "theme", "density") if key in request.form}
    try:
        save_preferences(here.engine, here.catalog, current_user.id, given)
    except Invalid as refusal:
        return profile({key: render(why, current_language()) for key, why in refusal.fields.items()})
    if given.get("language") in LANGUAGES:
        session[LANGUAGE] = given["language"]
    elif "language" in given:
        session.pop(LANGUAGE, None)
    flash(_("Saved"), "success")
    return redirect(url_for("profile.show"), 303)


@pages.post("/look")
@before_second_factor
def save_look() -> Response:
    """Keeps theme and density as the switches of the frame send them; 204, or 422 for what is not on offer."""
    here = runtime()
    save_preferences(here.engine, here.catalog, current_user.id, {key: request.form[key] for key in ("theme", "density") if key in request.form})
    return make_response("", 204)


@pages.post("/password")
def save_password() -> Response:
    here = runtime()
    new = request.form.get("password", "")
    if new != request.form.get("again", new):
        return profile({"again": _("The two passwords differ.")})
    try:
        token = change_password(here.engine, here.catalog, current_user, request.form.get("current", ""), new, where())
    except Invalid as refusal:
        return profile({key: render(why, current_language()) for key, why in refusal.fields.items()})
    start(token, keep=session.permanent)
    flash(_("The password is changed. All other devices are signed out."), "success")
    return redirect(url_for("profile.show"), 303)


@pages.get("/sessions/")
def sessions() -> Response:
    here = runtime()
    with system_session(here.engine, "profile: own sign-ins", here.catalog, source="ui", actor_id=current_user.id) as work:
        rows = sessions_of(work, current_user.id)
    devices = [
        Device(row.id, device(row.agent), row.address, shown(row.created_at), shown(row.seen_at), row.id == current_user.session_id) for row in rows
    ]
    return make_response(render_template("admin/sign_in/sessions.html", devices=sorted(devices, key=lambda d: not d.here)))


@pages.post("/sessions/<int(min=1, max=2147483647):session_id>/end")
def end_session(session_id: int) -> Response:
    """Signs one browser of one's own out."""
    here = runtime()
    with system_session(here.engine, "profile: end a sign-in", here.catalog, write=True, source="ui", actor_id=current_user.id) as work:
        ended = revoke(work, current_user.id, only=session_id)
        if not ended:
            raise NotFound()
        journal.event(work, "sign_out", "user", current_user.id, {"session": [session_id, None]})
        work.commit()
    flash(_("That device is signed out."), "success")
    return redirect(url_for("profile.sessions"), 303)


def profile(errors: dict[str, str], calendar_address: str = "") -> Response:
    """The page; what was typed stays when something is wrong with it, passwords excepted. `calendar_address` is shown on this answer only."""
    kept = {key: request.form.get(key, getattr(current_user, key) or "") for key in ("language", "time_zone", "theme", "density")}
    here = runtime()
    company = here.catalog.company
    with system_session(here.engine, "profile: the own link for the calendar", here.catalog, source="ui", actor_id=current_user.id) as work:
        link = link_of(work, current_user.id)
    html = render_template(
        "admin/sign_in/profile.html", errors=errors, kept=kept, zones=zone_choices(current_language(), datetime.now(UTC).date().isoformat()),
        company_zone=zone_name(company.zone.key, current_language()), themes=THEMES, densities=DENSITIES, shortest=SHORTEST,
        calendar_address=calendar_address, calendar_link=(shown(link.made_at), shown(link.expires_at)) if link and link.ended_at is None else None,
        calendar_ended=ended(link.why, shown(link.ended_at)) if link and link.ended_at and link.why else "",
    )
    return make_response(html, 422 if errors else 200)


@lru_cache(maxsize=8)
def zone_choices(language: str, today: str) -> list[tuple[str, str]]:
    """(key, "Kyiv, UTC+2") of every time zone, by what the clock shows there today and by name."""
    noon = datetime.fromisoformat(f"{today}T12:00:00+00:00")
    offsets = {key: noon.astimezone(ZoneInfo(key)).utcoffset() for key in time_zones()}
    named = [(offset.total_seconds() if offset else 0.0, zone_name(key, language), key) for key, offset in offsets.items()]
    return [(key, f"{name}, UTC{sign(seconds)}") for seconds, name, key in sorted(named)]


def sign(seconds: float) -> str:
    """Seconds from UTC as people write them: +2, −3:30."""
    if not seconds:
        return ""
    hours, minutes = divmod(abs(int(seconds)) // 60, 60)
    return f"{'+' if seconds > 0 else '−'}{hours}" + (f":{minutes:02d}" if minutes else "")


def zone_name(key: str, language: str) -> str:
    """The city of a time zone in the reader's language. The names of cities still stand under the old keys of their zones."""
    if key == "UTC":
        return key
    known = Locale.parse(language).time_zones
    keys = [key, *(old for old, new in get_global("zone_aliases").items() if new == key)]
    cities = (known[k]["city"] for k in keys if "city" in known.get(k, {}))
    # The standard key is better than a city written in another alphabet.
    return str(next(cities, key.rpartition("/")[2].replace("_", " ") if language == "en" else key))


def ended(why: Why, moment: str) -> str:
    """When and why the address of the calendar holds no more, though its person did not end it."""
    sentences: dict[Why, str] = {
        "signed_out": _("The address ended %(moment)s, when you signed out everywhere.", moment=moment),
        "password": _("The address ended %(moment)s, when your password was changed.", moment=moment),
        "administrator": _("The address ended %(moment)s, when an administrator signed you out everywhere.", moment=moment),
        "left": _("The address ended %(moment)s, when your account was closed.", moment=moment),
        "email": _("The address ended %(moment)s, when your e-mail address was changed.", moment=moment),
    }
    return sentences[why]


def shown(moment: datetime) -> str:
    """A moment as this reader writes it, in his zone."""
    return str(format_datetime(moment.astimezone(current_zone()), "d MMM y, HH:mm", locale=current_language()))


def device(agent: str) -> str:
    """What a browser calls itself, in two words."""
    browser = next((name for sign, name in BROWSERS if sign in agent), _("Unknown browser"))
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    return f"{browser}, {system}" if system else browser
