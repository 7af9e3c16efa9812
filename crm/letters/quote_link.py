"""The letter to a customer with the link of his quote: asked for by who sells to him, composed and given its link when it is sent, by his rights of then."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from babel.dates import format_date
from flask import current_app
from flask_mail import Message
from sqlalchemy import select

from crm.backoffice import outbox
from crm.backoffice.catalog import Company
from crm.backoffice.guard import DataSession, user_session
from crm.errors import BramaError
from crm.extensions import mail
from crm.letters.sending import letter, receiver
from crm.messages import m
from crm.runtime import Runtime
from crm.sales.quotes.counting import QUOTE
from crm.sales.quotes.links import contact_of, make

TOPIC = "quote_link"


def ask(session: DataSession, quote: int, language: str) -> None:
    """Ask for a letter in this session's transaction."""
    outbox.post(session, TOPIC, [(f"{TOPIC}-{quote}-{uuid4().hex}", {"quote": quote, "by": session.actor_id, "language": language})])


def send(payload: Mapping[str, Any]) -> None:
    """Makes the link and sends it to the contact; nothing where whoever asked may not any more, or the quote is no longer to be answered."""
    runtime: Runtime = current_app.extensions["brama"]
    catalog, quote, language = runtime.refresh(), int(payload["quote"]), str(payload["language"])
    sender = receiver(runtime, catalog, int(payload["by"]))
    if sender is None:
        return
    with user_session(runtime.engine, sender.access, catalog, write=True, source="job") as own:
        try:
            email, secret = contact_of(own, quote), make(own, quote, language)
        except BramaError:
            return
        if email is None:
            return
        about = own.kernel(select(QUOTE.c.number, QUOTE.c.valid_until).where(QUOTE.c.id == quote)).one()
        own.commit()
    until = format_date(about.valid_until, "d MMMM y", locale=language) if about.valid_until else ""
    mail.send(compose(email, language, sender.name, str(about.number or ""), until, f"{runtime.settings.address}/offer/{secret}", catalog.company))


def compose(email: str, language: str, sender: str, number: str, until: str, link: str, company: Company) -> Message:
    """The letter in the customer's language; it says who sends it."""
    name = company.name or "Brama"
    return letter("quote_link", language, email, m("Quote No. %(number)s from “%(company)s”", number=number, company=name), {
        "sender": sender, "number": number, "until": until, "company": name, "link": link,
    })
