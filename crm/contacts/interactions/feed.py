"""A person's plan as an iCalendar file (RFC 5545): what he is responsible for or takes part in, with what his rights show of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Calendar, Event

from crm.backoffice import lists
from crm.backoffice.conditions.tree import parse
from crm.backoffice.fields.base import Ref
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import ListQuery, RowView
from crm.contacts.interactions.course import CANCELLED, PLANNED, RESCHEDULED, USUAL_MINUTES
from crm.messages import m, render

BEHIND, AHEAD = timedelta(days=30), timedelta(days=366)
MOST = 1000  # events, the earliest of the window first
USUAL = 30  # minutes of what says nothing of how long it lasts
COLUMNS = ("state", "planned_start", "planned_minutes", "subject", "medium", "account", "contact", "agenda", "updated_at")
STATUS = {PLANNED: "CONFIRMED", CANCELLED: "CANCELLED", RESCHEDULED: "CANCELLED"}


def plan(session: UserSession, now: datetime, address: str) -> bytes:
    """The file for the person of the session; `address` is where the installation is reached (https://crm.example). Events are in UTC, so that
    no rule of a time zone is needed; what was cancelled or postponed stays as cancelled, so that programmes take it away."""
    reader, host = session.reader, address.partition("://")[2].partition("/")[0].partition(":")[0] or "brama"
    calendar = Calendar()
    calendar.add("prodid", "-//Brama//CRM//UK")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", render(m("My plan"), reader.language))
    calendar.add("x-wr-timezone", reader.zone.key)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for row in _rows(session, now):
        calendar.add_component(_event(session, row, address, host))
    found: bytes = calendar.to_ical()
    return found


def _rows(session: UserSession, now: datetime) -> list[RowView]:
    """What one answers for or takes part in, within the window; nothing where its state or time may not be known."""
    usable = set(session.sight.filterable("interaction")) if session.sight.may("interaction", "read") else set()
    if not {"state", "planned_start"} <= usable:
        return []
    mine: list[dict[str, Any]] = [{"field": "owner", "op": "eq", "value": "@me"}] if "owner" in usable else []
    if {"interaction", "colleague"} <= set(session.sight.filterable("interaction_participant")):
        mine.append({"count": "participants", "where": {"field": "colleague", "op": "eq", "value": "@me"}, "op": "gt", "value": 0})
    if not mine:
        return []
    within = {"field": "planned_start", "op": "between", "value": [(now - BEHIND).isoformat(), (now + AHEAD).isoformat()]}
    where = parse({"all": [{"any": mine}, {"field": "state", "op": "in", "value": list(STATUS)}, within]})
    columns = tuple(key for key in COLUMNS if key in session.sight.readable("interaction"))
    return lists.page(session, ListQuery("interaction", columns, where, (("planned_start", False),), size=MOST)).rows


def _event(session: UserSession, row: RowView, address: str, host: str) -> Event:
    values = {key: value for key, value in row.values.items() if not isinstance(value, lists.Masked)}
    options, language = session.catalog.options, session.reader.language
    medium = options.get(lists.plain(values.get("medium")) or 0)
    state = options[lists.plain(values["state"])].key
    start = values["planned_start"]
    minutes = values.get("planned_minutes") or USUAL_MINUTES.get(medium.key if medium else "", USUAL)
    changed = values.get("updated_at") or start
    event = Event()
    event.add("uid", f"interaction-{row.id}@{host}")
    event.add("dtstamp", changed.astimezone(UTC))
    event.add("last-modified", changed.astimezone(UTC))
    event.add("sequence", row.row_version)
    event.add("dtstart", start.astimezone(UTC))
    event.add("dtend", (start + timedelta(minutes=minutes)).astimezone(UTC))
    event.add("status", STATUS[state])
    event.add("summary", _summary(values, medium.label.text(language) if medium else session.catalog.entity("interaction").label.text(language)))
    if isinstance(values.get("agenda"), str):
        event.add("description", values["agenda"])
    event.add("url", f"{address}/interaction/{row.id}/")
    return event


def _summary(values: dict[str, Any], kind: str) -> str:
    """“Call: Romashka, Petrenko. The contract”, as much of it as shows."""
    whom = ", ".join(value.text for key in ("account", "contact") if isinstance(value := values.get(key), Ref) and value.text)
    subject = values.get("subject")
    head = f"{kind}: {whom}" if whom else kind
    return f"{head}. {subject}" if isinstance(subject, str) and subject else head
