"""One installation in a folder of its own, driven as an operator drives it: by its commands, and by a server that is really running."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from config import ROOT, from_environment
from crm.application import create_app
from crm.backoffice.database import make_engine

START_SECONDS = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def failed(arguments: Sequence[str | Path], code: int, said: str) -> RuntimeError:
    return RuntimeError(f"flask {' '.join(map(str, arguments))} ended with {code}: {said[-2000:]}")


@dataclass
class Installation:
    """`folder` is its INSTANCE; `database_url` empty means SQLite in it."""

    folder: Path
    database_url: str = ""
    port: int = field(default_factory=free_port)
    server: "subprocess.Popen[bytes] | None" = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "INSTANCE", "PUBLIC_URL", "SMTP_URL", "SAMPLE_DATA")}
        own = {"INSTANCE": str(self.folder), "PORT": str(self.port), "WORKERS": "1", "DEMO": "0", "SECRET_KEY": "k" * 40, "LOG_LEVEL": "WARNING"}
        return {**kept, **own, **({"DATABASE_URL": self.database_url} if self.database_url else {})}

    def engine(self) -> Engine:
        return make_engine(self.database_url or f"sqlite:///{self.folder / 'brama.db'}", statement_seconds=0)

    def start(self, *arguments: str | Path) -> "subprocess.Popen[str]":
        """`flask …` as a process of its own."""
        command = [sys.executable, "-m", "flask", "--app", "app", *map(str, arguments)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def apart(self, *arguments: str | Path, typed: str | None = None) -> None:
        """`flask …` in a process of its own, to its end. Raises RuntimeError when it fails."""
        process = self.start(*arguments)
        out, err = process.communicate(typed)
        if process.returncode:
            raise failed(arguments, process.returncode, err or out)

    def flask(self, *arguments: str | Path, typed: str | None = None, allowed: Sequence[int] = (0,)) -> str:
        """What `flask …` prints, run in this process: what is neither killed nor served needs none of its own, which takes two seconds to begin.
        Raises RuntimeError when it ends otherwise than allowed."""
        app = create_app(replace(from_environment(self.environment), testing=True))
        try:
            done = app.test_cli_runner().invoke(args=[*map(str, arguments)], input=typed)
        finally:
            app.extensions["brama"].engine.dispose()
        if done.exit_code not in allowed:
            raise failed(arguments, done.exit_code, done.stderr or done.stdout or repr(done.exception))
        return str(done.stdout)

    def answer(self, *arguments: str | Path, allowed: Sequence[int] = (0,)) -> Any:
        return json.loads(self.flask(*arguments, allowed=allowed))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        """Start server and job worker; returns when they answer."""
        log = (self.folder / "serve.log").open("w")
        self.server = subprocess.Popen([sys.executable, "-m", "flask", "--app", "app", "serve"], cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.address}/health", timeout=5).close()
                return
            except (OSError, urllib.error.URLError):
                if self.server.poll() is not None:
                    break
                time.sleep(0.2)
        self.stop()
        raise RuntimeError(f"the server does not answer: {(self.folder / 'serve.log').read_text()[-2000:]}")

    def stop(self) -> None:
        if self.server is not None and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(30)
        self.server = None
