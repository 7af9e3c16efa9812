"""Letters of the product: composed in the language of the person they go to, sent by the worker from the outbox."""

from collections.abc import Mapping
from typing import Any, cast

from babel.dates import format_datetime
from flask import Flask, current_app, has_app_context, render_template
from flask_babel import force_locale
from flask_mail import Message

from crm.backoffice import outbox
from crm.backoffice.catalog import Company
from crm.backoffice.guard import system_session
from crm.extensions import mail
from crm.messages import Message as Sentence
from crm.messages import m, render
from crm.organization.invitations import TOPIC, Letter, Purpose, issue
from crm.runtime import Runtime


def init_app(app: Flask) -> None:
    """Lets the outbox deliver letters through this application."""

    def deliver(payload: Mapping[str, Any]) -> None:
        if has_app_context():
            deliver_letter(payload)
            return
        with app.app_context():
            deliver_letter(payload)

    outbox.handler(TOPIC)(deliver)


def deliver_letter(payload: Mapping[str, Any]) -> None:
    """Makes the link of a letter that was asked for and sends it; nothing when there is nobody to send it to."""
    if payload.get("user") is None:
        return
    runtime: Runtime = current_app.extensions["brama"]
    with system_session(runtime.engine, "letter with a link", runtime.catalog, write=True, source="job") as session:
        letter = issue(session, int(payload["user"]), cast(Purpose, payload["purpose"]))
        session.commit()
    if letter is not None:
        mail.send(compose(letter, runtime.catalog.company, runtime.settings.address))


def compose(letter: Letter, company: Company, address: str) -> Message:
    """The letter as plain text and HTML in its reader's language; the link stands on PUBLIC_URL, never on what a request called us."""
    words: dict[str, Any] = {
        "name": letter.name, "email": letter.email, "company": company.name or "Brama", "link": f"{address}/{letter.purpose}/{letter.token}",
        "until": format_datetime(letter.expires_at.astimezone(company.zone), "d MMMM y, HH:mm", locale=letter.language),
    }
    with force_locale(letter.language):
        text = render_template(f"emails/{letter.purpose}.txt", **words)
        html = render_template(f"emails/{letter.purpose}.html", language=letter.language, **words)
    return Message(subject=render(subject(letter.purpose, words["company"]), letter.language), recipients=[letter.email], body=text, html=html)


def subject(purpose: Purpose, company: str) -> Sentence:
    """What stands in the list of the reader's mailbox."""
    name = " ".join(company.split())
    if purpose == "invitation":
        return m("Your access to “%(company)s” in Brama", company=name)
    return m("A new password for “%(company)s” in Brama", company=name)
