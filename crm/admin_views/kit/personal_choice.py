"""The texts of others that name a person who is to be erased, as a page asks about them, and what was answered."""

from dataclasses import dataclass

from flask import request

from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice.personal.choosing import LISTED, RULE, Choice, Listing, Named, Said
from crm.backoffice.personal.mentions import GRADES, Grade
from crm.messages import Label, m

LONGEST = 200  # characters of the name of a place
GROUPS: dict[Grade, tuple[Label, Label]] = {
    "word": (
        Label("Можливо, про іншу людину або звичайне слово", "Perhaps about somebody else, or a common word"),
        Label("Стерто буде лише позначене.", "Only what is ticked goes."),
    ),
    "likely": (
        Label("У записах, що посилаються на цю особу", "In records that refer to this person"),
        Label("Зніміть позначку там, де йдеться про інше.", "Untick what is about something else."),
    ),
    "sure": (
        Label("Точно про цю особу", "Surely about this person"),
        Label("Повне імʼя, адреса або номер. Зніміть позначку там, де це не так.", "The whole name, an address or a number. Untick what is not."),
    ),
}


@dataclass(frozen=True)
class Line:
    """A text that names the person: where it stands, what it says, whether it is ticked."""

    place: str
    where: str
    url: str
    field: str
    said: Said
    ticked: bool
    may: bool


@dataclass(frozen=True)
class Group:
    """The lines of a grade; of `more` places nothing but the number is told."""

    grade: Grade
    title: str
    help: str
    lines: list[Line]
    more: int
    rest_ticked: bool


def groups(listing: Listing, choice: Choice) -> list[Group]:
    """What is asked, least sure first."""
    language, takes = context.reader().language, choice.takes({})
    found = []
    for grade, (title, help_text) in GROUPS.items():
        lines = [_line(one, takes(one.place, one.grade)) for one in listing.named if one.grade == grade]
        more = listing.more.get(grade, 0)
        if lines or more:
            found.append(Group(grade, title.text(language), help_text.text(language), lines, more, grade in choice.grades))
    return found


def _line(one: Named, ticked: bool) -> Line:
    language = context.reader().language
    may = one.may or one.grade == "sure"
    if one.kind is None:
        return Line(one.place, _elsewhere(one.place), "", "", one.said, ticked and may, may)
    where = f"{one.kind.label.text(language)} {one.code or f'№ {one.id}'}"
    url = f"/{one.kind.key}/{one.id}/" if one.kind.is_record else ""
    return Line(one.place, where, url, one.kind.fields[one.key].label.text(language), one.said, ticked and may, may)


def _elsewhere(place: str) -> str:
    if place.startswith("file."):
        return say(m("File %(name)s: a letter or an import", name=place.removeprefix("file.")))
    if place.startswith("journal."):
        return say(m("Journal"))
    return say(m("Jobs, imports, settings"))


def answered() -> Choice:
    """What the posted form says: of the places it listed those that are ticked, of the rest what is ticked for each grade that it asked about."""
    listed = {place[:LONGEST] for place in request.form.getlist("listed")[:LISTED]}
    blank = {place[:LONGEST] for place in request.form.getlist("blank")[:LISTED]} & listed
    asked = {grade for grade in GRADES if grade in request.form.getlist("asked")}
    rest = {grade for grade in GRADES if grade in request.form.getlist("rest")}
    return Choice(frozenset(blank), frozenset(listed - blank), frozenset((RULE - asked) | (rest & asked)))
