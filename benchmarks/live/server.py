"""The server of a run, and the memory of its processes."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.live.browsers import Browser
from config import ROOT
from crm.serving.processes import is_free


@contextmanager
def serving(url: str, instance: Path) -> Iterator[tuple[int, int]]:
    """The port and the process of a server with two workers and the job worker."""
    port = next(port for port in range(8100, 8900) if is_free("127.0.0.1", port))
    environ = {**os.environ, "DATABASE_URL": url, "INSTANCE": str(instance), "PORT": str(port), "WORKERS": "2", "DEMO": "0", "LOG_LEVEL": "ERROR"}
    server = subprocess.Popen([Path(sys.executable).parent / "flask", "serve"], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while Browser(port).get("/health").status != 200:
            assert time.monotonic() < until and server.poll() is None, "the server does not answer"
            time.sleep(0.2)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(30)


def memory(parent: int) -> list[tuple[str, float]]:
    """Every process below `parent` by name, and the megabytes that it alone holds."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            children.setdefault(int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]), []).append(int(folder.name))
        except (OSError, IndexError):
            continue
    found, waiting = [], [parent]
    while waiting:
        one = waiting.pop()
        waiting += children.get(one, ())
        try:
            held = sum(int(size) for size in re.findall(r"^Private_\w+: +(\d+) kB", Path(f"/proc/{one}/smaps_rollup").read_text(), re.MULTILINE))
            command = Path(f"/proc/{one}/cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if one != parent:
            found.append(("jobs" if "worker" in command else "web", held / 1024))
    return sorted(found)
