"""The letter that tells an owner who took which role in an emergency, until when and why: composed when it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from flask import Flask, current_app, has_app_context, render_template
from flask_babel import force_locale
from flask_mail import Message
from sqlalchemy import select

from crm.backoffice import outbox
from crm.backoffice.catalog import Company
from crm.backoffice.guard import system_session
from crm.errors import NotFound
from crm.extensions import mail
from crm.messages import Label, m, render
from crm.organization.emergency import MEMBERSHIP, PAGE, ROLE, TOPIC, USER
from crm.organization.models import User
from crm.organization.sign_in import accounts
from crm.permissions import access_for
from crm.runtime import Runtime


@dataclass(frozen=True)
class Taken:
    """What the letter tells."""

    person: str
    role: Label
    until: datetime
    reason: str


def init_app(app: Flask) -> None:
    """Lets the outbox deliver these letters through this application."""

    def deliver(payload: Mapping[str, Any]) -> None:
        if has_app_context():
            send(payload)
            return
        with app.app_context():
            send(payload)

    outbox.handler(TOPIC)(deliver)


def send(payload: Mapping[str, Any]) -> None:
    """Sends a letter that was asked for; nothing to whoever is no owner any more, nor about what was erased since."""
    runtime: Runtime = current_app.extensions["brama"]
    catalog = runtime.refresh()
    told = (
        select(USER.c.name, ROLE.c.name.label("role"), ROLE.c.name_en.label("role_en"), MEMBERSHIP.c.taken_until, MEMBERSHIP.c.reason)
        .join(USER, USER.c.id == MEMBERSHIP.c.user_id).join(ROLE, ROLE.c.id == MEMBERSHIP.c.role_id)
        .where(MEMBERSHIP.c.id == int(payload["membership"]), MEMBERSHIP.c.taken_until.is_not(None))
    )
    with system_session(runtime.engine, "letter about a role taken in an emergency", catalog, source="job") as session:
        account = session.execute(accounts().where(User.id == int(payload["user"]))).first()
        row = session.execute(told).first()
    if account is None or not account.email or row is None:
        return
    try:
        access = access_for(runtime.engine, account.id, catalog)
    except NotFound:
        return
    if access.unlimited:
        taken = Taken(row.name, Label.of(row.role, row.role_en), row.taken_until, row.reason or "")
        mail.send(compose(account.name, account.email, account.language or catalog.company.language, taken, catalog.company, runtime.settings.address))


def compose(name: str, email: str, language: str, taken: Taken, company: Company, address: str) -> Message:
    """The letter as plain text and HTML in its reader's language."""
    until = format_datetime(taken.until.astimezone(company.zone), "d MMMM y, HH:mm", locale=language)
    words: dict[str, Any] = {
        "name": name, "company": company.name or "Brama", "person": taken.person, "role": taken.role.text(language), "until": until, "reason": taken.reason,
        "link": f"{address}{PAGE}",
    }
    with force_locale(language):
        text = render_template("emails/emergency.txt", **words)
        html = render_template("emails/emergency.html", language=language, **words)
    subject = render(m("Role taken in an emergency in “%(company)s”", company=" ".join(words["company"].split())), language)
    return Message(subject=subject, recipients=[email], body=text, html=html)
