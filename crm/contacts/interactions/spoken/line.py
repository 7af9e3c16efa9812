"""A line understood: what kind of contact, whether it was or will be, when, how long, about what, and the words left to say with whom."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from re import Match, Pattern, compile as pattern

from crm.backoffice.text import APOSTROPHES
from crm.contacts.interactions.spoken import words
from crm.contacts.interactions.spoken.times import RULES, When, settle

LONGEST_LINE = 300
MORNING, NOON = time(9), time(12)
TAKEN = "\x00"
_END = pattern(r"[\s,.;!]*$")
_WORD = pattern(r"[\w.:/’'-]*\w")


@dataclass(frozen=True)
class Word:
    """A word that says neither when nor how; words of one `group` stand together."""

    text: str
    group: int
    leads: bool = False  # «з», «до», “with”: whoever follows is whom


@dataclass(frozen=True)
class Line:
    """What one line says. `starts` in UTC; None where it says nothing of it."""

    medium: str | None
    held: bool
    inbound: bool
    starts: datetime | None
    minutes: int | None
    rest: tuple[Word, ...]
    about: str
    marker: str

    def subject(self, named: Collection[int] = ()) -> str:
        """About what: the words after «про», before them those of the rest that name nobody; `named` are the places of those that do."""
        left = []
        for n, word in enumerate(self.rest):
            following = n + 1
            if n in named or (word.leads and (following in named or following == len(self.rest))):
                continue
            left.append(word.text)
        text = " ".join(left)
        if self.about:
            text = f"{text} {self.marker} {self.about}" if text else self.about
        return text[:1].upper() + text[1:]


class _Reading:
    """The line while parts of it are taken, in two copies of one length: as it was written, and folded."""

    def __init__(self, text: str) -> None:
        kept = "".join(" " if c.isspace() or not c.isprintable() else "ʼ" if c in APOSTROPHES else c for c in text[:LONGEST_LINE])
        self.written = " ".join(kept.split())
        folded = self.written.lower()
        self.folded = folded if len(folded) == len(self.written) else self.written
        self.about, self.marker, self.about_at = "", "", len(self.written)
        self.about_end = self.about_at

    def take(self, found: Match[str]) -> None:
        start, end = found.span()
        self.folded = self.folded[:start] + TAKEN * (end - start) + self.folded[end:]

    def find(self, wanted: Pattern[str]) -> Match[str] | None:
        """The first place outside of what it is about."""
        return next((f for f in wanted.finditer(self.folded) if f.end() <= self.about_at or f.start() >= self.about_end), None)

    def part(self, wanted: Pattern[str]) -> bool:
        found = self.find(wanted)
        if found:
            self.take(found)
        return found is not None


def understand(text: str, now: datetime) -> Line:
    """What a line says to a reader whose clock shows `now` (in his zone). Never raises; what is not understood stays among the rest."""
    line, when = _Reading(text), When(now)
    _set_about_aside(line)
    _take_times(line, when)
    inbound = line.part(words.INBOUND)
    medium, past, to_do = _take_medium(line)
    while line.part(words.FILLERS):
        pass
    settle(when, past)
    starts, held = _starts(when, past, to_do)
    about = line.written[line.about_at:line.about_end].strip(" ,.;:!")
    return Line(medium, held, inbound, starts, when.minutes, _rest(line), about, line.marker)


def _set_about_aside(line: _Reading) -> None:
    """From «про» to the next comma: it is kept as it was written."""
    found = words.ABOUT.search(line.folded)
    if not found or not line.folded[found.end():].strip():
        return
    comma = pattern(r"[,;](?!\d)").search(line.folded, found.end())
    line.marker, line.about_at, line.about_end = line.written[found.start():found.end()], found.end(), comma.start() if comma else len(line.written)
    line.take(found)


def _take_times(line: _Reading, when: When) -> None:
    for kind, wanted, take in RULES:
        if kind in when.said:
            continue
        for found in wanted.finditer(line.folded):
            if (found.end() <= line.about_at or found.start() >= line.about_end) and take(when, found):
                line.take(found)
                when.said.add(kind)
                break
    while _take_time_at_the_end_of_about(line, when):
        pass


def _take_time_at_the_end_of_about(line: _Reading, when: When) -> bool:
    """«про договір завтра о 10»: times that were said nowhere else may end what it is about."""
    for kind, wanted, take in RULES:
        if kind in when.said:
            continue
        for found in wanted.finditer(line.folded, line.about_at, line.about_end):
            ends = _END.match(line.folded, found.end(), line.about_end)
            if ends and line.folded[line.about_at:found.start()].strip() and take(when, found):
                when.said.add(kind)
                line.take(found)
                line.about_end = found.start()
                return True
    return False


def _take_medium(line: _Reading) -> tuple[str | None, bool, bool]:
    """The medium; whether a word says that it is over; whether one says that it is still to do."""
    past = line.part(words.HELD)
    to_do = line.part(words.TO_DO)
    verbs = [
        (found.start(), medium, over, found) for over, table in ((True, words.PAST), (False, words.PLANNED)) for medium, wanted in table.items()
        if (found := line.find(wanted))
    ]
    nouns = [(found.start(), medium, found) for medium, wanted in words.NOUNS.items() if (found := line.find(wanted))]
    medium = None
    if verbs:
        _, medium, over, found = min(verbs, key=lambda one: one[0])
        line.take(found)
        past, to_do = past or over, to_do or not over
    if nouns and (medium is None or medium in words.WROTE):
        _, noun, found = min(nouns, key=lambda one: one[0])
        if medium is None and found[0] in ("call", "meet") and not past:
            to_do = True  # in English it is as much a verb
        medium = noun
        line.take(found)
    return medium, past, to_do and not past


def _starts(when: When, past: bool, to_do: bool) -> tuple[datetime | None, bool]:
    """The moment, and whether it is over. A contact of which no time was said is over unless a word says it is to do."""
    now = when.now
    if when.moment is not None:
        return when.moment.astimezone(UTC), when.past
    if when.day is None and when.at is None:
        return (now.astimezone(UTC).replace(second=0, microsecond=0), True) if not to_do else (_next_hour(now), False)
    gone = past or when.past
    day = when.day or now.date()
    if when.at is None:
        if day == now.date():
            return (now.astimezone(UTC).replace(second=0, microsecond=0), True) if gone else (_next_hour(now), False)
        over = day < now.date()
        return datetime.combine(day, NOON if over else MORNING, now.tzinfo).astimezone(UTC), over
    starts = datetime.combine(day, when.at, now.tzinfo)
    if when.day is None and starts <= now and not gone:
        starts = datetime.combine(day + timedelta(days=1), when.at, now.tzinfo)
    elif when.day is None and starts > now and gone:
        starts = datetime.combine(day - timedelta(days=1), when.at, now.tzinfo)
    # The clock of the world decides: an hour that spring leaves out is the one after it.
    return starts.astimezone(UTC), starts.astimezone(UTC) <= now.astimezone(UTC)


def _next_hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _rest(line: _Reading) -> tuple[Word, ...]:
    found: list[Word] = []
    group, last = 0, 0
    for word in _WORD.finditer(line.folded):
        if line.about_at <= word.start() < line.about_end:
            continue
        between = line.folded[last:word.start()]
        leads = word[0] in words.LEADS
        if found and (leads or TAKEN in between or "," in between or ";" in between):
            group += 1
        found.append(Word(line.written[word.start():word.end()], group, leads))
        last = word.end()
    while found and found[-1].leads:
        found.pop()
    return tuple(found)
