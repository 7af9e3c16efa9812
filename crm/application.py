"""The application, assembled: reads like a table of contents."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from config import ROOT, Settings, from_environment
from crm import addresses, admin_views, assets, cli, error_pages, headers, health, languages, letters, logs, quotes_waiting, rival_news, templating
from crm.admin_views import sign_in
from crm.admin_views.kit import context
from crm.backoffice.database import make_engine
from crm.extensions import babel, csrf, db, mail, migrate
from crm.flask_settings import flask_settings
from crm.runtime import Runtime


def create_app(settings: Settings | None = None) -> Flask:
    """The whole installation as one Flask application; `settings` default to the environment's. Raises BadSetting."""
    settings = settings or from_environment()
    app = Flask(
        "crm", root_path=str(ROOT / "crm"), template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"), instance_path=str(settings.instance)
    )
    addresses.init_app(app)
    app.config.from_mapping(flask_settings(settings))
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of Flask's own provider; Cyrillic letters as they are take a third of the room
    templating.init_app(app)
    if not settings.testing:
        logs.configure(settings.log_level)

    app.extensions["brama"] = runtime = Runtime(make_engine(settings.database_url), settings)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    if settings.secure:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]  # as Flask documents middleware

    runtime.init_app(app)
    languages.init_app(app, babel)
    csrf.init_app(app)
    mail.init_app(app)
    letters.init_app(app)
    rival_news.init_app(app)
    quotes_waiting.init_app(app)

    headers.init_app(app, settings)
    assets.init_app(app)
    error_pages.init_app(app)
    health.init_app(app)

    sign_in.init_app(app)
    context.init_app(app)
    admin_views.init_app(app)
    cli.register(app)
    return app
