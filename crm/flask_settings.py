"""Settings in the words of Flask and its extensions."""

from typing import Any
from urllib.parse import unquote, urlsplit

from config import Settings

MEGABYTE = 1024 * 1024


def flask_settings(settings: Settings) -> dict[str, Any]:
    """What `app.config` holds. Cookies of two installations on one machine have different names, as cookies know no ports."""
    return {
        "SECRET_KEY": settings.secret_key,
        "TESTING": settings.testing,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SESSION_COOKIE_NAME": "__Host-brama" if settings.secure else f"brama-{settings.port}",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure,
        "PREFERRED_URL_SCHEME": "https" if settings.secure else "http",
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the sign-in lasts: a form open over lunch must still save
        "WTF_CSRF_SSL_STRICT": False,  # the Origin check of crm.admin_views.sign_in holds on http too
        "MAX_CONTENT_LENGTH": 64 * MEGABYTE,
        "MAX_FORM_MEMORY_SIZE": 8 * MEGABYTE,  # a pasted range; each value is bounded by its field
        "MAX_FORM_PARTS": 5000,
        "BABEL_DEFAULT_LOCALE": "uk",
        "BABEL_DEFAULT_TIMEZONE": "Europe/Kyiv",
        **mail_settings(settings.smtp_url, settings.address),
    }


def mail_settings(url: str, address: str) -> dict[str, Any]:
    """Flask-Mail's settings from `smtp://user:password@host:port` (STARTTLS on 587) or `smtps://…`."""
    server = urlsplit(url)
    port = server.port or (465 if server.scheme == "smtps" else 25)
    host = urlsplit(address).hostname or "localhost"
    return {
        "MAIL_SERVER": server.hostname or "localhost",
        "MAIL_PORT": port,
        "MAIL_USERNAME": unquote(server.username) if server.username else None,
        "MAIL_PASSWORD": unquote(server.password) if server.password else None,
        "MAIL_USE_SSL": server.scheme == "smtps",
        "MAIL_USE_TLS": port == 587,
        "MAIL_DEFAULT_SENDER": ("Brama", f"brama@{host}"),
        "MAIL_SUPPRESS_SEND": False,
    }
