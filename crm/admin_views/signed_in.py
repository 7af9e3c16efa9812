"""The person of a request: Flask-Login over the stored rows of `crm.organization.sign_in`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import current_app, make_response, redirect, render_template, session, url_for
from flask_babel import ngettext
from flask_login import current_user, login_user
from werkzeug.wrappers import Response

from crm.backoffice import journal
from crm.backoffice.guard import system_session
from crm.languages import SESSION_KEY as LANGUAGE
from crm.organization.sign_in import Identity, Outcome, identify, note_seen, revoke
from crm.permissions import today
from crm.runtime import Runtime


STEP = "sign_in_step"  # of the cookie: the token of a sign-in that owes its code


@dataclass(frozen=True)
class SignedIn(Identity):
    """The person of a request, as Flask-Login wants to know him; the token of his cookie stands for him."""

    token: str = ""
    is_authenticated = True
    is_active = True
    is_anonymous = False

    @property
    def timed(self) -> str:
        """How long his timer has been running, in hours and minutes: 1:05."""
        minutes = max(0, int((datetime.now(UTC) - self.timing).total_seconds()) // 60) if self.timing else 0
        return f"{minutes // 60}:{minutes % 60:02d}"

    def get_id(self) -> str:
        return self.token


def runtime() -> Runtime:
    found: Runtime = current_app.extensions["brama"]
    return found


def load(token: str) -> SignedIn | None:
    """The person who holds the token of the cookie, None when that sign-in has ended."""
    here = runtime()
    who = identify(here.engine, token, today(here.catalog))
    if who is None:
        return None
    here.follow(who.version)
    note_seen(here.engine, here.catalog, who)
    return SignedIn(**vars(who), token=token)


def start(token: str, *, keep: bool = False) -> None:
    """Makes this browser the holder of `token`. Nothing of an earlier cookie stays, so that none planted there can be used."""
    end_own_session()
    language = session.get(LANGUAGE)
    session.clear()
    session.permanent = keep
    if language:
        session[LANGUAGE] = language
    login_user(load(token))


def go_on(outcome: Outcome, target: str | None, *, keep: bool = False) -> Response:
    """After a right password: signed in and on to `target`, or to the page that asks for the code."""
    if outcome.token is not None:
        start(outcome.token, keep=keep)
        return redirect(target or "/", 303)
    session[STEP] = outcome.step
    return redirect(url_for("second_step.ask", next=target), 303)


def end_own_session() -> None:
    """Ends the stored row of this browser, if it has one."""
    if not current_user.is_authenticated:
        return
    here = runtime()
    with system_session(here.engine, "sign-out", here.catalog, write=True, source="ui", actor_id=current_user.id) as work:
        revoke(work, current_user.id, only=current_user.session_id)
        journal.event(work, "sign_out", "user", current_user.id)
        work.commit()


def page(name: str, status: int = 200, **words: Any) -> Response:
    return make_response(render_template(f"admin/sign_in/{name}.html", company=runtime().catalog.company.name or "Brama", **words), status)


def paused(name: str, seconds: int, **words: Any) -> Response:
    """The page once more, with how long to wait (429)."""
    answer = page(name, 429, error=wait_sentence(seconds), **words)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def wait_sentence(seconds: int) -> str:
    """How long a paused person waits, in words."""
    minutes = -(-seconds // 60)
    if seconds < 60:
        return str(ngettext("Too many attempts. Try again in %(num)s second.", "Too many attempts. Try again in %(num)s seconds.", seconds))
    return str(ngettext("Too many attempts. Try again in %(num)s minute.", "Too many attempts. Try again in %(num)s minutes.", minutes))


def signed_out() -> Response:
    language = session.get(LANGUAGE)
    session.clear()
    if language:
        session[LANGUAGE] = language
    return redirect(url_for("sign_in.sign_in"), 303)
