"""A recipe of docs/developers followed as its reader would: every code block done to a copy of the project, in order, as the words above it say.

The words that a block may stand under (bold in the page, so that a person finds them too):

    **Create `path`:** · **Add at the end of `path`:** · **In `path`, below the line `line`, add:** · **In `path`, instead of the line `line`:** ·
    **In `path`, instead of the line below `line`:** · **Run:**

Any other words above a block make the recipe unreadable, so a page cannot grow a step that nobody tries.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
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
        done = subprocess.run(command, shell=True, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done.stdout


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
    return f"{sys.executable} -m pytest -q -x -n 0 -p no:cacheprovider {tests}"
