"""`/calendar/`: the days of a year on which work goes otherwise than every week, and the public holidays of Ukraine to load."""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from flask import flash, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.gate import OwnPage
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.routing import route
from crm.backoffice.catalog import Configured
from crm.backoffice.working_time import WorkingTime
from crm.errors import BadRequest, Forbidden
from crm.messages import m, mn
from crm.organization.calendar import FIRST, LAST, load_holidays


@dataclass(frozen=True)
class Day:
    """One of them."""

    url: str
    day: str
    name: str
    working: bool
    hours: str


class CalendarView(OwnPage):
    """The page, and its button."""

    at = "calendar"

    @route("/")
    def index(self) -> str:
        """`?year=`; this one unless a right one is given."""
        session = context.session()
        if not session.sight.may("calendar_day", "read"):
            raise Forbidden()
        asked = _year(request.args.get("year", ""))
        year = asked or context.reader().today.year
        return str(self.render(
            "admin/calendar.html", year=year, days=_days(year), before=year - 1 if year > FIRST else None, after=year + 1 if year < LAST else None,
            can_add=session.sight.may("calendar_day", "create"), week=_week(session.catalog.company.working_time),
        ))

    @route("/", "POST")
    def load(self) -> BaseResponse:
        """Load the public holidays of `year`. Raises BadRequest, Forbidden."""
        year = _year(request.form.get("year", ""))
        if year is None:
            raise BadRequest(m("A year from %(first)s to %(last)s is expected here.", first=str(FIRST), last=str(LAST)))
        session = context.session()
        if not session.sight.may("calendar_day", "create"):
            raise Forbidden()
        number, batch = load_holidays(session, year), session.batch
        session.commit()
        told = mn("%(num)s day off was added.", "%(num)s days off were added.", number) if number else m("All of them are there already.")
        flash(say(told), f"success undo=/undo/{batch}" if number else "success")
        return redirect(f"/calendar/?year={year}", 303)


def _year(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) == 4 and FIRST <= int(text) <= LAST else None


def _days(year: int) -> list[Day]:
    """Of the configuration in force: everybody may know them."""
    reader, found = context.reader(), context.catalog().configured.get("calendar_day", {})
    rows = sorted((one for one in found.values() if one.values["day"].year == year), key=lambda one: str(one.values["day"]))
    return [_day(one, reader.language) for one in rows]


def _day(one: Configured, language: str) -> Day:
    values = one.values
    return Day(f"/calendar_day/{one.id}/", _told(values["day"], language), one.label.text(language), values["working"], values["hours"] or "")


def _told(day: date, language: str) -> str:
    return str(format_date(day, "EEE, d MMMM", locale=language))


def _week(working: WorkingTime) -> str:
    """The ordinary week in words."""
    language = context.reader().language
    monday = date(2024, 1, 1).toordinal()
    first, last = (str(format_date(date.fromordinal(monday + n - 1), "EEE", locale=language)) for n in (working.first_day, working.last_day))
    until = f"{working.until:%H:%M}" if working.until else "24:00"
    return f"{first} – {last}, {working.since:%H:%M} – {until}"
