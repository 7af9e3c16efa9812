"""`python -m benchmarks.live`: 200 changes of the configuration while people ask 50 times a second, on both databases.

`LIVE_CHANGES`, `LIVE_RATE`, `LIVE_DEALS` and `LIVE_DATABASES` (200, 50, 2,000, `sqlite,postgres`) make it another size. Said are the answers
that should not have been (a status of 500 or more, no answer, something old more than two seconds after its publishing), how long answers
took, and the memory of every process of the server as changes pile up. It ends with 1 when there was one such answer.
"""

import os
import platform
import sys
import time
from collections.abc import Callable
from itertools import islice
from statistics import quantiles

from benchmarks.data import PASSWORD
from benchmarks.databases import database
from benchmarks.filling import Size, fill
from benchmarks.live.browsers import Browser, Crowd, version_of
from benchmarks.live.changes import REGISTER, Change, changes, first, publish
from benchmarks.live.course import Course, question
from benchmarks.live.server import memory, serving
from crm.backoffice.catalog import load_catalog
from crm.backoffice.database import make_engine
from crm.backoffice.guard import system_session
from crm.organization.founding import add_person

OWNER = "owner@firm.example"
BROWSERS = 12
STAGES = 10  # the memory is told so many times


def run(kind: str, deals: int, number: int, rate: float, say: Callable[[str], None]) -> bool:
    """One database; whether every answer was as it should be."""
    with database(kind) as (url, instance):
        engine = make_engine(url, statement_seconds=0)
        fill(engine, Size(deals, 3 * deals), 7, lambda _: None)
        with system_session(engine, "benchmark", load_catalog(engine), write=True) as session:
            add_person(session, OWNER, "Власниця", roles=("owner",), password=PASSWORD)
            session.commit()
        engine.dispose()
        with serving(url, instance) as (port, server):
            owner = Browser(port).sign_in(OWNER, PASSWORD)
            course = Course()
            for change in first():
                take(course, owner, change)
            for row in range(200):
                answer = owner.post(f"/{REGISTER}/new/", {"name": f"Тендер {row}", "budget": str(row * 7)})
                assert answer.status == 303, answer
            say(f"\n{kind}: {deals:,} deals, {number} changes, {rate:g} questions a second by {BROWSERS} connections, two workers")
            began = time.monotonic()
            held: list[list[tuple[str, float]]] = []
            publishing: list[float] = []
            people = [owner.another() for _ in range(BROWSERS)]
            with Crowd(people, rate, lambda n: question(course, n, deals)) as crowd:
                for place, change in enumerate(islice(changes(), number), 1):
                    publishing.append(take(course, owner, change))
                    if place % max(number // STAGES, 1) == 0:
                        held.append(memory(server))
                        say(f"  {place:4} changes: " + ", ".join(f"{name} {size:.0f} MB" for name, size in held[-1]))
            taken = time.monotonic() - began
            times, seldom = quantiles(course.seconds, n=100), quantiles(publishing, n=20)
            pace = len(course.seconds) / taken
            say(f"  {len(course.seconds):,} answers in {taken:.0f} s ({pace:.0f} a second), statuses {dict(sorted(course.statuses.items()))}")
            say(f"  an answer: median {times[49] * 1000:.0f} ms, 95 % {times[94] * 1000:.0f} ms, at the most {max(course.seconds):.2f} s; "
                f"a question waited {crowd.late:.2f} s for a free connection at the most")
            say(f"  a change with its plan: median {seldom[9]:.2f} s, at the most {max(publishing):.2f} s")
            say(f"  the last old answer {course.oldest:.2f} s after its publishing")
            half, last = held[len(held) // 2 - 1] if len(held) > 1 else held[-1], held[-1]
            say(f"  memory of all processes: {sum(size for _, size in half):.0f} MB half way, {sum(size for _, size in last):.0f} MB at the end")
            for line in course.wrong[:20]:
                say(f"  WRONG {line}")
            say(f"  {len(course.wrong)} answers were wrong")
            return not course.wrong


def take(course: Course, owner: Browser, change: Change) -> float:
    """Publishes it and says how many seconds that took."""
    began = time.monotonic()
    if change.takes:
        course.fields = [one for one in course.fields if one[0] != change.takes]
    publish(owner, change)
    ended = time.monotonic()
    if change.adds:
        course.fields.append((change.adds, ended))
    course.version = (version_of(owner.get("/health")), ended)
    return ended - began


def main() -> int:
    def number(name: str, default: int) -> int:
        return int(os.environ.get(name) or default)

    def say(line: str) -> None:
        print(line, flush=True)

    say(f"Python {platform.python_version()}, {os.cpu_count()} processors")
    kinds = (os.environ.get("LIVE_DATABASES") or "sqlite,postgres").split(",")
    runs = [run(kind, number("LIVE_DEALS", 2000), number("LIVE_CHANGES", 200), number("LIVE_RATE", 50), say) for kind in kinds]
    return 0 if all(runs) else 1


if __name__ == "__main__":
    sys.exit(main())
