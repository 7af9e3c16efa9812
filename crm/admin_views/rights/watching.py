"""The application as another person sees it: looked at only, with what both may see, under a banner, journaled from its start to its end."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask, g, redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.gate import SAFE
from crm.admin_views.kit import context, lookup
from crm.admin_views.rights.door import keeper, reading
from crm.backoffice import journal
from crm.backoffice.access import Access
from crm.backoffice.guard import UserSession, system_session
from crm.errors import BadRequest, Forbidden, Invalid, NotFound
from crm.messages import m
from crm.organization.sign_in import watch
from crm.permissions import access_for
from crm.rights.known import knows_roles
from crm.rights.together import is_whole, together

LONGEST = 30 * 60  # seconds
REASON = 200
# What may be opened meanwhile: the screens of records and reports, which show no more than the borrowed rights. Whatever is not named is refused,
# also what is added later: pages of one's own (profile, imports, rights) would be the looker's or, worse, the other person's.
OF_ENTITIES = frozenset({
    "index_view", "count_view", "filters_view", "columns_view", "ajax_lookup", "details_view", "create_view", "edit_view", "ajax_update", "journal",
    "file_view",
})
OPEN = frozenset({"static", "health", "home.index", "home.search", "report.index", "report.show"})
ALWAYS = frozenset({"rights.stop_watching", "emergency.give_back", "sign_in.sign_out", "sign_in.sign_out_everywhere", "static", "health"})


@dataclass(frozen=True)
class Watched:
    """Whose eyes are borrowed; not `whole` where the looker has less than that person."""

    id: int
    name: str
    whole: bool


def init_app(app: Flask) -> None:
    app.before_request(only_look)
    app.context_processor(lambda: {"borrowed_eyes": lambda: g.get("watched")})


def begin(user_id: int, reason: str) -> BaseResponse:
    """Look with a person's eyes from now on. Raises NotFound for somebody who is not there or not this person's to see, Forbidden where he may
    not, Invalid without a reason."""
    reason = " ".join(reason.replace("\0", " ").split())
    with reading() as session:
        keeper(session)
        _borrowed(session, user_id)
    if not reason or len(reason) > REASON:
        raise Invalid({"reason": m("Say in a few words why.")})
    _noted(user_id, reason)
    return redirect("/", 303)


def end() -> BaseResponse:
    """Back to one's own eyes, and to the person who was looked with."""
    user_id = current_user.watching
    if user_id is None:
        return redirect("/", 303)
    _over(user_id)
    return redirect(f"/user/{user_id}/", 303)


def only_look() -> None:
    """Before every request: borrow the rights anew, and let nothing be written. Raises Forbidden for what may not be opened so."""
    if request.endpoint in ("static", "health") or not current_user.is_authenticated or current_user.watching is None:
        return
    if current_user.watching_until < datetime.now(UTC):
        _over(current_user.watching)
        return
    try:
        with reading() as session:
            keeper(session)
            watched, access = _borrowed(session, current_user.watching)
    except (Forbidden, NotFound):
        _over(current_user.watching)
        return
    g.borrowed, g.watched = access, watched
    if request.endpoint in ALWAYS:
        return
    if request.method not in SAFE:
        raise Forbidden(m("You are looking with another person's eyes: nothing can be changed. Go back to your own first."))
    if not _may_open(request.endpoint):
        raise Forbidden(m("This page is not shown while you look with another person's eyes."))


def _may_open(endpoint: str | None) -> bool:
    if request.args.get("format"):
        return False  # a file is an export, of a report too
    if endpoint is None or endpoint in OPEN:
        return True
    entity, _, view = endpoint.rpartition(".")
    return entity in context.catalog().entities and view in OF_ENTITIES


def _over(user_id: int) -> None:
    """The looker, time or a lost right has ended it: for every copy of his cookie."""
    _noted(user_id)


def _borrowed(session: UserSession, user_id: int) -> tuple[Watched, Access]:
    """The person and what both may see. Raises NotFound, Forbidden."""
    looker = context.own_access()
    if user_id == looker.user_id:
        raise BadRequest(m("These are your own eyes."))
    name = lookup.titles(session, session.catalog.entity("user"), [user_id]).get(user_id)
    if name is None:
        raise NotFound()
    other = access_for(context.runtime().engine, user_id, session.catalog)
    if other.unlimited and not looker.unlimited:
        raise Forbidden(m("Only an owner may look with the eyes of an owner."))
    if not knows_roles(session, user_id):
        raise Forbidden(m("This person's rights rest on roles that you may not see."))
    shown = together(session.catalog, looker, other)
    return Watched(user_id, name, is_whole(looker, other, shown)), shown


def _noted(user_id: int, reason: str = "") -> None:
    """Begun for a `reason`, or without one ended: in the row of the sign-in and in the journal."""
    here, until = context.runtime(), datetime.now(UTC) + timedelta(seconds=LONGEST)
    with system_session(here.engine, "looking as another person", context.catalog(), write=True, source="ui", actor_id=current_user.id) as work:
        watch(work, current_user.session_id, user_id if reason else None, until if reason else None)
        journal.event(work, "view_as" if reason else "view_as_end", "user", user_id, {"reason": [None, reason]} if reason else {})
        work.commit()


def ask(user_id: int) -> str:
    """The page that asks for the reason and says what will be seen. Raises NotFound, Forbidden."""
    with reading() as session:
        keeper(session)
        watched, _ = _borrowed(session, user_id)
    return render_template("admin/rights/watch.html", watched=watched, longest=LONGEST // 60, reason_limit=REASON)
