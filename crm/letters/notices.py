"""Unread notices by mail, once a day, to whoever wants them: asked for by the work of the day, composed when it is sent, by the rights of then."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import current_app
from flask_mail import Message

from crm.backoffice import notices, outbox
from crm.backoffice.access import Access
from crm.backoffice.daily import daily
from crm.backoffice.guard import DataSession, system_session, user_session
from crm.backoffice.jobs import Work, job
from crm.backoffice.kept_reports import asks, shelf
from crm.backoffice.notices import Notice
from crm.errors import BramaError
from crm.extensions import mail
from crm.letters.sending import letter, receiver
from crm.messages import m, render
from crm.runtime import Runtime

JOB, TOPIC = "notices_by_mail", "notices"
MOST = 50  # sentences of one letter
REPORT = "report"  # first part of the address of a report
daily(JOB)


@job(JOB)
def ask_for_letters(work: Work) -> dict[str, Any]:
    """A letter to each who has unread notices; asked for and noted in one transaction, so that none is asked for twice."""
    with system_session(work.engine, "unread notices by mail", work.catalog, write=True, source="job") as session:
        untold = notices.take_untold(session)
        outbox.post(session, TOPIC, [(f"notices-{person}-{until}", {"user": person, "after": after}) for person, after, until in untold])
        session.commit()
    return {"letters": len(untold)}


def send(payload: Mapping[str, Any]) -> None:
    """Sends a letter that was asked for; nothing to whoever has left, wants none any more, has read all, or may no longer see what it speaks of."""
    runtime: Runtime = current_app.extensions["brama"]
    catalog = runtime.refresh()
    to = receiver(runtime, catalog, int(payload["user"]))
    if to is None:
        return
    with user_session(runtime.engine, to.access, catalog, source="job") as own:
        if not notices.by_mail(own):
            return
        told = [one for one in notices.notices(own) if not one.read and one.id > payload["after"] and _reaches(own, to.access, one)]
    if told:
        mail.send(compose(to.name, to.email, to.language, told[:MOST], catalog.company.name or "Brama", runtime.settings.address))


def _reaches(own: DataSession, access: Access, notice: Notice) -> bool:
    """Whether the person may still read the records of which a notice speaks, or see all measures of the report."""
    entity = notice.url.split("/")[1]
    if entity != REPORT:
        return all(access.may(one, "read") for one in (entity, *_on_tab(own, entity, notice)))
    try:
        kept = shelf.named(own, parse_qs(urlsplit(notice.url).query).get("kept", [""])[0])
        return asks.for_reader(own.sight, kept.report, kept.asks)[1] == 0
    except BramaError:
        return False


def _on_tab(own: DataSession, entity: str, notice: Notice) -> list[str]:
    """The entity of the rows that a notice leads to on a card."""
    kind, tab = own.catalog.entities.get(entity), parse_qs(urlsplit(notice.url).query).get("tab", [""])[0]
    relation = kind.relations.get(tab) if kind is not None else None
    return [relation.entity] if relation is not None else []


def compose(name: str, email: str, language: str, told: list[Notice], company: str, address: str) -> Message:
    """The letter in its reader's language; it holds the sentences, and a link to the page of notices."""
    return letter("notices", language, email, m("Notices of “%(company)s” in Brama", company=company), {
        "name": name, "company": company, "sentences": [render(one.sentence, language) for one in told], "link": f"{address}/notices/",
    })
