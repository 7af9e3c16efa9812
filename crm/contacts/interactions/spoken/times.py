"""When and how long, as a line says it: each rule knows one way of saying it, looks at what it found, and refuses what is no time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from re import Match, Pattern, compile as pattern

from crm.contacts.interactions.course import LONGEST
from crm.contacts.interactions.spoken.words import DAY_WORDS, ENGLISH_HOURS, HOURS, MONTHS, NUMBERS, WEEKDAYS

FARTHEST = 3660  # days from today that a line may speak of
_COUNT = rf"(\d{{1,3}}|{'|'.join(NUMBERS)})"
_MINUTES, _HOURS = r"(?:хв\.?|хвилин\w?|мин\.?|min\.?|mins|minutes?)", r"(?:год\.?|годин\w?|h|hrs?|hours?)"
_UNIT = rf"({_MINUTES}|{_HOURS}|дн(?:і|ів)|день|days?|тижн(?:і|ів)|тиждень|weeks?|місяц(?:і|ів)|місяць|months?)"
_PART = r"(ранку|дня|вечора|ночі|a\.?m\.?|p\.?m\.?)"
_WEEKDAY = "|".join(f"(?P<d{n}>{words})" for n, words in enumerate(WEEKDAYS))
_MONTH = "|".join(f"(?P<m{n}>{words})" for n, words in enumerate(MONTHS, 1))


@dataclass
class When:
    """What has been understood of the time so far; `now` in the reader's zone."""

    now: datetime
    day: date | None = None
    at: time | None = None
    moment: datetime | None = None
    minutes: int | None = None
    past: bool = False
    weekday: int | None = None
    next_week: bool = False
    yearless: tuple[int, int] | None = None
    said: set[str] = field(default_factory=set)


Rule = tuple[str, Pattern[str], Callable[[When, Match[str]], bool]]
RULES: list[Rule] = []


def _rule(kind: str, words: str) -> Callable[[Callable[[When, Match[str]], bool]], Callable[[When, Match[str]], bool]]:
    def keep(take: Callable[[When, Match[str]], bool]) -> Callable[[When, Match[str]], bool]:
        RULES.append((kind, pattern(rf"(?<![\w.:])(?:{words})(?![\w:])"), take))
        return take

    return keep


def _number(text: str) -> int:
    return NUMBERS.get(text) or int(text)


def _clock(hour: int, minute: int, part: str = "", *, guess: bool = False) -> time | None:
    """The hour of a clock of 24 hours; of «о 3» and “at 3” without more, in the afternoon."""
    part = part.replace(".", "")
    if part in ("am", "pm", "ранку", "дня", "вечора", "ночі") and not 1 <= hour <= 12:
        return None
    if part == "pm" or part in ("дня", "вечора"):
        hour += 12 if hour < 12 and (part != "дня" or hour < 6) else 0
    elif part in ("am", "ночі"):
        hour = hour % 12
    elif not part and guess and 1 <= hour <= 7:
        hour += 12
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _later(when: When, count: int, unit: str, sign: int) -> bool:
    """So many minutes, hours, days, weeks or months from now."""
    if unit[0] in "хгhmмд" and pattern(rf"{_MINUTES}|{_HOURS}").fullmatch(unit):
        minutes = count * (60 if pattern(_HOURS).fullmatch(unit) else 1)
        when.moment = (when.now.astimezone(UTC) + timedelta(minutes=sign * minutes)).astimezone(when.now.tzinfo)
    elif unit.startswith(("міся", "month")):
        year, month = divmod(when.now.year * 12 + when.now.month - 1 + sign * count, 12)
        if abs(count) > FARTHEST // 31:
            return False
        when.day = date(year, month + 1, min(when.now.day, 28))
    else:
        days = count * (7 if unit.startswith(("ти", "week")) else 1)
        if days > FARTHEST:
            return False
        when.day = when.now.date() + timedelta(days=sign * days)
    when.past = sign < 0
    return True


@_rule("day", rf"(?:через|за|in)\s+(?:{_COUNT}\s*)?{_UNIT}")
def _in(when: When, found: Match[str]) -> bool:
    return _later(when, _number(found[1]) if found[1] else 1, found[2], 1)


@_rule("day", rf"(?:{_COUNT}\s*)?{_UNIT}\s+(?:тому|ago)")
def _ago(when: When, found: Match[str]) -> bool:
    return _later(when, _number(found[1]) if found[1] else 1, found[2], -1)


@_rule("time", rf"(?:з|від|from)\s+(\d{{1,2}})(?:[:.](\d\d))?\s+(?:до|to|till|until)\s+(\d{{1,2}})(?:[:.](\d\d))?(?:\s*{_PART})?")
@_rule("time", rf"(\d{{1,2}})[:.]?(\d\d)?\s*[-–—]\s*(\d{{1,2}}):(\d\d)(?:\s*{_PART})?")
def _from_to(when: When, found: Match[str]) -> bool:
    guess = found[2] is None and found[4] is None
    start, end = (_clock(int(found[n]), int(found[n + 1] or 0), found[5] or "", guess=guess) for n in (1, 3))
    if start is None or end is None:
        return False
    when.at = start
    lasts = (end.hour - start.hour) * 60 + end.minute - start.minute
    if lasts > 0 and when.minutes is None:  # an end before its start tells nothing of how long
        when.minutes = lasts
    return True


@_rule("time", rf"(?:о|об|at)\s+(\d{{1,2}})(?:[:.](\d\d))?\s*(?:год(?:ині|\.)?|oʼclock)?(?:\s*{_PART})?(?![.:]\d)(?!\s*(?:хв|min|шт|осіб|люд|%))")
def _at(when: When, found: Match[str]) -> bool:
    when.at = _clock(int(found[1]), int(found[2] or 0), found[3] or "", guess=not found[1].startswith("0")) or when.at
    return when.at is not None


@_rule("time", rf"(?:о\s+)?пів\s+на\s+({'|'.join(HOURS)})(?:у|ю)(?:\s*{_PART})?")
def _half_to(when: When, found: Match[str]) -> bool:
    hour = (HOURS.index(found[1]) or 12) % 12
    when.at = _clock(hour or 12, 30, found[2] or "", guess=True)
    return when.at is not None


@_rule("time", rf"(?:at\s+)?half\s+past\s+(\d{{1,2}}|{'|'.join(ENGLISH_HOURS)})(?:\s*{_PART})?")
def _half_past(when: When, found: Match[str]) -> bool:
    hour = ENGLISH_HOURS.index(found[1]) + 1 if found[1] in ENGLISH_HOURS else int(found[1])
    when.at = _clock(hour, 30, found[2] or "", guess=True) or when.at
    return when.at is not None


@_rule("time", rf"(?:о|об)\s+({'|'.join(HOURS)})ій(?:\s+годині)?(?:\s*{_PART})?")
def _at_ordinal(when: When, found: Match[str]) -> bool:
    when.at = _clock(HOURS.index(found[1]) + 1, 0, found[2] or "", guess=True)
    return when.at is not None


@_rule("time", r"(\d{1,2})(?::(\d\d))?\s*(a\.?m\.?|p\.?m\.?)")
def _am_pm(when: When, found: Match[str]) -> bool:
    when.at = _clock(int(found[1]), int(found[2] or 0), found[3]) or when.at
    return when.at is not None


@_rule("minutes", rf"(?:на\s+|for\s+)?(\d{{1,3}})\s*{_HOURS}\s*(?:і\s+|and\s+)?(\d{{1,2}})\s*(?:{_MINUTES}|m)?")
def _hours_and_minutes(when: When, found: Match[str]) -> bool:
    return _lasts(when, int(found[1]) * 60 + int(found[2]))


@_rule("minutes", rf"(?:на\s+|for\s+)?(\d{{1,3}}(?:[.,]\d{{1,2}})?)\s*-?\s*{_HOURS}")
def _hours(when: When, found: Match[str]) -> bool:
    return _lasts(when, round(float(found[1].replace(",", ".")) * 60))


@_rule("minutes", rf"(?:на\s+|for\s+)?(\d{{1,4}})\s*-?\s*{_MINUTES}")
def _minutes(when: When, found: Match[str]) -> bool:
    return _lasts(when, int(found[1]))


@_rule("minutes", r"(?:на\s+|for\s+)?(пів\s?години|півгодини|half an hour|півтори години|годину|an hour)")
def _in_words(when: When, found: Match[str]) -> bool:
    return _lasts(when, 90 if found[1].startswith("півтори") else 30 if found[1].startswith(("пів", "half")) else 60)


def _lasts(when: When, minutes: int) -> bool:
    if not 0 < minutes <= LONGEST:
        return False
    when.minutes = minutes
    return True


def _on(when: When, year: int, month: int, day: int) -> bool:
    try:
        found = date(year, month, day)
    except ValueError:
        return False
    if abs((found - when.now.date()).days) > FARTHEST:
        return False
    when.day = found
    return True


@_rule("day", r"(\d{4})-(\d{2})-(\d{2})")
def _iso(when: When, found: Match[str]) -> bool:
    return _on(when, int(found[1]), int(found[2]), int(found[3]))


@_rule("day", r"(?:(?:на|on)\s+)?(\d{1,2})[./](\d{1,2})[./](\d{4}|\d{2})")
def _full(when: When, found: Match[str]) -> bool:
    return _on(when, int(found[3]) + (2000 if len(found[3]) == 2 else 0), int(found[2]), int(found[1]))


@_rule("day", r"(?:(?:на|on)\s+)?(\d{1,2})\.(\d{1,2})\.?")
def _without_year(when: When, found: Match[str]) -> bool:
    return _in_some_year(when, int(found[2]), int(found[1]))


@_rule("day", rf"(?:(?:на|on)\s+)?(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th|-?го)?\s+(?:of\s+)?(?:{_MONTH})(?:\s+(\d{{4}}))?")
@_rule("day", rf"(?:on\s+)?(?:{_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?")
def _by_month(when: When, found: Match[str]) -> bool:
    day, year = (g for g in (found[n] for n in range(1, found.re.groups + 1) if n not in found.re.groupindex.values()))
    month = next(n for n in range(1, 13) if found[f"m{n}"])
    return _on(when, int(year), month, int(day)) if year else _in_some_year(when, month, int(day))


def _in_some_year(when: When, month: int, day: int) -> bool:
    """A day whose year is not said: which one is known when it is known whether it is over."""
    if not _on(when, when.now.year, month, day) and not _on(when, when.now.year + 1, month, day):
        return False
    when.yearless = (month, day)
    return True


@_rule("week", r"(?:на\s+)?наступн(?:ого тижня|ому тижні|ий тиждень)|next week")
def _next_week(when: When, found: Match[str]) -> bool:
    when.next_week = True
    return True


@_rule("day", rf"(?:(?:у|в|на|on)\s+)?(?:(наступн\w+|next|минул\w+|last|цю|цей|цього|цієї|this)\s+)?(?:{_WEEKDAY})")
def _weekday(when: When, found: Match[str]) -> bool:
    which = found[1] or ""
    when.weekday = next(n for n in range(7) if found[f"d{n}"])
    when.next_week = when.next_week or which.startswith(("наступн", "next"))
    when.past = when.past or which.startswith(("минул", "last"))
    return True


@_rule("day", "|".join(DAY_WORDS))
def _day_word(when: When, found: Match[str]) -> bool:
    days = DAY_WORDS[found[0]]
    when.day, when.past = when.now.date() + timedelta(days=days), when.past or days < 0
    return True


@_rule("time", r"(?:(?:о|на|at)\s+)?(\d{1,2}):(\d\d)")
def _plain(when: When, found: Match[str]) -> bool:
    when.at = _clock(int(found[1]), int(found[2])) or when.at
    return when.at is not None


@_rule("time", r"(опівдні|at noon|noon)|(зранку|вранці|ранком|in the morning)|(після обіду|вдень|in the afternoon)|(ввечері|увечері|in the evening|tonight)")
def _part_of_day(when: When, found: Match[str]) -> bool:
    when.at = time(next(hour for n, hour in enumerate((12, 9, 14, 18), 1) if found[n]))
    return True


def settle(when: When, gone: bool) -> None:
    """Choose the day where only a weekday or a day without a year was said; `gone`: a word told that it is over."""
    today = when.now.date()
    gone = gone or when.past
    if when.weekday is not None:
        monday = today - timedelta(days=today.weekday())
        if when.next_week and not gone:
            when.day = monday + timedelta(days=7 + when.weekday)
        else:
            ahead = (when.weekday - today.weekday()) % 7
            passed = when.at is not None and when.at <= when.now.time()
            if gone:
                ahead -= 7 if ahead or when.past else 0
            elif ahead == 0 and passed:
                ahead = 7
            when.day = today + timedelta(days=ahead)
    elif when.next_week and when.day is None:
        when.day = today + timedelta(days=7 - today.weekday())
    if when.yearless and when.day is not None:
        years = [today.year, today.year - 1] if gone else [today.year, today.year + 1]
        fitting = (day for year in years if (day := _day(year, *when.yearless)) and (day <= today if gone else day >= today))
        when.day = next(fitting, when.day)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
