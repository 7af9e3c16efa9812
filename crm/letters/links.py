"""Letters with a link that works once: an invitation, a new password."""

from collections.abc import Mapping
from typing import Any, cast

from babel.dates import format_datetime
from flask import current_app
from flask_mail import Message

from crm.backoffice.catalog import Company
from crm.backoffice.guard import system_session
from crm.extensions import mail
from crm.letters.sending import letter
from crm.messages import Message as Sentence
from crm.messages import m
from crm.organization.invitations import Letter, Purpose, issue
from crm.runtime import Runtime


def send(payload: Mapping[str, Any]) -> None:
    """Makes the link of a letter that was asked for and sends it; nothing when there is nobody to send it to."""
    if payload.get("user") is None:
        return
    runtime: Runtime = current_app.extensions["brama"]
    with system_session(runtime.engine, "letter with a link", runtime.catalog, write=True, source="job") as session:
        issued = issue(session, int(payload["user"]), cast(Purpose, payload["purpose"]))
        session.commit()
    if issued is not None:
        mail.send(compose(issued, runtime.catalog.company, runtime.settings.address))


def compose(issued: Letter, company: Company, address: str) -> Message:
    """The letter in its reader's language; the link stands on PUBLIC_URL, never on what a request called us."""
    name = company.name or "Brama"
    return letter(issued.purpose, issued.language, issued.email, subject(issued.purpose, name), {
        "name": issued.name, "email": issued.email, "company": name, "link": f"{address}/{issued.purpose}/{issued.token}",
        "until": format_datetime(issued.expires_at.astimezone(company.zone), "d MMMM y, HH:mm", locale=issued.language),
    })


def subject(purpose: Purpose, company: str) -> Sentence:
    """What stands in the list of the reader's mailbox."""
    if purpose == "invitation":
        return m("Your access to “%(company)s” in Brama", company=company)
    return m("A new password for “%(company)s” in Brama", company=company)
