"""The run for one role: its two databases, every question, every difference."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from inspect import signature
from math import sqrt
from random import Random
from traceback import format_exception

from flask import Flask
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.database import make_engine
from crm.backoffice.exchange.batches import ImportBatch
from crm.backoffice.exchange.uploads import ImportUpload
from crm.backoffice.journal import JournalRow
from crm.backoffice.likeness.search import compared, search
from tests.leaks import probes
from tests.leaks.chance import FOUNDED, Chance, Clock, repeatable
from tests.leaks.databases import Databases
from tests.leaks.difference import check_masks, keep_from
from tests.leaks.probes.commands import in_a_name
from tests.leaks.probes.people import kinds_of_letters
from tests.leaks.questions import MISSING, PROBES, Question, View, generic, rules
from tests.leaks.sides import Answer, Side, difference, open_side

assert probes
AGAIN = 0.1  # of the reading questions are asked once more when everything is written
BROKEN = 599  # the status of what ended in an exception


@dataclass(frozen=True)
class Fault:
    """A question that the two sides answered differently, or wrongly alike."""

    role: str
    number: int
    question: str
    what: str

    def __str__(self) -> str:
        return f"{self.role}/{self.number}: {self.question}\n    {self.what}"


@dataclass
class Outcome:
    """What one role's run has asked and found."""

    role: str
    asked: Counter[str] = field(default_factory=Counter)  # endpoint → questions
    entities: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    met: dict[tuple[str, str], int] = field(default_factory=dict)  # (generic rule, method) → the best status it answered
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    known: int = 0  # secrets: values, records and changes that differ
    seconds: float = 0.0
    rules: set[tuple[str, str]] = field(default_factory=set)
    unprobed: set[str] = field(default_factory=set)
    unasked: set[tuple[str, str]] = field(default_factory=set)  # rules, with methods, that no question is made for


@dataclass(frozen=True)
class Terms:
    """How a run goes: beyond what every field needs, `share` of the questions is asked, until there are `enough` faults."""

    seed: int = 1
    share: float = 0.0
    only: int = 0  # the number of the one question that is asked, 0: all
    endpoint: str = ""  # the one endpoint that is asked, "": all
    enough: int = 20
    most: int = 0  # questions, 0: all
    mixed: bool = False  # reading and writing in one row: what a broken guard gives away is found sooner
    parted: bool = False  # only two answers that differ are a fault: no crash, and no wrong answer that both sides give


def run(databases: Databases, role: str, terms: Terms) -> Outcome:
    """Make the two databases differ in what the role hides, and ask both everything."""
    outcome = Outcome(role)
    begun = time.monotonic()
    with _sides(databases, role, terms, outcome) as (view, left, right, chance, clock):
        present = places(left.app, view.catalog)
        outcome.unprobed = present - PROBES.keys()
        questions = [replace(q, number=n) for n, q in enumerate(_questions(view, present), start=1)]
        outcome.unasked = outcome.rules - {(q.endpoint, q.method) for q in questions}
        inquiry = _Inquiry(view, outcome, left, right, chance, clock, terms)
        inquiry.ask(_chosen(view, questions, terms))
        _check_missing(left)
    outcome.seconds = time.monotonic() - begun
    return outcome


def places(app: Flask, catalog: Catalog) -> set[str]:
    """Everything that must have a probe: every rule of the application, every command in somebody's name, every letter; and statements."""
    return {rule for rule, _ in rules(app, catalog)} | in_a_name(app) | kinds_of_letters() | {"statement"}


@contextmanager
def _sides(databases: Databases, role: str, terms: Terms, outcome: Outcome) -> Iterator[tuple[View, Side, Side, Chance, Clock]]:
    with ExitStack() as stack:
        pair = stack.enter_context(databases.pair(role))
        engines = [make_engine(url) for _, url in pair]
        catalog = load_catalog(engines[0])
        secrets = keep_from(*engines, catalog, role, terms.seed)
        outcome.known = len(secrets.fields) + len(secrets.gone) + secrets.past
        check_masks(*engines, secrets, catalog.reader())
        with repeatable(FOUNDED + timedelta(minutes=4), f"{terms.seed}:{role}:duplicates"):
            for engine in engines:
                for kind in compared(catalog):
                    search(engine, catalog, kind.key, pause=0)
        with engines[0].connect() as connection:
            others = JournalRow.actor_id.is_distinct_from(secrets.oracle.me)
            batches = sorted(b for b in connection.execute(select(JournalRow.batch).where(others).distinct()).scalars() if b)
            imports = sorted(connection.execute(select(ImportBatch.key)).scalars())
            uploads = dict(connection.execute(select(ImportUpload.entity, ImportUpload.key)).all())
        for engine in engines:
            engine.dispose()
        chance, clock = stack.enter_context(repeatable(FOUNDED + timedelta(minutes=5), f"{terms.seed}:{role}"))
        sides = [open_side(folder, url, role, secrets.oracle.me) for folder, url in pair]
        for side in sides:
            stack.callback(side.close)
            chance.begin("sign-in")
            side.sign_in()
        outcome.rules = rules(sides[0].app, catalog)
        rng = Random(f"{terms.seed}:{role}:questions")
        view = View(role, secrets.oracle.me, catalog, catalog.reader("en"), secrets.oracle, secrets, rng, batches, imports, uploads)
        yield view, sides[0], sides[1], chance, clock


def _check_missing(side: Side) -> None:
    """Raises AssertionError when so much was written that the number of no record is now one's: the test would be wrong, not the product."""
    with side.engine.connect() as connection:
        for kind in side.catalog.entities.values():
            table = kind.table
            assert connection.execute(select(table.c.id).where(table.c.id == MISSING)).first() is None, kind.key


def _questions(view: View, present: set[str]) -> Iterator[Question]:
    """Every question of every probe whose endpoint the product has."""
    makers = dict.fromkeys(maker for endpoint, found in PROBES.items() if endpoint in present for maker in found)
    for maker in makers:
        if len(signature(maker).parameters) == 1:
            yield from _fitting(maker(view), present)
        else:
            for kind in view.entities():
                yield from _fitting(maker(view, kind), present)


def _fitting(questions: Iterable[Question], present: set[str]) -> Iterator[Question]:
    return (q for q in questions if q.endpoint.partition(":")[0] in present)


def _chosen(view: View, questions: list[Question], terms: Terms) -> list[Question]:
    """What to ask: every field of every entity at every endpoint once, and of the rest the share; reading first and a part of it again at
    the end, or all mixed.

    Of what the role may not read at all once is enough: it is refused before anything is looked at.
    """
    if terms.only:
        return [q for q in questions if q.number == terms.only]
    if terms.endpoint:
        questions = [q for q in questions if q.endpoint == terms.endpoint]
    view.rng.shuffle(questions)
    covered: set[tuple[str, str, str, str]] = set()
    chosen: list[Question] = []
    others: list[Question] = []
    for one in questions:
        places = {(one.endpoint, one.entity, one.method, name) for name in one.names or ("",)}
        if not places <= covered:
            covered |= places
            chosen.append(one)
        elif not one.entity or view.reads(one.entity):
            others.append(one)
    chosen += others[: round(len(others) * terms.share)]
    view.rng.shuffle(chosen)
    if terms.mixed:
        return _mixed(chosen)
    reading = [q for q in chosen if not q.writes]
    return [*reading, *(q for q in chosen if q.writes), *view.rng.sample(reading, round(len(reading) * AGAIN))]


def _mixed(chosen: list[Question]) -> list[Question]:
    """All endpoints from the beginning, those with many questions more often."""
    sizes, met = Counter(one.endpoint for one in chosen), Counter[str]()
    place: dict[int, float] = {}
    for one in chosen:
        met[one.endpoint] += 1
        place[one.number] = met[one.endpoint] / sqrt(sizes[one.endpoint])
    return sorted(chosen, key=lambda one: place[one.number])


class _Inquiry:
    """Asks both sides with the same clock and the same chance, and compares."""

    def __init__(self, view: View, outcome: Outcome, left: Side, right: Side, chance: Chance, clock: Clock, terms: Terms) -> None:
        self.view, self.outcome, self.left, self.right, self.chance, self.clock, self.terms = view, outcome, left, right, chance, clock, terms
        self.entities = left.catalog.entities
        self.number = 0
        self.wrote = False

    def ask(self, questions: Iterable[Question]) -> None:
        for question in questions:
            self._ask(question)
            if len(self.outcome.faults) >= self.terms.enough or sum(self.outcome.asked.values()) == self.terms.most:
                return

    def _ask(self, question: Question) -> None:
        if question.like is not None:
            self._read_notices()
        self.number += 1
        self.clock.step()
        here, there = self._both(question)
        self.wrote |= question.writes
        outcome = self.outcome
        outcome.asked[question.endpoint] += 1
        outcome.names.update(question.names)
        if question.entity:
            outcome.entities.add(question.entity)
        outcome.statuses[here.status] += 1
        self._note_rules()
        apart = difference(here, there)
        if self.terms.parted and (not apart or max(here.status, there.status) >= 500):
            return
        if apart:
            self._fault(question, apart)
        elif here.status >= 500:
            self._fault(question, f"both answer {here.status}: {here.text[-1500:]}")
        elif (right := self.view.right(question)) and here.status not in right:
            self._fault(question, f"both answer {here.status}, not {' or '.join(map(str, right))}: {here.text[:200]}")
        elif question.like is not None:
            self._read_notices()
            # Both sides are asked, so that what it leaves behind is on both.
            here_too, there_too = self._both(question.like, "again" if question.afresh else "")
            unlike = difference(here, _swapped(_swapped(here_too, here_too.key, here.key), *question.swap)) or difference(here_too, there_too)
            self.wrote |= question.like.writes
            if unlike:
                self._fault(question, f"not as what does not exist ({question.like.say}): {unlike}")

    def _read_notices(self) -> None:
        """The page after a save says that it was saved, and only that page does: it is not the one that is compared with another."""
        if self.wrote:
            self.wrote = False
            for side in (self.left, self.right):
                side.send("GET", "/profile/")

    def _both(self, question: Question, turn: str = "") -> tuple[Answer, Answer]:
        return self._of(self.left, question, turn), self._of(self.right, question, turn)

    def _of(self, side: Side, question: Question, turn: str) -> Answer:
        if question.endpoint.startswith("letter "):
            side.letters()  # what others have been sent is theirs; of hidden records there may be another number on each side, and each takes chance
        self.chance.begin(f"{self.number}{turn}")
        try:
            return question.ask(side)
        except Exception as fault:
            return Answer(BROKEN, "".join(format_exception(fault)[-4:]).encode())

    def _fault(self, question: Question, what: str) -> None:
        self.outcome.faults.append(Fault(self.outcome.role, question.number, question.say, what))

    def _note_rules(self) -> None:
        """Which rules the left side has answered, and how well."""
        adapter = self.left.app.url_map.bind("localhost")
        for method, path, status in self.left.visits:
            try:
                rule, _ = adapter.match(path, method, return_rule=True)
            except HTTPException:
                continue
            place = (generic(str(rule), self.entities), method)
            self.outcome.met[place] = min(self.outcome.met.get(place, BROKEN), status)
        self.left.visits.clear()
        self.right.visits.clear()


def _swapped(answer: Answer, unknown: str, known: str) -> Answer:
    """The answer with another name for the one that it was asked by; a number is no part of a longer one, nor of what marks a file's version."""
    if not unknown:
        return answer
    spoken = re.compile(rf"(?<![0-9a-f]){unknown}(?![0-9a-f])" if unknown.isdigit() else re.escape(unknown))
    heads = tuple((k, spoken.sub(known, v) if k != "Content-Length" else v) for k, v in answer.heads)
    body = re.compile(spoken.pattern.encode()).sub(known.encode(), answer.body)
    longer = len(body) - len(answer.body)
    heads = tuple((k, str(int(v) + longer) if k == "Content-Length" else v) for k, v in heads)
    return Answer(answer.status, body, heads, spoken.sub(known, answer.key))
