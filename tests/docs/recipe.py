"""A recipe of docs/developers followed as its reader would: every code block done to a copy of the project, in order, as the words above it say.

The words that a block may stand under (bold in the page, so that a person finds them too):

    **Create `path`:** · **Add at the end of `path`:** · **In `path`, below the line `line`, add:** · **In `path`, instead of the line `line`:** ·
    **In `path`, instead of the line below `line`:** · **Run:**

Any other words above a block make the recipe unreadable, so a page cannot grow a step that nobody tries.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
WORDS = (
    ("create", re.compile(r"Create `([^`]+)`:")),
    ("append", re.compile(r"Add at the end of `([^`]+)`:")),
    ("below", re.compile(r"In `([^`]+)`, below the line `(.+)`, add:")),
    ("under", re.compile(r"In `([^`]+)`, instead of the line below `(.+)`:")),
    ("instead", re.compile(r"In `([^`]+)`, instead of the line `(.+)`:")),
    ("run", re.compile(r"Run:")),
)
PROGRAM = re.compile(r'(?:echo "(?P<typed>[^"]*)" \| )?(?P<what>[^|&;<>$]+)')
LOADING = (".venv/bin/flask ", ".venv/bin/python -m pytest ", ".venv/bin/python tools/migrations.py")  # programs that load the whole product
FORKING = """
import json, os, runpy, sys, tempfile
import app

for line in sys.stdin:
    words, typed = json.loads(line)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write((typed + "\\n").encode())
        given.seek(0)
        child = os.fork()
        if not child:
            os.dup2(given.fileno(), 0), os.dup2(said.fileno(), 1), os.dup2(said.fileno(), 2)
            sys.stdin = open(0)
            if words[0].endswith("python"):
                words = words[1:]
            sys.argv = words[1:] if words[0] == "-m" else words
            runpy.run_module(words[1], run_name="__main__", alter_sys=True) if words[0] == "-m" else runpy.run_path(words[0], run_name="__main__")
            sys.exit()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        print(json.dumps([code, said.read().decode()]), flush=True)
"""
NOT_COPIED = {".git", ".venv", ".reference", "node_modules", "instance", ".stamps"}


@dataclass(frozen=True)
class Step:
    """One block: what is done with it, to which file, at which line."""

    action: str
    path: str
    line: str
    text: str


def steps(page: Path) -> list[Step]:
    """The steps of a recipe. Raises ValueError for a block under words that are none of the known."""
    text = page.read_text("utf-8")
    found = []
    for block in BLOCK.finditer(text):
        words = text[: block.start()].rstrip().rsplit("\n", 1)[-1]
        bold = re.fullmatch(r".*\*\*(.+)\*\*", words)
        made = next((_step(action, match, block[2]) for action, pattern in WORDS if bold and (match := pattern.fullmatch(bold[1]))), None)
        if made is None:
            raise ValueError(f"{page.name}: nobody knows what to do with the block under {words!r}")
        found.append(made)
    return found


def _step(action: str, match: "re.Match[str]", text: str) -> Step:
    groups = (*match.groups(), "", "")
    return Step(action, groups[0], groups[1], text)


class Copy:
    """A copy of the project in a folder of its own, with an installation of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        for path in tracked():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target)
        for name in (".venv", "static/vendor"):
            (self.root / name).symlink_to((ROOT / name).resolve())
        kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "SECRET_KEY", "PUBLIC_URL", "SMTP_URL", "SAMPLE_DATA", "DEMO")}
        self.environment = {**kept, "INSTANCE": str(folder / "instance")}
        self.ready: Ready | None = None
        self.run(".venv/bin/python tools/translations.py compile")

    def follow(self, page: Path) -> None:
        """Do every step of the recipe."""
        for step in steps(page):
            if step.action == "run":
                for command in commands(step.text):
                    self.run(command)
            else:
                self.write(step)

    def write(self, step: Step) -> None:
        path = self.root / step.path
        if path.suffix == ".py" and path.is_relative_to(self.root / "crm"):
            self.close()  # the product has become another one
        if step.action == "create":
            assert not path.exists(), f"{step.path} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, "utf-8")
            return
        text = path.read_text("utf-8")
        if step.action == "append":
            space = "\n\n" if path.suffix == ".py" and not step.text.startswith((" ", "#")) else ""
            path.write_text(text.rstrip("\n") + "\n" + space + step.text, "utf-8")
            return
        lines = text.splitlines(keepends=True)
        places = [n for n, line in enumerate(lines) if line.strip() == step.line]
        assert len(places) == 1, f"{step.path}: the line {step.line!r} stands {len(places)} times"
        at = places[0]
        first, last = {"below": (at + 1, at + 1), "instead": (at, at + 1), "under": (at + 1, at + 2)}[step.action]
        lines[first:last] = [step.text]
        path.write_text("".join(lines), "utf-8")

    def run(self, command: str) -> str:
        """What a command says. Fails when it does."""
        program = PROGRAM.fullmatch(command)
        if program and program["what"].startswith(LOADING):
            self.ready = self.ready or Ready(self.root, self.environment)
            code, said = self.ready.run(shlex.split(program["what"]), program["typed"] or "")
        else:
            done = subprocess.run(command, shell=True, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=600, check=False)
            code, said = done.returncode, done.stdout + done.stderr
        assert code == 0, f"{command}\n{said[-12000:]}"
        return said

    def close(self) -> None:
        if self.ready:
            self.ready.close()
            self.ready = None


class Ready:
    """A process that has loaded the product and runs programs of the copy, each in a fork of its own: loading takes longer than most of them."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        command = [root / ".venv/bin/python", "-c", FORKING]
        self.process = subprocess.Popen(command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, words: Sequence[str], typed: str) -> tuple[int, str]:
        """The exit code of a program, and what it says on both its streams."""
        assert self.process.stdin and self.process.stdout
        print(json.dumps([words, typed]), file=self.process.stdin, flush=True)
        code, said = json.loads(self.process.stdout.readline() or '[-1, "the process that had loaded the product is gone"]')
        return code, said

    def close(self) -> None:
        self.process.communicate(timeout=60)


def commands(text: str) -> list[str]:
    """The command lines of a block; a line that ends in a backslash goes on in the next."""
    joined = re.sub(r"\\\n\s*", "", text)
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def tracked() -> Iterator[Path]:
    """Every file of the project that a clone of it would have, changed or not."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        yield from (Path(line) for line in listed.splitlines() if (ROOT / line).is_file() and not (ROOT / line).is_symlink())
        return
    for folder, names, files in os.walk(ROOT):
        names[:] = [n for n in names if n not in NOT_COPIED and n != "__pycache__" and not (Path(folder) / n).is_symlink()]
        yield from ((Path(folder) / f).relative_to(ROOT) for f in files)


def pytest_of(tests: str) -> str:
    """The command that runs tests inside a copy, by themselves."""
    return f".venv/bin/python -m pytest -q -x -n 0 -p no:cacheprovider {tests}"
