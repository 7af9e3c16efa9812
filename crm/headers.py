"""What every answer says to the browser: no foreign or inline script, no framing, nothing kept of pages."""

from flask import Flask, Response, request

from config import Settings
from crm import assets

# Nothing is loaded that we do not serve, no inline script or style runs, nobody frames us.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
PERMISSIONS = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
)
REVALIDATED = "calendar_feed.feed"  # calendar programmes ask every hour or so: most answers are “the same as before”
# Behind the secret link of a quote: the address goes to no other site, and into no search.
SECRET = frozenset({"quote_offer.show", "quote_offer.take", "quote_offer.file"})
YEAR = 365 * 24 * 3600


def path_without_secrets() -> str:
    """The path of the request as logs and the journal may keep it: in some addresses a part is as good as a sign-in."""
    path = request.path
    for name in ("secret", "token"):
        if value := (request.view_args or {}).get(name):
            path = path.replace(value, f"<{name}>")
    return path


def init_app(app: Flask, settings: Settings) -> None:
    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = PERMISSIONS
        headers["Referrer-Policy"] = "no-referrer" if request.endpoint in SECRET else "same-origin"
        if request.endpoint in SECRET:
            headers["X-Robots-Tag"] = "noindex, nofollow"
        headers["X-Frame-Options"] = "DENY"
        if settings.secure:
            headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
        if request.endpoint == REVALIDATED:
            headers["Cache-Control"] = "private, no-cache"
        elif request.endpoint != "static":
            headers["Cache-Control"] = "no-store"
        elif assets.stays(app, request.path) and response.status_code == 200:
            headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        else:
            headers["Cache-Control"] = "no-cache"
        return response
