"""In which language and zone a request is answered: `?lang=`, else what the session keeps, else the person's, the browser's, the company's."""

from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, has_request_context, request, session
from flask_babel import Babel
from flask_login import current_user

from config import ROOT
from crm.messages import LANGUAGES
from crm.runtime import Runtime

SESSION_KEY = "lang"


def init_app(app: Flask, babel: Babel) -> None:
    babel.init_app(
        app, default_translation_directories=str(ROOT / "translations"), locale_selector=current_language, timezone_selector=lambda: str(current_zone())
    )
    app.context_processor(lambda: {"language": current_language(), "address_in": address_in})

    @app.before_request
    def keep_asked_language() -> None:
        asked = request.args.get("lang")
        if asked in LANGUAGES and session.get(SESSION_KEY) != asked:
            session[SESSION_KEY] = asked


def current_language() -> str:
    """"uk" or "en" for the person who asks; the company's language outside a request."""
    if not has_request_context():
        return _runtime().catalog.company.language
    if "language" not in g:
        kept = session.get(SESSION_KEY)
        asked = request.args.get("lang", kept)
        own = getattr(current_user, "language", None)
        chosen = next((x for x in (asked, kept, own) if x in LANGUAGES), None)
        g.language = chosen or request.accept_languages.best_match(LANGUAGES) or _runtime().catalog.company.language
    return str(g.language)


def address_in(language: str) -> str:
    """The address of the page that is asked for, in `language`."""
    return f"{request.path}?{urlencode(request.args.to_dict() | {'lang': language})}"


def current_zone() -> ZoneInfo:
    """The zone in which the person who asks reads moments: his own, else the company's."""
    own = getattr(current_user, "time_zone", None) if has_request_context() else None
    return ZoneInfo(own) if own else _runtime().catalog.company.zone


def _runtime() -> Runtime:
    found: Runtime = current_app.extensions["brama"]
    return found
