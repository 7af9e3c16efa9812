"""The company's calendar: days on which work goes otherwise than every week, and the public holidays of Ukraine to begin with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import DataSession
from crm.backoffice.rules import Draft, before_save
from crm.backoffice.working_time import hours_of_day
from crm.errors import FieldError
from crm.messages import Label

FIRST, LAST = 1991, 2099  # years whose holidays can be loaded
# Labour Code of Ukraine, article 73, as of 2023: month, day. Easter and Trinity move with the year.
FIXED: tuple[tuple[int, int, Label], ...] = (
    (1, 1, Label("Новий рік", "New Year’s Day")),
    (3, 8, Label("Міжнародний жіночий день", "International Women’s Day")),
    (5, 1, Label("День праці", "Labour Day")),
    (5, 8, Label("День памʼяті та перемоги над нацизмом", "Remembrance and Victory Day")),
    (6, 28, Label("День Конституції України", "Constitution Day")),
    (7, 15, Label("День Української Державності", "Statehood Day")),
    (8, 24, Label("День Незалежності України", "Independence Day")),
    (10, 1, Label("День захисників і захисниць України", "Defenders’ Day")),
    (12, 25, Label("Різдво Христове", "Christmas")),
)
EASTER, TRINITY = Label("Великдень", "Easter"), Label("Трійця", "Trinity Sunday")
MOVED = Label("Перенесений вихідний: %s", "Day off moved: %s")


@dataclass(frozen=True)
class Holiday:
    """A day off with its name."""

    day: date
    name: Label


def works(catalog: Catalog) -> Callable[[date], bool]:
    """Whether the company works on a day."""
    company, days = catalog.company, catalog.special_days
    return lambda day: company.working_time.on(day, company.zone, days) is not None


def easter(year: int) -> date:
    """Easter by the Julian reckoning, as a day of the civil calendar (Meeus, Astronomical Algorithms, chapter 8), right from 1900 until 2099."""
    a, b, c = year % 4, year % 7, year % 19
    d = (19 * c + 15) % 30
    e = (2 * a + 4 * b - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)


def holidays(year: int, catalog: Catalog) -> list[Holiday]:
    """The public holidays of Ukraine in a year, with the day off that replaces one on a day that is not worked anyway (article 67)."""
    own = [Holiday(date(year, month, day), name) for month, day, name in FIXED]
    own += [Holiday(easter(year), EASTER), Holiday(easter(year) + timedelta(days=49), TRINITY)]
    works, taken = catalog.company.working_time.works, {one.day for one in own}
    found: list[Holiday] = []
    for one in sorted(own, key=lambda one: one.day):
        found.append(one)
        if works(one.day):
            continue
        instead = next(day for n in range(1, 8) if (day := one.day + timedelta(days=n)) not in taken and works(day))
        taken.add(instead)
        found.append(Holiday(instead, Label(MOVED.uk % one.name.uk, MOVED.en % one.name.en)))
    return sorted(found, key=lambda one: one.day)


def load_holidays(session: DataSession, year: int) -> int:
    """Put the public holidays of a year into the calendar as days off; how many were not there yet. A day that is there stays as it is.
    Raises Forbidden without the right to add days."""
    table = session.catalog.entity("calendar_day").table
    of_year = select(table.c.day).where(table.c.day.between(date(year, 1, 1), date(year, 12, 31)), table.c.deleted_at.is_(None))
    known = set(session.kernel(of_year).scalars())
    new = [one for one in holidays(year, session.catalog) if one.day not in known]
    records.create_many(session, "calendar_day", [{"day": one.day, "name": one.name.uk, "name_en": one.name.en, "working": False} for one in new])
    return len(new)


@before_save("calendar_day")
def hours_of_a_day(draft: Draft) -> None:
    """Hours are written as 09:00-17:00; those of a day off count when it is worked."""
    if not draft["hours"]:
        return
    try:
        hours_of_day(draft["hours"])
    except FieldError as unclear:
        draft.refuse("hours", unclear.message)
