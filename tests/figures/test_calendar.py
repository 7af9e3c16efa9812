"""Working time with the company's calendar, worked out by hand. Kyiv is two hours before UTC, three from 29 March until 25 October 2026."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import crm.reports
from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.lowcode.apply import undo
from crm.backoffice.reports import find, run
from crm.backoffice.working_time import Hours, clock, hours_of_day, working_time
from crm.errors import FieldError, Forbidden, Invalid
from crm.organization.calendar import easter, holidays, load_holidays
from tests.company import Company

assert crm.reports
KYIV, TOKYO, NEW_YORK = ZoneInfo("Europe/Kyiv"), ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")


def at(month: int, day: int, hour: int, minute: int = 0, zone: ZoneInfo = KYIV) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


DAYS = {date(2026, 3, 4): None, date(2026, 3, 7): hours_of_day("10:00-14:00"), date(2026, 3, 5): hours_of_day("09:00-17:00"), date(2026, 3, 29): Hours(
    hours_of_day("00:00-06:00").since, hours_of_day("00:00-06:00").until), date(2026, 10, 25): hours_of_day("00:00-06:00")}


@pytest.mark.parametrize(("first", "last", "minutes"), [
    (at(3, 3, 17), at(3, 5, 10), 60 + 60),  # Tuesday from 17, Wednesday is off, Thursday until 10
    (at(3, 5, 16), at(3, 6, 10), 60 + 60),  # Thursday ends at 17
    (at(3, 6, 17, 30), at(3, 9, 9, 15), 30 + 240 + 15),  # a Saturday that is worked from 10 to 14
    (at(3, 4, 9), at(3, 4, 18), 0),
    (at(3, 27, 18), at(3, 30, 9), 5 * 60),  # Sunday from 0 to 6 has five hours: clocks go from 3 to 4
    (at(10, 23, 18), at(10, 26, 9), 7 * 60),  # and seven when they go back
    (at(3, 3, 17, 0), datetime(2026, 3, 5, 3, 0, tzinfo=NEW_YORK).astimezone(UTC), 60 + 60),  # 3 in the night there is 10 in Kyiv
])
def test_days_off_and_worked_saturdays_count_as_they_are(first: datetime, last: datetime, minutes: int) -> None:
    read = clock(working_time("1-5 09:00-18:00"), KYIV, first, last, DAYS)
    assert (read(last) - read(first)) / 60 == minutes


def test_the_days_are_those_of_the_companys_zone() -> None:
    """Wednesday, the fourth, is off in Tokyo: it begins at 15:00 of the third in UTC."""
    first, last = at(3, 3, 9, zone=TOKYO), at(3, 5, 10, zone=TOKYO)
    read = clock(working_time("1-5 09:00-18:00"), TOKYO, first, last, DAYS)
    assert (read(last) - read(first)) / 60 == 540 + 60


@pytest.mark.parametrize("text", ["", "9-17", "17:00-09:00", "09:00-09:00", "09:00-25:00", "09:00-17:60", "1-5 09:00-17:00", "09:00–17:00"])
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(FieldError):
        hours_of_day(text)


@pytest.mark.parametrize(("year", "day"), [
    (2019, date(2019, 4, 28)), (2023, date(2023, 4, 16)),
    (2024, date(2024, 5, 5)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 12)), (2027, date(2027, 5, 2)),
])
def test_easter_is_that_of_the_eastern_churches(year: int, day: date) -> None:
    assert easter(year) == day


def test_a_holiday_on_a_day_that_is_not_worked_moves_the_day_off(company: Company) -> None:
    found = {one.day: one.name.en for one in holidays(2026, company.catalog)}
    # 8 March 2026 is a Sunday, 12 April is Easter, 31 May Trinity, 28 June a Sunday; 1 May a Friday, 25 December a Friday
    assert found == {
        date(2026, 1, 1): "New Year’s Day", date(2026, 3, 8): "International Women’s Day", date(2026, 3, 9): "Day off moved: International Women’s Day",
        date(2026, 4, 12): "Easter", date(2026, 4, 13): "Day off moved: Easter", date(2026, 5, 1): "Labour Day",
        date(2026, 5, 8): "Remembrance and Victory Day",
        date(2026, 5, 31): "Trinity Sunday", date(2026, 6, 1): "Day off moved: Trinity Sunday", date(2026, 6, 28): "Constitution Day",
        date(2026, 6, 29): "Day off moved: Constitution Day", date(2026, 7, 15): "Statehood Day", date(2026, 8, 24): "Independence Day",
        date(2026, 10, 1): "Defenders’ Day", date(2026, 12, 25): "Christmas",
    }


def test_loading_adds_what_is_missing_and_leaves_what_is_there(company: Company) -> None:
    company.make("calendar_day", {"day": date(2026, 8, 24), "name": "Працюємо", "working": True, "hours": "10:00-15:00"})
    company.catalog = load_catalog(company.engine)
    for expected in (14, 0):
        with company.system() as session:
            assert load_holidays(session, 2026) == expected
            session.commit()
    company.catalog = load_catalog(company.engine)
    days = company.catalog.special_days
    assert days[date(2026, 8, 24)] == hours_of_day("10:00-15:00") and days[date(2026, 1, 1)] is None and len(days) == 15


def test_the_response_time_of_the_report_rests_on_the_calendar(company: Company) -> None:
    """In on Tuesday at 17:00, out on Thursday at 10:00: 60 + 540 + 60 working minutes, 120 when Wednesday is a day off."""
    (mill,) = company.make("account", {"name": "Mill"})

    def talk(direction: str, when: datetime) -> dict[str, Any]:
        return {"account": mill, "medium": company.option("interaction_medium", "email"), "direction": company.option("direction", direction), "held_at": when}

    company.make("interaction", talk("inbound", at(3, 3, 17)), talk("outbound", at(3, 5, 10)), source="import")

    def median() -> Any:
        company.catalog = load_catalog(company.engine)
        with company.system(write=False) as session:
            return run(find("interactions"), session, {})[1].totals["median_response"]

    assert median() == 660
    (day,) = company.make("calendar_day", {"day": date(2026, 3, 4), "name": "Вихідний"})
    assert median() == 120
    with company.system() as session:
        records.remove(session, "calendar_day", day)
        session.commit()
    assert median() == 660


@pytest.mark.parametrize(("values", "field"), [
    ({"hours": "17:00-09:00"}, "hours"), ({"working": True, "hours": "9-17"}, "hours"), ({"day": None}, "day"), ({"day": date(2026, 1, 1)}, "day"),
])
def test_a_day_that_makes_no_sense_is_refused(company: Company, values: dict[str, Any], field: str) -> None:
    company.make("calendar_day", {"day": date(2026, 1, 1), "name": "Новий рік"})
    with company.system() as session, pytest.raises(Invalid) as refused:
        records.create(session, "calendar_day", {"day": date(2026, 1, 2), "name": "День", **values})
    assert field in refused.value.fields


def test_everybody_reads_the_calendar_and_only_who_may_changes_it(company: Company) -> None:
    person = company.person("seller")
    with company.session(person) as session, pytest.raises(Forbidden):
        load_holidays(session, 2026)
    company.make("calendar_day", {"day": date(2026, 1, 1), "name": "Новий рік"})
    company.catalog = load_catalog(company.engine)
    with company.session(person, write=False) as session:
        source = session.table("calendar_day")
        assert source["day"] is not None and session.catalog.special_days == {date(2026, 1, 1): None}


def test_undoing_the_version_of_a_day_changes_nothing(company: Company) -> None:
    company.make("calendar_day", {"day": date(2026, 1, 1), "name": "Новий рік"})
    company.catalog = load_catalog(company.engine)
    with company.system() as session:
        undo(session, company.catalog.version)
        session.commit()
    assert load_catalog(company.engine).special_days == {date(2026, 1, 1): None}
