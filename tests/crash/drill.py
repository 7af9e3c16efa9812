"""The drill: the same import undisturbed and killed many times while a colleague saves, on one kind of database; then compare."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.engine import make_url

from crm.backoffice.exchange.batches import ImportBatch
from crm.backoffice.journal import JournalRow
from crm.backoffice.catalog import load_catalog
from crm.organization.models import User
from crm.sales.models import Deal, DealLine
from tests.crash import killing
from tests.crash.colleague import EMAIL, NAME, PASSWORD, Colleague
from tests.crash.contents import Contents, contents
from tests.crash.installation import Installation
from tests.factories import deal_file

EARLIER = 20  # one row in so many is there before, as it looked earlier
COUNTS = ("rows", "created", "updated", "unchanged", "skipped", "failed", "related")
PATIENCE = 2.0  # seconds a colleague may wait for one save

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How large, how often, from which seed; `server` is the address of a PostgreSQL, empty for SQLite."""

    rows: int
    kills: int
    seed: int
    folder: Path
    server: str = ""
    say: Say = print

    @property
    def file(self) -> Path:
        return self.folder / "deals.csv"

    @property
    def mapping(self) -> Path:
        return self.folder / "deals.yaml"


@dataclass
class Outcome:
    """What was found; `faults` are sentences, none when all is as promised."""

    faults: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    undisturbed: float = 0.0  # seconds
    kills: int = 0
    digest: str = ""

    @property
    def longest(self) -> float:
        return max(self.waits, default=0.0)


def run(plan: Plan) -> Outcome:
    """Raises RuntimeError when a command fails that should not."""
    outcome = Outcome()
    rng = Random(plan.seed)
    plan.folder.mkdir(parents=True, exist_ok=True)
    deal_file.write(plan.file, plan.rows, plan.seed)
    plan.mapping.write_text(deal_file.MAPPING)
    before = _found(plan)

    calm = _copy(plan, before, "calm")
    report, writing_from, outcome.undisturbed = _undisturbed(plan, calm)
    plan.say(f"undisturbed: {plan.rows} rows in {outcome.undisturbed:.1f} s, {json.dumps({k: report[k] for k in COUNTS})}")
    with closing(_Opened(calm)) as opened:
        expected = contents(opened.engine)

    harassed = _copy(plan, before, "killed")
    harassed.serve()
    try:
        _harass(plan, harassed, rng, writing_from, report, outcome)
    finally:
        harassed.stop()
    _examine(harassed, outcome)
    with closing(_Opened(harassed)) as opened:
        _compare(plan, opened.engine, expected, outcome)
    return outcome


class _Opened:
    """An engine that is given back."""

    def __init__(self, installation: Installation) -> None:
        self.engine = installation.engine()

    def close(self) -> None:
        self.engine.dispose()


def _found(plan: Plan) -> Installation:
    """A company with a colleague, and with some of the file's deals as they looked earlier."""
    made = Installation(plan.folder / "before", _database(plan, "before"))
    made.folder.mkdir(mode=0o700)
    if plan.server:
        _admin(plan, f'CREATE DATABASE "{_name(plan, "before")}"')
    made.flask("init", "--email", "owner@firm.example", "--name", "Власниця", "--password-stdin", typed=PASSWORD + "\n")
    # Apart, for in a process of tests passwords are hashed cheaply, and the server would hash hers anew when she signs in.
    made.apart("user", "add", EMAIL, "--name", NAME, "--role", "seller", "--password-stdin", typed=PASSWORD + "\n")
    earlier = deal_file.write(plan.folder / "earlier.csv", plan.rows, plan.seed, only_every=EARLIER)
    _import(made, earlier, plan.mapping)
    return made


def _import(installation: Installation, file: Path, mapping: Path) -> Any:
    return installation.answer("data", "import", "deal", file, "--mapping", mapping)


def _copy(plan: Plan, before: Installation, name: str) -> Installation:
    copied = Installation(plan.folder / name, _database(plan, name))
    if plan.server:
        copied.folder.mkdir(mode=0o700)
        _admin(plan, f'CREATE DATABASE "{_name(plan, name)}" TEMPLATE "{_name(plan, "before")}"')
        return copied
    with closing(_Opened(before)) as opened, opened.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(before.folder, copied.folder)
    return copied


def _name(plan: Plan, name: str) -> str:
    return f"crash_{plan.folder.name.replace('-', '_')}_{name}"


def _database(plan: Plan, name: str) -> str:
    return make_url(plan.server).set(database=_name(plan, name)).render_as_string(hide_password=False) if plan.server else ""


def _admin(plan: Plan, statement: str) -> None:
    engine = create_engine(plan.server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _undisturbed(plan: Plan, calm: Installation) -> tuple[Any, float, float]:
    """The import's report, after how many seconds it began to write, and how many it took."""
    began, writing_from = time.monotonic(), 0.0
    process = calm.start("data", "import", "deal", plan.file, "--mapping", plan.mapping)
    with closing(_Opened(calm)) as opened:
        while process.poll() is None:
            if not writing_from and killing.position(opened.engine):
                writing_from = time.monotonic() - began
            time.sleep(killing.POLL * 5)
    return _report(process), writing_from or 1.0, time.monotonic() - began


def _report(process: "subprocess.Popen[str]") -> Any:
    out, err = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the import ended with {process.returncode}: {err[-2000:] or out[-2000:]}")
    return json.loads(out)


def _harass(plan: Plan, harassed: Installation, rng: Random, writing_from: float, expected: Any, outcome: Outcome) -> None:
    colleague = Colleague(harassed.address, Random(plan.seed + 1))
    colleague.start()
    with closing(_Opened(harassed)) as opened:
        standing = _standing(opened.engine)
        for number, moment in enumerate(killing.moments(rng, plan.kills, plan.rows, writing_from), 1):
            process = harassed.start("data", "import", "deal", plan.file, "--mapping", plan.mapping)
            killed = killing.kill(process, moment, opened.engine)
            outcome.kills += killed
            wrong = killing.torn(opened.engine, deal_file.NUMBER, standing)
            place = killing.position(opened.engine)
            plan.say(f"  {number:2}. {'killed' if killed else 'had ended before'} {moment}; written up to row {place}{wrong and ': ' + wrong}")
            outcome.faults += [f"after kill {number}: {wrong}"] if wrong else []
        last = _report(harassed.start("data", "import", "deal", plan.file, "--mapping", plan.mapping))
        colleague.stop()
    outcome.faults += [f"the import said {name} {last[name]}, undisturbed {expected[name]}" for name in COUNTS if last[name] != expected[name]]
    again = _import(harassed, plan.file, plan.mapping)
    outcome.faults += [f"a further import {name} {again[name]}" for name in ("created", "updated", "failed") if again[name]]
    outcome.waits = colleague.waits
    outcome.faults += [f"the colleague met a fault:\n{colleague.fault}"] if colleague.fault else []
    outcome.faults += [] if colleague.waits else ["the colleague saved nothing"]
    with closing(_Opened(harassed)) as opened:
        outcome.faults += _lost(opened.engine, colleague)


def _standing(engine: Engine) -> tuple[int, int]:
    """Deals of the file that are there already, and their lines."""
    deal, line = Deal.__table__, DealLine.__table__
    with engine.connect() as connection:
        return (
            connection.scalar(select(func.count()).select_from(deal)) or 0,
            connection.scalar(select(func.count()).select_from(line)) or 0,
        )


def _lost(engine: Engine, colleague: Colleague) -> list[str]:
    """What the colleague was told is saved and is not there as she left it, once."""
    catalog, faults = load_catalog(engine), []
    journal = JournalRow.__table__
    with engine.connect() as connection:
        for (entity, record_id), (key, value) in colleague.kept.items():
            kind = catalog.entity(entity)
            table = kind.table
            stored = connection.scalar(select(table.c[kind.fields[key].attribute]).where(table.c.id == record_id))
            if stored != value:
                faults.append(f"the colleague's {entity} {record_id} holds {stored!r} and not {value!r}")
        written = select(func.count()).select_from(journal).where(
            journal.c.actor_id == _number(engine), journal.c.action.in_(("create", "update")), journal.c.entity.in_(("account", "deal")))
        count = connection.scalar(written)
    return faults if count == colleague.saves else [*faults, f"{colleague.saves} saves of the colleague, {count} in the journal"]


def _number(engine: Engine) -> int:
    user = User.__table__
    with engine.connect() as connection:
        return int(connection.execute(select(user.c.id).where(user.c.email == EMAIL)).scalar_one())


def _examine(harassed: Installation, outcome: Outcome) -> None:
    for command in (("doctor",), ("journal", "verify")):
        found = harassed.answer(*command, allowed=(0, 1))
        if not found["ok"]:
            outcome.faults.append(f"flask {' '.join(command)}: {json.dumps(found, ensure_ascii=False)}")


def _compare(plan: Plan, engine: Engine, expected: Contents, outcome: Outcome) -> None:
    batch = ImportBatch.__table__
    with engine.connect() as connection:
        left = connection.scalar(select(func.count()).select_from(batch).where(batch.c.state != "done"))
    outcome.faults += [f"{left} imports are still under way"] if left else []
    found = contents(engine, without=_number(engine))
    outcome.digest = found.digest
    plan.say(f"contents: {expected.digest} undisturbed, {found.digest} killed; {json.dumps(found.counts)}")
    if found.digest != expected.digest:
        outcome.faults += ["the contents differ:", *found.differences(expected)]
    if outcome.longest >= PATIENCE:
        outcome.faults.append(f"the colleague waited {outcome.longest:.2f} s for a save")
