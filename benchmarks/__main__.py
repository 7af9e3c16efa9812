"""`make bench`, or a smaller one: `BENCH_ROWS=20000 BENCH_POSTGRES_ROWS=50000 BENCH_ROUNDS=11 BENCH_IMPORT_ROWS=4000 make bench`;
`BENCH_DATABASES=sqlite` for one database alone, `BENCH_ONLY=list` for the questions whose name has that in it, `a,b` one of several."""

import os
import platform
import sys
import time
from dataclasses import dataclass
from itertools import chain

from benchmarks import exchange, interaction_pages, made, pages
from benchmarks.data import FIRST
from benchmarks.databases import database
from benchmarks.filling import Size, fill
from benchmarks.report import IMPORT_SECONDS, MEMORY, MOST_QUERIES, NOISE, Report
from benchmarks.timing import ratio
from config import Settings
from crm.backoffice.database import make_engine

INTERACTIONS_OF_A_DEAL = 3


@dataclass(frozen=True)
class Plan:
    """How large a run is: deals and interactions by database, rounds of each question, rows of the import, and the most rows stock
    Flask-Admin exports."""

    sizes: dict[str, Size]
    rounds: int
    imported: int
    stock: int
    seed: int
    only: str


def from_environment() -> Plan:
    def number(name: str, default: int) -> int:
        return int(os.environ.get(name) or default)

    def size(which: str, deals: int) -> Size:
        deals = number(f"BENCH_{which}ROWS", deals)
        return Size(deals, number(f"BENCH_{which}INTERACTIONS", INTERACTIONS_OF_A_DEAL * deals))

    sizes = {"sqlite": size("", 100_000), "postgres": size("POSTGRES_", 1_000_000)}
    kinds = (os.environ.get("BENCH_DATABASES") or "sqlite,postgres").split(",")
    return Plan(
        {kind: sizes[kind] for kind in kinds}, number("BENCH_ROUNDS", 41), number("BENCH_IMPORT_ROWS", 10_000), number("BENCH_STOCK_ROWS", 100_000),
        number("BENCH_SEED", 7), os.environ.get("BENCH_ONLY", ""),
    )


def measure(kind: str, plan: Plan, report: Report) -> None:
    """Everything over one database."""
    size = plan.sizes[kind]
    report.where = f"{kind}, {size.deals:,} deals"
    report.say(f"\n{report.where}, {size.interactions:,} interactions")
    with database(kind) as (url, instance):
        began = time.perf_counter()
        engine = make_engine(url, statement_seconds=0)
        fill(engine, size, plan.seed, lambda line: report.say(f"  … {line}"))
        engine.dispose()
        report.say(f"  filled in {time.perf_counter() - began:.0f} s")
        stage = pages.set_stage(url, instance)
        for question, times in pages.timed(chain(pages.questions(stage), interaction_pages.questions(stage)), plan.rounds, plan.only):
            report.timed(question.name, times, listed=question.listed)
        count_queries(stage, report)
        if not plan.only or "made" in plan.only:
            beside_made(stage, plan, report)
        settings = stage.settings
        stage.close()
        if not plan.only:
            exchanged(settings, plan, size.deals, report)


def beside_made(stage: pages.Stage, plan: Plan, report: Report) -> None:
    """A field that an administrator made beside one of the product's own, and saves under a roll-up beside saves without one."""
    owner = made.prepare(stage, report.say)
    for question, times in pages.timed(made.questions(stage, owner), plan.rounds):
        report.timed(question.name, times, listed=False, beside_whom=made.OWN)
        report.promise(question.name, ratio(times[made.MADE], times[made.OWN]), NOISE)
    without, under = made.written(stage, report.say)
    for name, writing in (("without a roll-up", without), ("under a roll-up", under)):
        report.say(f"  {'16 writers':26} {name:18} {writing.median * 1000:9.1f} ms a save, {writing.longest:.2f} s at the most")


def count_queries(stage: pages.Stage, report: Report) -> None:
    """Of pages of three sizes, of a record, and of what is told of the past: as many for a long one as for a short one."""
    counted = {f"a list of {size}": pages.queries(stage, f"/deal/?size={size}") for size in pages.SIZES}
    counted["a record"] = pages.queries(stage, f"/deal/{FIRST + stage.deals // 2}/")
    counted |= interaction_pages.counted(stage)
    report.say("  queries a page: " + ", ".join(f"{name} {number}" for name, number in counted.items()))
    for name, number in counted.items():
        report.promise(f"queries of {name}", number, MOST_QUERIES, "")
    for short, long in interaction_pages.ALIKE:
        if long in counted:
            report.promise(f"queries of {long} beside {short}", counted[long] / counted[short], 1.0)


def exchanged(settings: Settings, plan: Plan, deals: int, report: Report) -> None:
    """Export by all, import by the product: time and memory."""
    exports = exchange.exports(settings, plan.stock, deals)
    for who, run in exports.items():
        report.say(f"  {'export':26} {who:18} {run.seconds:9.1f} s  {run.lines:10,} lines {run.memory:8.0f} MB at the most")
    report.promise("memory of an export beside that of a tenth", exports["Brama"].memory / max(exports["Brama, a tenth"].memory, 1), MEMORY)
    imports = exchange.imports(settings, plan.imported)
    for name, (run, said) in imports.items():
        outcome = ", ".join(f"{said[key]:,} {key}" for key in ("created", "updated", "unchanged", "failed"))
        report.say(f"  {'import':26} {name:18} {run.seconds:9.1f} s  {said['rows']:10,} rows  {run.memory:8.0f} MB at the most: {outcome}")
    part, whole = (imports[name] for name in ("a quarter", "whole"))
    # Two runs of different length: what a row takes, without the start of the process.
    each = (whole[0].seconds - part[0].seconds) / (whole[1]["rows"] - part[1]["rows"])
    report.promise("import of 100,000 rows at this pace", each * 100_000, IMPORT_SECONDS, "s")
    report.promise("memory of an import beside that of a quarter", whole[0].memory / max(part[0].memory, 1), MEMORY)


def main() -> int:
    plan, report, began = from_environment(), Report(), time.perf_counter()
    report.say(f"Python {platform.python_version()}, {os.cpu_count()} processors, {plan.rounds} rounds, seed {plan.seed}")
    for kind in plan.sizes:
        measure(kind, plan, report)
    report.close()
    report.say(f"{time.perf_counter() - began:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
