"""What every request passes first: unsafe ones come from our own pages, and whoever is not signed in gets no further than the open ones."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, current_app, redirect, request, url_for
from flask_admin import BaseView
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from crm.errors import BadRequest, NotFound
from crm.headers import SECRET
from crm.messages import m
from crm.organization.sign_in import Where

View = TypeVar("View", bound=Callable[..., Any])
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = frozenset({"static", "health"})


def open_to_all(view: View) -> View:
    """Marks a view that needs no sign-in. Everything else does."""
    view.__dict__["open_to_all"] = True
    return view


def before_second_factor(view: View) -> View:
    """Marks a view that is answered also while a person must turn two-step sign-in on. Nothing else is."""
    view.__dict__["before_second_factor"] = True
    return view


def gate() -> BaseResponse | None:
    """Before every request. Raises BadRequest for an unsafe request from elsewhere, NotFound for an address that none of ours can be; leads a
    stranger to the sign-in page, and whoever must turn two-step sign-in on to where he does."""
    if request.method not in SAFE:
        check_origin()
    if request.endpoint is None or request.endpoint in OPEN:
        return None
    if "\0" in request.path:
        raise NotFound(m("There is no such page."))
    view = current_app.view_functions[request.endpoint]
    if getattr(view, "open_to_all", False):
        return None
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if current_user.owes_factor and not getattr(view, "before_second_factor", False):
        return ask_for_second_factor()
    return None


def check_origin() -> None:
    """Beside the CSRF token: a browser says where a form was sent from, and a page of another site is refused. Raises BadRequest."""
    own = {origin(request.host_url), origin(str(current_app.extensions["brama"].settings.address))}
    sender = request.headers.get("Origin")
    if sender == "null" and request.endpoint in SECRET:  # a page that sends no referrer says so of its origin too
        sender = None
    foreign = origin(sender) not in own if sender is not None else request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    if foreign:
        raise BadRequest(m("This form was sent from another site, so nothing was done."))


def origin(address: str) -> str:
    """Scheme, host and port of an address, as browsers write an Origin; "" when it has none."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    if not parts.scheme or not parts.hostname:
        return ""
    usual = port is None or (parts.scheme, port) in (("http", 80), ("https", 443))
    return f"{parts.scheme}://{parts.hostname}" + ("" if usual else f":{port}")


def ask_to_sign_in() -> BaseResponse:
    """Leads a page to the sign-in form and back, after a form to the page it stood on; tells a script that the session has ended (401)."""
    if request.headers.get("HX-Request") or request.accept_mimetypes.best == "application/json":
        answer = Response(_("You are signed out. Sign in to go on."), 401, mimetype="text/plain")
        if request.headers.get("HX-Request"):
            answer.headers["HX-Redirect"] = url_for("sign_in.sign_in", next=_page(request.headers.get("HX-Current-URL")))
        return answer
    here = request.full_path.rstrip("?") if request.method in SAFE else _page(request.referrer)
    return redirect(url_for("sign_in.sign_in", next=None if here in (None, "/") else here), 302 if request.method in SAFE else 303)


def ask_for_second_factor() -> BaseResponse:
    """Leads a page to where two-step sign-in is turned on; refuses scripts and forms (403)."""
    there = url_for("second_factor.show")
    if request.method in SAFE and not request.headers.get("HX-Request") and request.accept_mimetypes.best != "application/json":
        return redirect(there)
    answer = Response(_("Your role asks for two-step sign-in. Turn it on first."), 403, mimetype="text/plain")
    if request.headers.get("HX-Request"):
        answer.headers["HX-Redirect"] = there
    return answer


def _page(address: str | None) -> str | None:
    """The path and query of an address of ours."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    return own_path(parts.path + (f"?{parts.query}" if parts.query else ""))


def own_path(given: str | None) -> str | None:
    """A path of this installation to go on to, None for anything else: other hosts, other schemes, signing out again."""
    if not given or len(given) > 2000 or not given.startswith("/") or given.startswith(("//", "/\\", "/sign-")):
        return None
    if "\\" in given or any(ord(c) < 32 or ord(c) == 127 for c in given):
        return None
    parts = urlsplit(given)
    return given if not parts.scheme and not parts.netloc else None


def where() -> Where:
    """Whence this request comes."""
    return Where(request.remote_addr or "", request.user_agent.string)


class PagesForSignedIn:
    """Stands before a view class of Flask-Admin whose pages belong to no entity: whoever is signed in is let in, its methods judge the rest."""

    def is_accessible(self) -> bool:
        return bool(current_user.is_authenticated)

    def inaccessible_callback(self, name: str, **kwargs: Any) -> BaseResponse:
        return ask_to_sign_in()

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        # The library answers any TypeError by calling the view once more, which hides the fault.
        return fn(self, *args, **kwargs)


class OwnPage(PagesForSignedIn, BaseView):  # type: ignore[misc]  # Flask-Admin is not typed
    """A page at `/<at>/`, and what lies below it."""

    at: str

    def __init__(self) -> None:
        super().__init__(endpoint=self.at, url=f"/{self.at}")
