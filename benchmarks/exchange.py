"""Import and export as processes of their own: seconds, rows, and the most memory they took."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bare import COLUMNS
from benchmarks.data import READER
from config import ROOT, Settings
from tests.factories.deal_file import MAPPING, write

FEW = json.dumps({"field": "opened_on", "op": "lt", "value": "2022-05-13"})  # a tenth of the deals: see data.course


@dataclass(frozen=True)
class Run:
    """One process: seconds by the clock and of the processor, megabytes at the most, how many lines it gave, and these where they were kept."""

    seconds: float
    cpu: float
    memory: float
    lines: int
    said: str


def apart(command: Sequence[str], settings: Settings, *, keep: bool = False) -> Run:
    """Run a command with the installation's environment. Raises RuntimeError when it fails."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PUBLIC_URL", "SMTP_URL", "SAMPLE_DATA")}
    own = {"INSTANCE": str(settings.instance), "DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key, "LOG_LEVEL": "ERROR"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env={**kept, **own}, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        memory, ended = 0.0, 0
        while not ended:
            memory = max(memory, _memory(process.pid))
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            err.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {err.read().decode()[-2000:]}")
        out.seek(0)
        lines = sum(1 for _ in out)
        out.seek(0)
        return Run(seconds, used.ru_utime + used.ru_stime, memory, lines, out.read().decode() if keep else "")


def _memory(pid: int) -> float:
    """Megabytes a process has taken at the most until now. (What the system tells at its end counts the memory of its parent too, whose
    image it was before it began.) 0 where there is no such file."""
    try:
        told = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", told)
    return int(found[1]) / 1024 if found else 0.0


def exports(settings: Settings, stock_rows: int, deals: int) -> dict[str, Run]:
    """The deals as CSV by every contender, and a tenth of them by the product. Stock Flask-Admin, which keeps all rows in memory, is
    not asked for more than `stock_rows`."""
    ours = [*flask("data", "export", "deal"), "--format", "csv", "--as", READER, "--fields", ",".join(COLUMNS)]
    found = {"Brama": apart(ours, settings), "Brama, a tenth": apart([*ours, "--where", FEW], settings), "bare": apart(_other("bare", settings), settings)}
    if deals <= stock_rows:
        found["stock Flask-Admin"] = apart(_other("stock", settings), settings)
    return found


def imports(settings: Settings, rows: int) -> dict[str, tuple[Run, dict[str, int]]]:
    """A file of deals with customers, sellers, products and lines, found by name or made; then four times as many, a quarter of which is
    there already: process and what it says it did."""
    mapping = settings.instance / "deals.yaml"
    mapping.write_text(MAPPING)
    found = {}
    for name, count, seed in (("a quarter", rows // 4, 1), ("whole", rows, 2)):
        file = write(settings.instance / f"deals{count}.csv", count, seed)
        run = apart([*flask("data", "import", "deal"), str(file), "--mapping", str(mapping)], settings, keep=True)
        found[name] = (run, json.loads(run.said))
    return found


def flask(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "app", *arguments]


def _other(name: str, settings: Settings) -> list[str]:
    return [sys.executable, "-m", "benchmarks.apart", name, settings.database_url]
