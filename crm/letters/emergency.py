"""The letter that tells an owner who took which role in an emergency, until when and why: composed when it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from flask import current_app
from flask_mail import Message
from sqlalchemy import select

from crm.backoffice.catalog import Company
from crm.backoffice.guard import system_session
from crm.extensions import mail
from crm.letters.sending import letter, receiver
from crm.messages import Label, m
from crm.organization.emergency import MEMBERSHIP, PAGE, ROLE, USER
from crm.runtime import Runtime


@dataclass(frozen=True)
class Taken:
    """What the letter tells."""

    person: str
    role: Label
    until: datetime
    reason: str


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
        row = session.execute(told).first()
    to = receiver(runtime, catalog, int(payload["user"]))
    if row is None or to is None or not to.access.unlimited:
        return
    taken = Taken(row.name, Label.of(row.role, row.role_en), row.taken_until, row.reason or "")
    mail.send(compose(to.name, to.email, to.language, taken, catalog.company, runtime.settings.address))


def compose(name: str, email: str, language: str, taken: Taken, company: Company, address: str) -> Message:
    """The letter in its reader's language."""
    named = company.name or "Brama"
    return letter("emergency", language, email, m("Role taken in an emergency in “%(company)s”", company=named), {
        "name": name, "company": named, "person": taken.person, "role": taken.role.text(language), "reason": taken.reason, "link": f"{address}{PAGE}",
        "until": format_datetime(taken.until.astimezone(company.zone), "d MMMM y, HH:mm", locale=language),
    })
