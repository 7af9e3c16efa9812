"""Days and moments as people say them in a list: today, tomorrow, 27 Nov; the year only when it is another one."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from babel import Locale

from crm.backoffice.fields.base import Reader
from crm.messages import m, render


def day_words(reader: Reader) -> Callable[[date], str]:
    """`сьогодні`, `27 лист.`, `27 лист. 2027`; each day is put into words once."""
    months = Locale(reader.language).months["format"]["abbreviated"]
    today = reader.today
    made = {
        today: render(m("today"), reader.language),
        today + timedelta(days=1): render(m("tomorrow"), reader.language),
        today - timedelta(days=1): render(m("yesterday"), reader.language),
    }

    def words(day: date) -> str:
        found = made.get(day)
        if found is None:
            found = made[day] = f"{day.day} {months[day.month]}" + ("" if day.year == today.year else f" {day.year}")
        return found

    return words


def moment_words(reader: Reader) -> Callable[[datetime], str]:
    """`10:42` of today, else `вчора, 10:42`; in the reader's zone."""
    day = day_words(reader)

    def words(moment: datetime) -> str:
        local = moment.astimezone(reader.zone)
        clock = f"{local.hour}:{local.minute:02d}"
        return clock if local.date() == reader.today else f"{day(local.date())}, {clock}"

    return words
