"""Reviews as their pages show them: in the reader's words, by person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.admin_views.access_reviews.role_words import RoleWords
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.days import day_words, moment_words
from crm.backoffice.guard import UserSession
from crm.messages import Label, Message, m
from crm.rights.reviews.reading import Item, Review, people_names, role_labels
from crm.rights.reviews.scope import Scope

DECISIONS: Mapping[str, Message] = {"keep": m("Keep it"), "remove": m("Take away"), "shorten": m("Shorten")}
OUTCOMES: Mapping[str, Message] = {"kept": m("Kept"), "removed": m("Taken away"), "shortened": m("Shortened"), "ended": m("Ended before")}
COLOURS = {"keep": "won", "kept": "won", "remove": "lost", "removed": "lost", "shorten": "warn", "shortened": "warn", "ended": ""}


@dataclass(frozen=True)
class Line:
    """A membership: its role, since and until when, by whom given, what it conflicts with, what was decided of it, and what has changed since."""

    item: Item
    role: str
    dates: str
    given: str
    conflicts: str
    decision: str
    colour: str
    reviewer: str
    change: str
    problem: str
    words: RoleWords | None
    errors: Mapping[str, str]
    typed: Mapping[str, str]


@dataclass(frozen=True)
class Person:
    """A person with his memberships under review; `waiting` of them are not decided, and some of those conflict (`clashing`)."""

    id: int
    name: str
    works: bool
    last_seen: str
    department: str = ""
    lines: list[Line] = field(default_factory=list)
    error: str = ""

    @property
    def waiting(self) -> int:
        return sum(line.item.waits for line in self.lines)

    @property
    def clashing(self) -> bool:
        return any(line.item.waits and line.item.conflicts for line in self.lines)


@dataclass(frozen=True)
class Asked:
    """What was typed into a form that is shown again, and what is wrong with it, by the number of the item."""

    errors: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    typed: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    of_person: Mapping[int, str] = field(default_factory=dict)


def by_person(
    session: UserSession, found: Sequence[Item], *, asked: Asked | None = None, words: Mapping[int, RoleWords] | None = None,
    departments: Mapping[int, str] | None = None, problems: Mapping[int, Message] | None = None,
) -> list[Person]:
    """The items in their order."""
    asked, made = asked or Asked(), dict[int, Person]()
    roles = role_labels(session, [role for one in found for role in one.conflicts])
    people = people_names(session, [n for one in found for n in (one.given_by, one.reviewer) if n is not None])
    moment, language = moment_words(session.reader), session.reader.language
    for one in found:
        person = made.get(one.user)
        if person is None:
            seen = moment(one.last_seen) if one.last_seen is not None else ""
            unit, error = (departments or {}).get(one.user, ""), asked.of_person.get(one.user, "")
            person = made[one.user] = Person(one.user, one.person, one.works, seen, unit, error=error)
        problem = (problems or {}).get(one.id)
        person.lines.append(Line(
            one, one.role_label.text(language), dates(session, one.since, one.until), _given(session, one, people),
            ", ".join(roles[number].text(language) for number in one.conflicts if number in roles), _decided(session, one),
            COLOURS[one.outcome or one.decision or "ended"],
            people.get(one.reviewer, ""), _change(session, one), say(problem) if problem is not None else "", (words or {}).get(one.role),
            asked.errors.get(one.id, {}), asked.typed.get(one.id, {}),
        ))
    return list(made.values())


def dates(session: UserSession, since: Any, until: Any) -> str:
    """`1 Jan – 4 May`, `since 1 Jan`, `until 4 May`; without an end so says it."""
    day = day_words(session.reader)
    if since is None and until is None:
        return say(m("without an end"))
    if until is None:
        return say(m("since %(day)s, without an end", day=day(since)))
    return say(m("until %(day)s", day=day(until))) if since is None else f"{day(since)} – {day(until)}"


def _given(session: UserSession, item: Item, people: Mapping[int, str]) -> str:
    if item.given_at is None:
        return ""
    day = day_words(session.reader)(item.given_at.astimezone(session.reader.zone).date())
    who = people.get(item.given_by or 0)
    return say(m("given %(day)s by %(person)s", day=day, person=who)) if who else say(m("given %(day)s", day=day))


def _decided(session: UserSession, item: Item) -> str:
    """In words, with the new last day."""
    word = say(OUTCOMES[item.outcome]) if item.outcome else say(DECISIONS[item.decision]) if item.decision else ""
    if item.decision == "shorten" and item.shorten_to is not None and item.outcome in (None, "shortened"):
        return say(m("%(decision)s, until %(day)s", decision=word, day=day_words(session.reader)(item.shorten_to)))
    return word


def _change(session: UserSession, item: Item) -> str:
    """What has become of the membership since the review was opened; of a signed one its outcome says it."""
    if item.outcome is not None:
        return ""
    if not item.alive:
        return say(m("ended meanwhile"))
    if item.until_now != item.until:
        return say(m("changed meanwhile: %(dates)s", dates=dates(session, item.since, item.until_now)))
    return say(m("changed meanwhile")) if item.changed else ""


def scope_text(session: UserSession, scope: Scope, departments: Mapping[int, str], roles: Mapping[int, Label]) -> str:
    """What a review looks at."""
    if scope.kind == "all":
        return say(m("All memberships"))
    if scope.kind == "department":
        return say(m("%(department)s and all below", department=", ".join(departments.get(n, f"№ {n}") for n in scope.ids)))
    return say(m("Roles: %(roles)s", roles=", ".join(roles[n].text(session.reader.language) if n in roles else f"№ {n}" for n in scope.ids)))


def state(session: UserSession, review: Review) -> tuple[str, str]:
    """How a review stands, and its colour."""
    if review.signed_at is not None:
        return say(m("signed off")), "won"
    if review.called_off_at is not None:
        return say(m("called off")), ""
    if review.deadline < session.reader.today:
        return say(m("overdue")), "lost"
    return (say(m("all decided")), "acc") if review.waiting == 0 else (say(m("under way")), "warn")
