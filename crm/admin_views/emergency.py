"""`/emergency/`: taking a role in an emergency and giving it back, the banner meanwhile, and the page of whoever did."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Blueprint, Flask, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from crm.admin_views.gate import where
from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.days import moment_words
from crm.backoffice.guard import system_session
from crm.errors import Forbidden, Invalid
from crm.languages import current_language
from crm.messages import Label, render
from crm.organization.emergency import REASON, give_back as end, offers, take
from crm.organization.second_factor import factor_of

pages = Blueprint("emergency", __name__, url_prefix="/emergency")
NEEDS = ("user", "role", "taken_until", "reason", "created_at")
MOST = 200
ASKED = ("role", "hours", "reason")


@dataclass(frozen=True)
class Held:
    """A role that the person of this request holds by an emergency, for the banner."""

    id: int
    role: str
    until: str


@dataclass(frozen=True)
class Taken:
    """A line of the page of emergencies; `running` while the role is held."""

    person: str
    url: str
    role: str
    since: str
    until: str
    reason: str
    running: bool
    journal: str


def init_app(app: Flask) -> None:
    app.context_processor(lambda: {"taken_roles": taken_roles, "may_break_glass": may_break_glass})


def taken_roles() -> list[Held]:
    """What the banner of every page names."""
    rows = [row for row in getattr(current_user, "standing", ()) if row.taken_until is not None and row.role_id is not None]
    if not rows:
        return []
    language, words = current_language(), moment_words(context.reader())
    return [Held(row.membership_id, Label.of(row.role_name, row.role_name_en).text(language), words(row.taken_until)) for row in rows]


def may_break_glass() -> bool:
    """Whether a role that this person holds for good leads to others."""
    return any(row.offers and row.taken_until is None for row in getattr(current_user, "standing", ()))


@pages.get("/")
def show() -> Response:
    return page({})


@pages.post("/")
def break_glass() -> Response:
    """Takes the role, for the password and the code. 422 with the form for what is refused."""
    here = context.runtime()
    given = {key: request.form.get(key, "") for key in (*ASKED, "current", "code")}
    try:
        take(here.engine, context.catalog(), here.vault, current_user, given, where())
    except Invalid as refusal:
        return page({key: render(why, current_language()) for key, why in refusal.fields.items()})
    flash(_("The role is yours for these hours. The owners have been told."), "success")
    return redirect("/", 303)


@pages.post("/<int(min=1, max=2147483647):membership_id>/back")
def give_back(membership_id: int) -> Response:
    """Ends one's own emergency."""
    end(context.runtime().engine, context.catalog(), current_user, membership_id)
    flash(_("The role is given back."), "success")
    return redirect("/", 303)


def page(errors: dict[str, str]) -> Response:
    here, language = context.runtime(), current_language()
    with system_session(here.engine, "emergency: what is on offer", context.catalog(), source="ui", actor_id=current_user.id) as work:
        offered = offers(work, current_user.id, current_user.day)
        has_factor = factor_of(work, current_user.id).since is not None
    html = render_template(
        "admin/emergency/take.html", errors=errors, kept={key: request.form.get(key, "") for key in ASKED}, has_factor=has_factor, reason_limit=REASON,
        roles=[(str(one.role_id), _("%(role)s, at most %(hours)s h", role=one.label.text(language), hours=one.hours)) for one in offered],
        hours=[(str(n), str(n)) for n in range(1, max((one.hours for one in offered), default=0) + 1)],
        needs_factor=not has_factor and any(one.asks_code for one in offered),
    )
    return make_response(html, 422 if errors else 200)


@pages.get("/taken/")
def taken() -> Response:
    """For those who may change roles and see who holds them: who took which role, when and why, newest first, among whom they see."""
    return make_response(render_template("admin/emergency/taken.html", taken=list_taken(), most=MOST))


def list_taken() -> list[Taken]:
    """Raises Forbidden."""
    session, reader = context.session(), context.reader()
    if not session.sight.may("role", "update") or not set(NEEDS) <= set(session.sight.filterable("membership")):
        raise Forbidden()
    held, roles = session.table("membership"), session.table("role")
    columns = (held["user"].label("user_id"), held["taken_until"].label("taken_until"), held["reason"].label("reason"),
               held["created_at"].label("taken_at"), roles["name"].label("name"), roles["name_en"].label("name_en"))
    query = select(*columns).join(roles.table, roles.id == held["role"]).where(held.visible, roles.visible, held["taken_until"].is_not(None))
    rows = session.execute(query.order_by(held.id.desc()).limit(MOST)).all()
    people = lookup.titles(session, session.catalog.entity("user"), sorted({row.user_id for row in rows}))
    words, now = moment_words(reader), datetime.now(UTC)
    return [
        Taken(
            people[row.user_id], f"/user/{row.user_id}/", Label.of(row.name, row.name_en).text(reader.language), words(row.taken_at), words(row.taken_until),
            row.reason or "", row.taken_until > now, _journal(row.user_id, row.taken_at, min(row.taken_until, now)),
        )
        for row in rows if row.user_id in people
    ]


def _journal(user_id: int, since: datetime, until: datetime) -> str:
    """What he did and read on those days, as far as the reader of the journal sees."""
    zone = context.reader().zone
    return f"/journal/?{urlencode({'who': user_id, 'since': since.astimezone(zone).date(), 'until': until.astimezone(zone).date()})}"
