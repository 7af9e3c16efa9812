"""The past with customers: their people, and calls, meetings and letters spread evenly over 24 months. One in ten is with one of a few
customers, whose past is so much longer than that of the others."""

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from sqlalchemy import Connection

from benchmarks.data import BORN, FAMILY, FIRST, GIVEN, SELLERS, Course, Filler, Row, place
from benchmarks.load import copy
from crm.backoffice import journal
from crm.contacts.interactions.course import CALL, CANCELLED, EMAIL, HELD, LETTER, MEETING, MESSAGE, NO_SHOW, PLANNED, RESCHEDULED, USUAL_MINUTES, VISIT
from crm.contacts.interactions.models import Interaction, Participant

SINCE, DAYS = datetime(2023, 8, 1, 6, tzinfo=UTC), 730
SLOTS, SLOT = 108, timedelta(minutes=5)  # nine hours a day
PEOPLE = 2  # of a customer
HEAVY, SHARE = 10, 10  # so many customers with so much of a past: one interaction in ten is with one of them
STATES = ((HELD, 75), (PLANNED, 8), (NO_SHOW, 5), (CANCELLED, 6), (RESCHEDULED, 6))
MEDIA = ((CALL, 45), (EMAIL, 25), (MEETING, 12), (MESSAGE, 10), (VISIT, 6), (LETTER, 2))
DIRECTIONS = (("outbound", 55), ("inbound", 40), ("internal", 5))
RESULTS = ("agreed", "goes_on", "thinking", "declined")  # they fit every medium
SUBJECTS = ("Умови поставки", "Рахунок", "Зразки", "Договір", "Рекламація", "Новий проєкт", "Знайомство")
SAID = "Обговорили строки та ціну; просять надіслати специфікацію до кінця тижня. "


@dataclass(frozen=True)
class Shared:
    """Options of a picklist by their share."""

    names: Sequence[str]
    until: Sequence[int]

    def one(self, f: Filler) -> str:
        return self.names[bisect(self.until, f.rng.random() * self.until[-1])]


def shared(options: Sequence[tuple[str, int]]) -> Shared:
    return Shared([name for name, _ in options], tuple(accumulate(share for _, share in options)))


STATE, MEDIUM, DIRECTION = shared(STATES), shared(MEDIA), shared(DIRECTIONS)


def contacts(f: Filler) -> Iterator[Row]:
    for n in range(f.accounts * PEOPLE):
        given, family, seller = GIVEN[n % 10], FAMILY[n // 10 % 10], n // PEOPLE % SELLERS
        yield f.stored("contact", FIRST + n, BORN, {
            "code": f"C-{FIRST + n}", "name": f"{family} {given}", "first_name": given, "last_name": family, "email": f"person{n}@customer.example",
            "owner": FIRST + seller, **place(seller),
        })


def positions(f: Filler) -> Iterator[Row]:
    for n in range(f.accounts * PEOPLE):
        yield f.stored("position", FIRST + n, BORN, {"account": FIRST + n // PEOPLE, "contact": FIRST + n, "title": "Закупівлі", "primary": True})


def talk(connection: Connection, f: Filler, courses: Sequence[Course], numbers: range) -> None:
    """Interactions with their participants and journal, spread over deals that follow each other."""
    options = {name: {o.key: o.id for o in f.catalog.picklists[name].options} for name in _PICKLISTS}
    talks: list[Row] = []
    guests: list[Row] = []
    journaled: list[Row] = []
    for n in numbers:
        number, one = FIRST + n, courses[(n - numbers.start) * len(courses) // len(numbers)]
        values = talk_values(f, options, one, n)
        at = values["held_at"] or values["planned_start"]
        written = at if values["held_at"] else at - timedelta(days=3)
        ends = values["planned_start"] and values["planned_start"] + timedelta(minutes=values["planned_minutes"])
        talks.append(f.stored("interaction", number, written, {**values, "starts_at": at, "ends_at": ends, "moves": 0}))
        journaled.append(f.journaled("interaction", number, written, values))
        if n % 3 == 0:
            guest = {"interaction": number, "colleague": FIRST + (one.seller + 1) % SELLERS, "present": True}
            guests.append(f.stored("interaction_participant", number, written, guest))
            journaled.append(f.journaled("interaction_participant", number, written, guest))
    for cls, rows in ((Interaction, talks), (Participant, guests), (journal.JournalRow, journaled)):
        copy(connection, cls, rows)


_PICKLISTS = ("interaction_state", "interaction_medium", "direction", "interaction_result")


def talk_values(f: Filler, options: Mapping[str, Mapping[str, int]], one: Course, n: int) -> Row:
    """What somebody wrote of interaction `n`. One with the deal's customer is about the deal every second time."""
    heavy = n % SHARE == 0
    account = n // SHARE % min(HEAVY, f.accounts) if heavy else one.account
    seller = account % SELLERS
    state, medium = STATE.one(f), MEDIUM.one(f)
    held, start = state == HELD, SINCE + timedelta(days=f.rng.randrange(DAYS)) + SLOT * f.rng.randrange(SLOTS)
    planned, minutes = not held or n % 2 == 0, USUAL_MINUTES[medium]
    subject = SUBJECTS[n % len(SUBJECTS)]
    return {
        "code": f"I-{FIRST + n}", "name": subject, "subject": subject, "account": FIRST + account, "contact": FIRST + account * PEOPLE + n % PEOPLE,
        "deal": FIRST + one.number if not heavy and n % 2 else None, "medium": options["interaction_medium"][medium],
        "direction": options["direction"][DIRECTION.one(f)], "state": options["interaction_state"][state],
        "planned_start": start if planned else None, "planned_minutes": minutes if planned else None,
        "held_at": start if held else None, "actual_minutes": minutes * f.rng.randrange(1, 6) // 2 if held and n % 20 else None,
        "result": options["interaction_result"][RESULTS[n % len(RESULTS)]] if held else None, "minutes": SAID * (1 + n % 4) if held else None,
        # Every fiftieth is of one of the two who sign in, as with deals.
        "owner": f.people[n // 50 % 2] if n % 50 == 0 else FIRST + seller, **place(seller),
    }
