"""What all letters have in common: how the outbox delivers one, who gets it, and its two forms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, has_app_context, render_template
from flask_babel import force_locale
from flask_mail import Message

from crm.backoffice import outbox
from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import system_session
from crm.errors import NotFound
from crm.messages import Message as Sentence
from crm.messages import render
from crm.organization.models import User
from crm.organization.sign_in import accounts
from crm.permissions import access_for
from crm.runtime import Runtime


@dataclass(frozen=True)
class Receiver:
    """Who is to get a letter, with his rights of now."""

    name: str
    email: str
    language: str
    access: Access


def delivers(app: Flask, topic: str, send: Callable[[Mapping[str, Any]], None]) -> None:
    """Lets the outbox deliver the letters of `topic` through this application: `send` gets what was asked for."""

    def deliver(payload: Mapping[str, Any]) -> None:
        if has_app_context():
            send(payload)
            return
        with app.app_context():
            send(payload)

    outbox.handler(topic)(deliver)


def receiver(runtime: Runtime, catalog: Catalog, person: int) -> Receiver | None:
    """None for whoever has left or has no address."""
    with system_session(runtime.engine, "letter: the address", catalog, source="job") as session:
        account = session.execute(accounts().where(User.id == person)).first()
    if account is None or not account.email:
        return None
    try:
        access = access_for(runtime.engine, person, catalog)
    except NotFound:
        return None
    return Receiver(account.name, account.email, account.language or catalog.company.language, access)


def letter(template: str, language: str, email: str, subject: Sentence, words: Mapping[str, Any]) -> Message:
    """The letter as plain text and HTML; its subject stands in one line, whatever names it holds."""
    with force_locale(language):
        text = render_template(f"emails/{template}.txt", **words)
        html = render_template(f"emails/{template}.html", language=language, **words)
    return Message(subject=" ".join(render(subject, language).split()), recipients=[email], body=text, html=html)
