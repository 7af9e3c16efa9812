"""The parent of server and worker: starts again what died, ends everything when told to, leaves no orphan."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import ROOT

CHILD = """
import os, pathlib, subprocess, sys, time
from crm.serving.processes import end_with_parent
end_with_parent(0.1)
folder = pathlib.Path(sys.argv[1])
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
(folder / f"started-{os.getpid()}-{grandchild.pid}").touch()
time.sleep(60)
"""
PARENT = """
import sys
from crm.serving import processes
processes.ROOT = {root!r}
child = processes.Child("child", [sys.executable, {child!r}, {folder!r}])
sys.exit(processes.tend([child]))
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    (tmp_path / "child.py").write_text(CHILD)
    source = PARENT.format(root=str(ROOT), child=str(tmp_path / "child.py"), folder=str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", source], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL, start_new_session=True
    )
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


def started(folder: Path, count: int) -> list[tuple[int, int]]:
    """(child, grandchild) in the order of their start, once there are `count` of them."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        marks = sorted(folder.glob("started-*"), key=lambda mark: mark.stat().st_mtime_ns)
        if len(marks) >= count:
            return [(int(child), int(grandchild)) for _, child, grandchild in (mark.name.split("-") for mark in marks)]
        time.sleep(0.05)
    raise AssertionError(f"fewer than {count} starts")


def gone(pid: int, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def test_a_child_that_dies_is_cleared_and_started_again(parent: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    child, grandchild = started(tmp_path, 1)[0]
    os.kill(child, signal.SIGKILL)
    second = started(tmp_path, 2)[1][0]
    assert second != child
    assert gone(grandchild)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_everything_ends_with_code_zero(parent: "subprocess.Popen[bytes]", tmp_path: Path, number: int) -> None:
    child, grandchild = started(tmp_path, 1)[0]
    parent.send_signal(number)
    assert parent.wait(20) == 0
    assert gone(child)
    assert gone(grandchild)


def test_children_of_a_killed_parent_end_by_themselves(parent: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    child, grandchild = started(tmp_path, 1)[0]
    parent.kill()
    parent.wait()
    assert gone(child)
    os.kill(grandchild, signal.SIGKILL)
