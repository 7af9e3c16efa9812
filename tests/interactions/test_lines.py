"""One line in Ukrainian or English: what is understood of it on Wednesday, 4 March 2026, at 12:20 in Kyiv."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.contacts.interactions.course import LONGEST, MEDIA
from crm.contacts.interactions.spoken.line import LONGEST_LINE, understand

KYIV, NEW_YORK = ZoneInfo("Europe/Kyiv"), ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 4, 12, 20, tzinfo=KYIV)

# line | medium | P planned, H held | local start | minutes | subject when nobody is found
TABLE = """
завтра 10:00 дзвінок Петренку, 30 хв, про договір | call | P | 2026-03-05 10:00 | 30 | Петренку про договір
tomorrow 10:00 call Petrenko, 30 min, about the contract | call | P | 2026-03-05 10:00 | 30 | Petrenko about the contract
дзвінок Петренку завтра о 10 про договір | call | P | 2026-03-05 10:00 | - | Петренку про договір
дзвінок Петренку про договір завтра о 10 | call | P | 2026-03-05 10:00 | - | Петренку про договір
call Petrenko about the contract tomorrow at 10 | call | P | 2026-03-05 10:00 | - | Petrenko about the contract
завтра 10:00 дзвінок про зустріч у пʼятницю | call | P | 2026-03-05 10:00 | - | Зустріч у пʼятницю
у пʼятницю о 10 зустріч з Іваненком у ТОВ Ромашка про 12 кранів | meeting | P | 2026-03-06 10:00 | - | З Іваненком у ТОВ Ромашка про 12 кранів
у п'ятницю о 10 зустріч | meeting | P | 2026-03-06 10:00 | - |
У ПʼЯТНИЦЮ ЗУСТРІЧ | meeting | P | 2026-03-06 09:00 | - |
пт 16:00 зустріч | meeting | P | 2026-03-06 16:00 | - |
on Friday at 10 meeting with Smith | meeting | P | 2026-03-06 10:00 | - | With Smith
meeting with John Smith on Friday from 10 to 11:30 about delivery | meeting | P | 2026-03-06 10:00 | 90 | With John Smith about delivery
наступної пʼятниці зустріч | meeting | P | 2026-03-13 09:00 | - |
next friday 2pm meeting | meeting | P | 2026-03-13 14:00 | - |
наступного тижня у вівторок дзвінок | call | P | 2026-03-10 09:00 | - |
наступного тижня візит | visit | P | 2026-03-09 09:00 | - |
у середу о 15 дзвінок | call | P | 2026-03-04 15:00 | - |
у середу о 10 дзвінок | call | P | 2026-03-11 10:00 | - |
у понеділок подзвонив Іваненку | call | H | 2026-03-02 12:00 | - | Іваненку
минулого вівторка зустріч з Коваль | meeting | H | 2026-03-03 12:00 | - | З Коваль
last Monday met Kovalenko | meeting | H | 2026-03-02 12:00 | - | Kovalenko
післязавтра о 9:30 дзвінок | call | P | 2026-03-06 09:30 | - |
day after tomorrow call Bob | call | P | 2026-03-06 09:00 | - | Bob
через 2 дні візит до Агро-Лан | visit | P | 2026-03-06 09:00 | - | До Агро-Лан
in 2 days visit Agro | visit | P | 2026-03-06 09:00 | - | Agro
через тиждень дзвінок | call | P | 2026-03-11 09:00 | - |
in three weeks at 11 meeting | meeting | P | 2026-03-25 11:00 | - |
через 2 години подзвонити Марії | call | P | 2026-03-04 14:20 | - | Марії
in 30 min call Maria | call | P | 2026-03-04 12:50 | - | Maria
за годину дзвінок | call | P | 2026-03-04 13:20 | - |
12.03 зустріч | meeting | P | 2026-03-12 09:00 | - |
02.03 зустріч | meeting | P | 2027-03-02 09:00 | - |
02.03 зустрілися з Петренком | meeting | H | 2026-03-02 12:00 | - | З Петренком
12.03.2026 14:30 зустріч з Коваль 1,5 год | meeting | P | 2026-03-12 14:30 | 90 | З Коваль
2026-03-12 9:00 meeting with Smith for 1h30 | meeting | P | 2026-03-12 09:00 | 90 | With Smith
2026-02-12 зустріч 45 хв | meeting | H | 2026-02-12 12:00 | 45 |
12 березня о 15 презентація для Полісся | meeting | P | 2026-03-12 15:00 | - | Для Полісся
12 march at 3pm meet Kovalenko | meeting | P | 2026-03-12 15:00 | - | Kovalenko
March 12 at 5 meet Kovalenko | meeting | P | 2026-03-12 17:00 | - | Kovalenko
пів на п'яту дзвінок Бойку | call | P | 2026-03-04 16:30 | - | Бойку
half past four call Bob | call | P | 2026-03-04 16:30 | - | Bob
о десятій ранку нарада | meeting | P | 2026-03-05 10:00 | - |
завтра о третій дзвінок | call | P | 2026-03-05 15:00 | - |
завтра о 6 вечора візит | visit | P | 2026-03-05 18:00 | - |
tomorrow 10am call Bob | call | P | 2026-03-05 10:00 | - | Bob
tomorrow 2:30 pm call Bob | call | P | 2026-03-05 14:30 | - | Bob
завтра зранку подзвонити Бойку | call | P | 2026-03-05 09:00 | - | Бойку
tomorrow at noon meeting | meeting | P | 2026-03-05 12:00 | - |
о 14 дзвінок | call | P | 2026-03-04 14:00 | - |
о 9 дзвінок | call | P | 2026-03-05 09:00 | - |
сьогодні о 9 дзвінок | call | H | 2026-03-04 09:00 | - |
сьогодні дзвінок | call | P | 2026-03-04 13:00 | - |
9:00-9:45 зустріч | meeting | P | 2026-03-05 09:00 | 45 |
завтра з 10:00 до 11:30 зустріч | meeting | P | 2026-03-05 10:00 | 90 |
завтра зустріч з 10:00 до 9:00 | meeting | P | 2026-03-05 10:00 | - |
дзвінок Петренку | call | H | 2026-03-04 12:20 | - | Петренку
подзвонити Петренку | call | P | 2026-03-04 13:00 | - | Петренку
call Petrenko | call | P | 2026-03-04 13:00 | - | Petrenko
вчора подзвонив Іваненку про знижку, 15 хв | call | H | 2026-03-03 12:00 | 15 | Іваненку про знижку
подзвонила Іваненку о 10:15 | call | H | 2026-03-04 10:15 | - | Іваненку
called Petrenko yesterday at 3pm about prices | call | H | 2026-03-03 15:00 | - | Petrenko about prices
2 години тому говорив з Оленою | meeting | H | 2026-03-04 10:20 | - | З Оленою
3 days ago visited Agro | visit | H | 2026-03-01 12:00 | - | Agro
позавчора зустрілись з Ткачуком, 1 год 30 хв | meeting | H | 2026-03-02 12:00 | 90 | З Ткачуком
написати повідомлення Петренку завтра | message | P | 2026-03-05 09:00 | - | Петренку
написав листа Іваненку щодо рахунку | email | H | 2026-03-04 12:20 | - | Іваненку щодо рахунку
паперовий лист Обленерго 2026-03-10 | letter | P | 2026-03-10 09:00 | - | Обленерго
emailed Smith about the price list | email | H | 2026-03-04 12:20 | - | Smith about the price list
завтра зустріч півгодини з Левицьким | meeting | P | 2026-03-05 09:00 | 30 | З Левицьким
завтра візит на 2 години до Ромашки | visit | P | 2026-03-05 09:00 | 120 | До Ромашки
треба передзвонити Шевчуку | call | P | 2026-03-04 13:00 | - | Шевчуку
25:00 дзвінок | call | H | 2026-03-04 12:20 | - | 25:00
31.02 дзвінок | call | H | 2026-03-04 12:20 | - | 31.02
кава | - | H | 2026-03-04 12:20 | - | Кава
"""
LINES = [[part.strip() for part in line.split("|")] for line in TABLE.strip().splitlines()]


def test_the_table_is_long_enough_and_in_both_languages() -> None:
    english = [line for line, *_ in LINES if line.isascii()]
    assert len(LINES) - len(english) >= 40
    assert len(english) >= 20


@pytest.mark.parametrize(("line", "medium", "state", "starts", "minutes", "subject"), LINES)
def test_a_line_is_understood(line: str, medium: str, state: str, starts: str, minutes: str, subject: str) -> None:
    found = understand(line, NOW)
    assert found.starts is not None
    told = [
        found.medium or "-", "H" if found.held else "P", found.starts.astimezone(KYIV).strftime("%Y-%m-%d %H:%M"), str(found.minutes or "-"), found.subject(),
    ]
    assert told == [medium, state, starts, minutes, subject]


def test_who_called_whom() -> None:
    assert understand("вхідний дзвінок від Петренка про ціну", NOW).inbound
    assert understand("incoming call from Petrenko", NOW).inbound
    assert not understand("дзвінок Петренку", NOW).inbound


def test_the_same_words_mean_another_moment_in_another_zone() -> None:
    there = NOW.astimezone(NEW_YORK)
    assert understand("завтра 10:00 дзвінок", there).starts == datetime(2026, 3, 5, 15, 0, tzinfo=UTC)
    assert understand("завтра 10:00 дзвінок", NOW).starts == datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
    late = datetime(2026, 3, 5, 1, 0, tzinfo=KYIV)  # there it is still the day before
    assert understand("сьогодні о 23 дзвінок", late.astimezone(NEW_YORK)).starts == datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


def test_the_hour_that_spring_leaves_out_and_the_one_that_autumn_repeats() -> None:
    spring = understand("29.03 03:30 дзвінок", NOW).starts
    assert spring == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert spring.astimezone(KYIV).strftime("%H:%M") == "04:30"
    assert understand("25.10 03:30 дзвінок", NOW).starts == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first of the two
    before = datetime(2026, 3, 29, 2, 30, tzinfo=KYIV)
    assert understand("через 2 години дзвінок", before).starts == before.astimezone(UTC) + timedelta(hours=2)


def test_the_words_of_a_name_are_left_out_of_the_subject() -> None:
    found = understand("завтра зустріч з Іваненком у ТОВ Ромашка про крани", NOW)
    words = [w.text for w in found.rest]
    assert words == ["з", "Іваненком", "у", "ТОВ", "Ромашка"]
    assert [w.group for w in found.rest] == [0, 0, 1, 1, 1]
    assert found.subject({1}) == "У ТОВ Ромашка про крани"
    assert found.subject({1, 3, 4}) == "Крани"


PIECES = st.sampled_from([
    "завтра", "tomorrow", "у пʼятницю", "next week", "10:00", "о 10", "25:99", "99.99.9999", "0000-00-00", "через 999 тижнів", "in 999 months", "пів на",
    "про", "about", "з 23:59 до 0", "1h99", "99999 хв", "дзвінок", "call", "від", "from", "тому", "ago", "29.02", "'", "\x00", "ʼ", "İ", "ß", "🙂", ",", "—",
    "минулої", "half past",
])


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=14).map(" ".join)), st.datetimes(datetime(1999, 1, 1), datetime(2090, 1, 1)))
def test_no_line_breaks_it_and_what_it_says_is_possible(line: str, now: datetime) -> None:
    found = understand(line, now.replace(tzinfo=KYIV))
    assert found.starts is not None
    assert abs(found.starts - now.replace(tzinfo=UTC)) < timedelta(days=3700)
    assert found.starts.tzinfo is UTC
    assert not found.held or found.starts <= now.replace(tzinfo=KYIV).astimezone(UTC)
    assert found.medium is None or found.medium in MEDIA
    assert found.minutes is None or 0 < found.minutes <= LONGEST
    assert len(found.subject()) <= LONGEST_LINE + 20
    assert all(w.text for w in found.rest)


def test_a_very_long_line_is_cut_and_answered_at_once() -> None:
    found = understand("про " * 200_000 + "завтра", NOW)
    assert len(found.subject()) <= LONGEST_LINE
