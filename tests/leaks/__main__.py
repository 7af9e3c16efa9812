"""`python -m tests.leaks`: two databases that differ only in what a role hides answer every question alike, for every role.

MUTANTS=1 breaks ten guards in turn and asks until the break is found. DATABASE=sqlite (default), postgres or both; SHARE=0.1 asks a
tenth; SEED=2 another company and other questions; ROLES=seller,clerk only these.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from tests.leaks import roles
from tests.leaks.databases import Databases, OnPostgres, OnSqlite, postgres
from tests.leaks.mutants import MUTANTS, hunt
from tests.leaks.suite import Outcome, Terms, run

PROCESSES = 2
SHOWN = 12  # differences that are printed


def main() -> int:
    env = os.environ
    terms = Terms(seed=int(env.get("SEED", "1")), share=float(env.get("SHARE", "1")))
    chosen = [r for r in env.get("ROLES", "").split(",") if r] or list(roles.rules())
    wanted = {"both": ("sqlite", "postgres")}.get(env.get("DATABASE", "sqlite"), (env.get("DATABASE", "sqlite"),))
    begun = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="brama-leaks-")))
        known = [stack.enter_context(databases(name, folder, terms.seed)) for name in wanted]
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
    return ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn"))


# --- non-interference ------------------------------------------------------------------------------------------------


def leaks(known: list[Databases], terms: Terms, chosen: list[str]) -> Counted:
    outcomes: list[Outcome] = []
    with pool() as workers:
        work = {workers.submit(run, databases, role, terms): databases.name for databases in known for role in chosen}
        for future, name in work.items():
            outcome = future.result()
            outcomes.append(outcome)
            say(
                f"  {name:9}{outcome.role:18}{sum(outcome.asked.values()):6} probes  {outcome.known:5} secrets  "
                f"{len(outcome.faults):3} differences  {outcome.seconds:5.0f} s"
            )
    return report(outcomes, whole=terms.share >= 1 and len(chosen) == len(roles.rules()))


def report(outcomes: list[Outcome], *, whole: bool) -> Counted:
    """The totals, and whether something is wrong: a difference, a rule nobody probes, a role that keeps nothing."""
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    unprobed = sorted(set().union(*(o.unprobed for o in outcomes)))
    answered = {place for o in outcomes for place in o.met}
    unasked = sorted(set().union(*(o.rules for o in outcomes)) - answered) if whole and not faults else []
    idle = [o.role for o in outcomes if not o.known]
    for fault in faults[:SHOWN]:
        say(str(fault))
    for endpoint in unprobed:
        say(f"No probe asks {endpoint}")
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
    """Every break of every mutant, until the suite finds it. The last line says how many mutants were caught whole."""
    caught = 0
    with pool() as workers:
        work = [[workers.submit(hunt, databases, m, n, terms, chosen) for n, _ in enumerate(mutant.breaks)] for m, mutant in enumerate(MUTANTS)]
        for mutant, futures in zip(MUTANTS, work, strict=True):
            found = [future.result() for future in futures]
            good = all(catch.good for catch in found)
            caught += good
            say(f"{mutant.name}: {'caught' if good else 'NOT CAUGHT'}")
            for (what, _), catch in zip(mutant.breaks, found, strict=True):
                say(f"  {what}\n    {catch}")
    return Counted(f"{caught}/{len(MUTANTS)}", caught == len(MUTANTS))


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
