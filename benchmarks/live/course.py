"""What is published, what people ask meanwhile, and which of their answers should not have been."""

import json
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import quote

from benchmarks.data import FIRST
from benchmarks.live.browsers import Answer, Ask, Browser, version_of
from benchmarks.live.changes import REGISTER

FRESH = 2.0  # seconds after publishing within which an answer may still be of the configuration before


@dataclass
class Course:
    """What is published, and what was answered meanwhile. `fields` are those of the register that nobody is about to take away."""

    fields: list[tuple[str, float]] = field(default_factory=list)  # with the monotonic moment from which all workers must know them
    version: tuple[int, float] = (0, 0.0)
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    oldest: float = 0.0  # seconds after its publishing at which an answer still was of the configuration before

    def heard(self, answer: Answer, version: tuple[int, float], newest: tuple[str, float]) -> None:
        """An answer to what was asked when `version` was in force and `newest` there."""
        self.seconds.append(answer.seconds)
        self.statuses[answer.status] += 1
        if answer.status == 0 or answer.status >= 500:
            self.wrong.append(f"{answer.status} {answer.path}: {answer.body[:200]}")
        elif answer.path == "/health":
            if version_of(answer) < version[0]:
                self._old(answer, version[1])
        elif answer.status == 400 and newest[0] in answer.path:
            self._old(answer, newest[1])
        elif answer.status not in (200, 303):
            self.wrong.append(f"{answer.status} {answer.path}")

    def _old(self, answer: Answer, published: float) -> None:
        self.oldest = max(self.oldest, answer.moment - published)
        if answer.moment - published > FRESH:
            self.wrong.append(f"old {answer.moment - published:.1f} s after publishing: {answer.path}")


def question(course: Course, number: int, deals: int) -> Ask:
    """What people do all day, in turn; a third of it with the newest field."""
    name, version = course.fields[-1], course.version
    column, record = name[0], FIRST + number % deals
    where = quote(json.dumps({"field": column, "op": "gt", "value": number % 900}))
    paths = (
        f"/{REGISTER}/?columns=name,{column}&sort=-{column}", "/account/", f"/deal/{record}/", "/health", f"/{REGISTER}/export?format=jsonl&where={where}",
        "/deal/?sort=-amount", f"/{REGISTER}/new/", "/interaction/", f"/{REGISTER}/?columns=name,{column}&where={where}", "/account/1001/", "", "/",
    )
    path = paths[number % len(paths)]

    def ask(browser: Browser) -> Answer:
        answer = browser.get(path) if path else browser.post(f"/deal/{record}/cell/next_step", {"value": f"Крок {number}"})
        course.heard(answer, version, name)
        return answer

    return ask
