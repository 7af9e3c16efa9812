"""A browser in which somebody is signed in: a stored row and a cookie, without the pages of sign-in, which have tests of their own."""

from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from crm.admin_views.signed_in import start
from crm.backoffice import journal
from crm.backoffice.guard import system_session
from crm.languages import SESSION_KEY
from crm.organization.sign_in import Where, able, open_session


def signed_in(app: Flask, email: str, language: str) -> tuple[FlaskClient, str]:
    """The browser of the person with this address, and the token that its forms carry."""
    runtime = app.extensions["brama"]
    with runtime.engine.connect() as connection:
        account = connection.execute(able(email)).one()
    with system_session(runtime.engine, "test", runtime.refresh(), write=True, source="ui", actor_id=account.id) as work:
        token = open_session(work, account, Where("127.0.0.1", "a test"))
        journal.event(work, "sign_in", "user", account.id, {"address": [None, "127.0.0.1"]})
        work.commit()
    client = app.test_client()
    with app.test_request_context(), client.session_transaction() as cookie:
        start(token)
        session[SESSION_KEY] = language
        form_token = generate_csrf()
        cookie.update(session)
    return client, form_token
