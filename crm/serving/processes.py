"""One parent, two children: the web server and the job worker. A child that dies is started again, each time after a longer pause."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FrameType

import structlog

from config import ROOT

log = structlog.get_logger("brama.serve")
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.5, 30.0, 60.0
GRACE = 10.0


@dataclass
class Child:
    """A process that should be running, and when it may be started next."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = field(default=0.0)

    def start(self) -> None:
        # A group of its own: Ctrl-C in a terminal reaches the parent alone, which then ends its children in order.
        self.process = subprocess.Popen(self.command, cwd=ROOT, start_new_session=True)  # noqa: S603  # the command is our own
        self.started = time.monotonic()

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill_rest(self) -> None:
        """Ends what an ended child left behind in its group: a half-dead server would go on answering beside the new one."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def tend(children: Sequence[Child]) -> int:
    """Keeps the children running until SIGTERM or SIGINT; ends them and gives 0. Children that do not end in ten seconds are killed."""
    stop = threading.Event()

    def asked(number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, asked)
    for child in children:
        child.start()
    while not stop.wait(0.2):
        for child in children:
            look_after(child)
    finish(children)
    return 0


def look_after(child: Child) -> None:
    """Starts the child again when it has ended and its pause is over."""
    now = time.monotonic()
    if child.process is not None:
        code = child.process.poll()
        if code is None:
            return
        child.kill_rest()
        child.pause = FIRST_PAUSE if now - child.started > STEADY else min(child.pause * 2, LONGEST_PAUSE)
        child.due, child.process = now + child.pause, None
        log.warning("ended, starting again", child=child.name, code=code, after=child.pause)
    elif now >= child.due:
        child.start()


def finish(children: Sequence[Child]) -> None:
    for child in children:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("does not end, killed", child=child.name)
            child.signal(signal.SIGKILL)
            child.process.wait()
        child.kill_rest()


def end_with_parent(poll: float = 1.0) -> None:
    """Ends this process when its parent has gone: a killed parent leaves no orphans."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(poll)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def python(*arguments: str) -> list[str]:
    """A command that runs in this process's own interpreter."""
    return [sys.executable, *arguments]
