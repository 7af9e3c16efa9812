"""Letters of a review of access: to reviewers for whom decisions wait, and to its owner when all are there or the deadline has passed. Composed when
they are sent; they name no membership."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_date
from flask import current_app
from flask_mail import Message

from crm.backoffice.catalog import Company
from crm.backoffice.guard import system_session
from crm.errors import NotFound
from crm.extensions import mail
from crm.letters.sending import letter, receiver
from crm.messages import Message as Sentence
from crm.messages import m
from crm.rights.reviews.reading import review, waiting_by_reviewer
from crm.rights.reviews.telling import MINE, PAGE
from crm.runtime import Runtime

OWNERS = frozenset({"decided", "overdue_owner"})  # kinds that go to whoever opened the review


@dataclass(frozen=True)
class Told:
    """What the letter tells: which review, until when, how many decisions wait (of the reader; for its owner of all), whether it is too late."""

    review: str
    deadline: date
    waiting: int
    overdue: bool
    page: str


def send(payload: Mapping[str, Any]) -> None:
    """Sends a letter that was asked for; nothing about a review that is over, nor to a reviewer who has decided all meanwhile."""
    runtime: Runtime = current_app.extensions["brama"]
    catalog = runtime.refresh()
    person, number, owners = int(payload["user"]), int(payload["review"]), payload["kind"] in OWNERS
    with system_session(runtime.engine, "letter about a review of access", catalog, source="job") as session:
        try:
            found = review(session, number)
        except NotFound:
            return
        waiting = found.waiting if owners else waiting_by_reviewer(session, number).get(person, 0)
        overdue = found.deadline < session.reader.today
    to = receiver(runtime, catalog, person)
    if to is None or not found.is_open or (not owners and not waiting):
        return
    told = Told(found.name, found.deadline, waiting, overdue, (PAGE if owners else MINE) % number)
    mail.send(compose(to.name, to.email, to.language, told, catalog.company, runtime.settings.address))


def compose(name: str, email: str, language: str, told: Told, company: Company, address: str) -> Message:
    """The letter in its reader's language."""
    named = company.name or "Brama"
    return letter("access_review", language, email, _subject(told, named), {
        "name": name, "company": named, "review": told.review, "waiting": told.waiting, "overdue": told.overdue, "link": f"{address}{told.page}",
        "deadline": format_date(told.deadline, "d MMMM y", locale=language),
    })


def _subject(told: Told, company: str) -> Sentence:
    if not told.waiting:
        return m("A review of roles in “%(company)s” is decided", company=company)
    if told.overdue:
        return m("A review of roles in “%(company)s” is overdue", company=company)
    return m("A review of roles in “%(company)s” waits for decisions", company=company)
