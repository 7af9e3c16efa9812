"""`python -m tests.leaks`: two databases that differ only in what a role hides answer every question alike, for every role.

MUTANTS=1 breaks ten guards in turn and asks until two answers differ. SEED=2: another company and other questions. SHARE=1: every
question, not a part of those beyond one of each field at each endpoint. ROLES=seller,clerk: only these. ENDPOINT="/<entity>/export": only
this one. PROBE=seller/1042: this question alone. DATABASE=sqlite (default), postgres or both.
"""

import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from tests.leaks import roles
from tests.leaks.databases import Databases, OnPostgres, OnSqlite, postgres
from tests.leaks.mutants import MUTANTS, Catch, control, hunt
from tests.leaks.suite import Outcome, Terms, run

PROCESSES = 2
SHARE = 0.05
SELDOM = (100_000, 50, 1_000)  # looking for what can be thrown away among what stays takes a tenth of the time otherwise
SHOWN = 6  # differences of a role that are printed
LONG = ("administrator", "head")  # they see most and are begun first: both processes end together then


def main() -> int:
    env = os.environ
    role, _, only = env.get("PROBE", "").partition("/")
    terms = Terms(seed=int(env.get("SEED") or 1), share=float(env.get("SHARE") or SHARE), only=int(only or 0), endpoint=env.get("ENDPOINT", ""))
    chosen = [role] if role else [r for r in env.get("ROLES", "").split(",") if r] or sorted(roles.rules(), key=lambda one: one not in LONG)
    stand_on = env.get("DATABASE") or "sqlite"
    unknown = [r for r in chosen if r not in roles.rules()]
    if unknown:
        say(f"No such role: {', '.join(unknown)}. There are {', '.join(roles.rules())}.")
        return 2
    begun = time.monotonic()
    say(f"SEED={terms.seed} SHARE={terms.share:g} DATABASE={stand_on}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="brama-leaks-")))
        known = [stack.enter_context(databases(name, folder, terms.seed)) for name in {"both": ("sqlite", "postgres")}.get(stand_on, (stand_on,))]
        counted = mutants(known[0], terms, chosen) if env.get("MUTANTS", "") not in ("", "0") else leaks(known, terms, chosen)
    say(f"{time.monotonic() - begun:.0f} s")
    say(counted.line)
    return 0 if counted.good else 1


class Counted(NamedTuple):
    """The last line, and whether all is well."""

    line: str
    good: bool


@contextmanager
def databases(name: str, folder: Path, seed: int) -> Iterator[Databases]:
    with ExitStack() as stack:
        say(f"Building the company on {name} …")
        here = folder / name
        here.mkdir()
        yield OnSqlite(here, seed) if name == "sqlite" else OnPostgres(here, seed, stack.enter_context(postgres()))


def pool() -> ProcessPoolExecutor:
    """Processes of their own: what a mutant breaks in one is whole in the others."""
    return ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn"), initializer=gc.set_threshold, initargs=SELDOM)


# --- non-interference ------------------------------------------------------------------------------------------------


def leaks(known: list[Databases], terms: Terms, chosen: list[str]) -> Counted:
    outcomes: list[Outcome] = []
    with pool() as workers:
        work = {workers.submit(run, databases, role, terms): databases.name for databases in known for role in chosen}
        for future in as_completed(work):
            if future.exception() is not None:  # the suite itself is wrong: hours of further questions prove nothing
                workers.shutdown(cancel_futures=True)
            name, outcome = work[future], future.result()
            outcomes.append(outcome)
            say(
                f"  {name:9}{outcome.role:18}{sum(outcome.asked.values()):6} probes  {outcome.known:5} secrets  "
                f"{len(outcome.faults):3} differences  {outcome.seconds:5.0f} s"
            )
            for fault in outcome.faults[:SHOWN]:
                say(f"    {fault}")
    return report(outcomes, whole=not (terms.only or terms.endpoint) and len(chosen) == len(roles.rules()))


def report(outcomes: list[Outcome], *, whole: bool) -> Counted:
    """The totals, and whether something is wrong: a difference, a rule nobody probes, a role that keeps nothing."""
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    unprobed = sorted(set().union(*(o.unprobed for o in outcomes)))
    answered = {place for o in outcomes for place in o.met}
    unasked = sorted(set().union(*(o.rules for o in outcomes)) - answered) if whole and not faults else []
    idle = [o.role for o in outcomes if not o.known]
    if faults:
        say(f"PROBE={faults[0].role}/{faults[0].number} asks the first alone; what needs the writes of others is found again by ROLES={faults[0].role}")
    for place in unprobed:
        say(f"No probe asks {place}")
    for rule, method in unasked:
        say(f"Nothing was asked of {method} {rule}")
    for role in idle:
        say(f"Nothing is hidden from {role}: it proves nothing")
    endpoints = set().union(*(o.asked for o in outcomes))
    entities, fields = set().union(*(o.entities for o in outcomes)), set().union(*(o.names for o in outcomes))
    probes = sum(sum(o.asked.values()) for o in outcomes)
    say(f"{len(endpoints)} endpoints × {len(entities)} entities × {len(fields)} fields × {len({o.role for o in outcomes})} roles = {probes} probes")
    return Counted(f"{len(faults)} differences", not (faults or unprobed or unasked or idle))


# --- broken guards ---------------------------------------------------------------------------------------------------


def mutants(databases: Databases, terms: Terms, chosen: list[str]) -> Counted:
    """Every break of every mutant, until two answers differ; then the same questions without any break, which must find nothing.

    The last line says how many mutants were caught whole."""
    with pool() as workers:
        hunts = [[workers.submit(hunt, databases, m, n, terms, chosen) for n, _ in enumerate(mutant.breaks)] for m, mutant in enumerate(MUTANTS)]
        for mutant, futures in zip(MUTANTS, hunts, strict=True):
            for (what, _), future in zip(mutant.breaks, futures, strict=True):
                say(f"{mutant.name}: {what}\n    {future.result()}")
        catches = [[future.result() for future in futures] for futures in hunts]
        controls = controlled(databases, terms, [catch for found in catches for catch in found], workers)
    caught = 0
    for mutant, found in zip(MUTANTS, catches, strict=True):
        good = all(catch.fault is not None and not controls[catch.fault.role].faults for catch in found)
        caught += good
        say(f"{mutant.name}: {'caught' if good else 'NOT CAUGHT'}")
    return Counted(f"{caught}/{len(MUTANTS)}", caught == len(MUTANTS))


def controlled(databases: Databases, terms: Terms, catches: list[Catch], workers: ProcessPoolExecutor) -> dict[str, Outcome]:
    """Role → what the questions that found breaks find in the product as it is."""
    most: dict[str, int] = {}
    for catch in catches:
        if catch.fault is not None:
            most[catch.fault.role] = max(most.get(catch.fault.role, 0), catch.place)
    work = {role: workers.submit(control, databases, role, asked, terms) for role, asked in most.items()}
    outcomes = {role: future.result() for role, future in work.items()}
    for role, outcome in outcomes.items():
        say(f"Without a break: {sum(outcome.asked.values())} probes of {role}, {len(outcome.faults)} differences")
        for fault in outcome.faults:
            say(f"    {fault}")
    return outcomes


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
