"""What the screens of interactions do beside the derived ones: a form that is nearly filled or filled by one line, and a key for what became of
a planned one."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any

from crm.admin_views.kit.beforehand import Begun, Note, begins_with, understands
from crm.admin_views.kit.quick import Choice, Quick, quick_actions
from crm.admin_views.kit.timeline import Teller, Words, told
from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import UserSession
from crm.contacts.interactions.course import (
    CALL, CANCELLED, HELD, LETTER, MEETING, NO_SHOW, PLANNED, RESCHEDULED, TALKS, USUAL_MINUTES, VISIT,
)
from crm.contacts.interactions.spoken.line import understand
from crm.contacts.interactions.spoken.whom import Named, Whom, whom
from crm.messages import m, mn, render

ICONS = {HELD: "check", NO_SHOW: "user-circle", RESCHEDULED: "calendar-event", CANCELLED: "x"}
MEDIA_ICONS = {CALL: "phone", MEETING: "users", VISIT: "map", LETTER: "file-text"}


@begins_with("interaction")
def nearly_filled(session: UserSession, asked: Mapping[str, str]) -> Mapping[str, Any]:
    """What was held was held now and took the usual minutes of its medium; what is planned takes as many."""

    def option(picklist: str, key: str) -> int | None:
        found = session.catalog.picklists[picklist].by_key(key)
        return found.id if found and not found.retired else None

    medium, held = asked.get("medium", CALL), asked.get("state") == HELD
    values: dict[str, Any] = {
        "state": option("interaction_state", HELD if held else PLANNED), "medium": option("interaction_medium", medium),
        "direction": option("direction", "outbound"),
    }
    if held:
        values["held_at"] = datetime.now(UTC).replace(second=0, microsecond=0)
    usual = USUAL_MINUTES.get(medium) if medium in TALKS or not held else None
    return values | {"actual_minutes" if held else "planned_minutes": usual}


@understands("interaction")
def told_in_one_line(session: UserSession, line: str) -> Begun:
    """A line such as “tomorrow 10:00 call Petrenko, 30 min, about the contract”, in Ukrainian or English, by the writer's clock."""
    reader = session.reader
    said = understand(line, datetime.now(reader.zone))
    found = whom(session, said.rest)
    state = HELD if said.held else PLANNED
    values = dict(nearly_filled(session, {"state": state, **({"medium": said.medium} if said.medium else {})}))
    values["held_at" if said.held else "planned_start"] = said.starts
    if said.minutes is not None:
        values["actual_minutes" if said.held else "planned_minutes"] = said.minutes
    direction = session.catalog.picklists["direction"].by_key("inbound") if said.inbound else None
    if direction is not None:
        values["direction"] = direction.id
    values["subject"] = said.subject(found.places)[:255] or None
    values |= {key: one.id for key, one in (("contact", found.contact), ("account", found.account)) if one is not None}
    decided = frozenset({"account", "contact", "deal"}) if found.places else frozenset()
    return Begun(values, decided, tuple(_notes(found, [w.text for w in said.rest], reader.language)))


def _notes(found: Whom, words: list[str], language: str) -> list[Note]:
    """Who else it may be, or that nobody was found."""
    if found.others:
        field = "contact" if found.contact else "account"
        chosen = found.contact or found.account
        text = m("%(name)s was chosen. It may also be:", name=chosen.name if chosen else "")
        more = ((render(mn("and %(num)d more", "and %(num)d more", found.more), language), "", ""),) if found.more else ()
        return [Note(render(text, language), (*((_shown(one), field, str(one.id)) for one in found.others), *more))]
    if words and not found.places:
        return [Note(render(m("Nobody was found by “%(words)s”: the words stand in the subject.", words=" ".join(words)[:80]), language))]
    return []


def _shown(one: Named) -> str:
    return f"{one.name}, {one.where}" if one.where else one.name


@quick_actions("interaction")
def what_became_of_it(reader: Reader, values: Mapping[str, Any]) -> list[Quick]:
    """Held, no show, postpone, cancel: of a planned one."""
    states = reader.catalog.picklists["interaction_state"] if reader.catalog else None
    known = {o.key: str(o.id) for o in states.options if not o.retired} if states else {}
    if not known or str(values.get("state")) != known.get(PLANNED):
        return []
    words = {HELD: m("Held"), NO_SHOW: m("No show"), RESCHEDULED: m("Postpone"), CANCELLED: m("Cancel it")}
    keys = {HELD: "h", NO_SHOW: "n", RESCHEDULED: "p", CANCELLED: "x"}
    found = []
    for state, label in words.items():
        asks = "next_start" if state == RESCHEDULED else ""
        choices = _later(reader, values.get("planned_start")) if asks else ()
        if state in known:
            found.append(Quick(keys[state], render(label, reader.language), ICONS[state], {"state": known[state]}, asks, choices))
    measured = frozenset({"state", "held_at", "actual_minutes"})
    return [*found, Quick("s", render(m("Start the timer"), reader.language), "history", {}, url="/timer/start", needs=measured)]


def _later(reader: Reader, planned: Any) -> tuple[Choice, ...]:
    """The same hour tomorrow and in a week, by the reader's clock."""
    at = planned.astimezone(reader.zone) if isinstance(planned, datetime) else datetime.now(reader.zone).replace(minute=0)

    def on(day: date) -> str:
        return f"{day.isoformat()}T{at:%H:%M}"

    return (
        Choice(render(m("Tomorrow"), reader.language), on(reader.today + timedelta(days=1))),
        Choice(render(m("In a week"), reader.language), on(reader.today + timedelta(days=7))),
    )


@told("interaction")
def on_a_timeline(teller: Teller) -> Words:
    """Medium and subject; with whom, how long, how it ended; what was said, or of a planned one what it is to be about."""
    language, medium, state = teller.reader.language, teller.text("medium"), teller.option("state")
    name, held = teller.text("name"), state == HELD
    title = f"{medium}: {name}" if medium and name else name or medium or teller.item.kind.label.text(language)
    marks = [teller.html(key) for key in ("contact", "account", "deal")]
    marks.append("" if held else teller.html("state"))
    marks += [escape(teller.text(key)) for key in ("direction", "actual_minutes" if held else "planned_minutes")]
    marks.append(teller.html("result"))
    said = teller.value("minutes") or (None if held else teller.value("agenda"))
    icon = MEDIA_ICONS.get(teller.option("medium"), "")
    return Words(title, f"/interaction/{teller.item.id}/", icon, tuple(mark for mark in marks if mark), said or "", who=teller.value("owner"))
