"""The pages of the documentation as data: their headings, links, pictures, tables and blocks of code."""

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.M | re.S)
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block of code: its language and its text."""

    page: Path
    language: str
    text: str


@cache
def pages() -> tuple[Path, ...]:
    """Every page that people read on their way through the project."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changes/*.md"), *ROOT.glob("templates/*.md")]
    return tuple(sorted(found))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return BLOCK.sub("", page.read_text("utf-8"))


def blocks(page: Path, *languages: str) -> list[Block]:
    """The page's blocks of code, of these languages when some are named."""
    found = [Block(page, m[2], m[3]) for m in BLOCK.finditer(page.read_text("utf-8"))]
    return [b for b in found if not languages or b.language in languages]


def headings(page: Path) -> list[tuple[int, str]]:
    """(depth, text) of every heading."""
    return [(len(m[1]), m[2].strip()) for m in re.finditer(r"^(#{1,6}) (.+)$", prose(page), re.M)]


def anchors(page: Path) -> set[str]:
    """What a link may name behind `#`, as code hosts make it of headings."""
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", text).lower()).replace(" ", "-") for _, text in headings(page)}


def section(page: Path, heading: str) -> str:
    """The text below a heading, up to the next one of its depth or above. Raises KeyError when the page has no such heading."""
    text = page.read_text("utf-8")
    found = re.search(rf"^(#{{1,6}}) {re.escape(heading)}\n(.*?)(?=^#{{1,6}} |\Z)", text, re.M | re.S)
    if found is None:
        raise KeyError(f"{name(page)} has no heading {heading!r}")
    depth = len(found[1])
    whole = re.search(rf"^#{{{depth}}} {re.escape(heading)}\n(.*?)(?=^#{{1,{depth}}} |\Z)", text, re.M | re.S)
    return whole[1] if whole else found[2]


def rows(text: str) -> list[list[str]]:
    """The cells of every row of the tables in `text`, heads left out."""
    found = []
    lines = text.splitlines()
    for n, line in enumerate(lines):
        rule = re.fullmatch(r"\|?[\s:|-]+\|?", line) and "-" in line
        head = n + 1 < len(lines) and re.fullmatch(r"\|[\s:|-]+\|?", lines[n + 1]) and "-" in lines[n + 1]
        if line.startswith("|") and not rule and not head:
            found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))])
    return found


def first_cells(text: str) -> set[str]:
    """The code in the first cell of every row: what a table is about."""
    return {code for row in rows(text) for code in re.findall(r"`([^`]+)`", row[0])}


def links(page: Path) -> list[tuple[bool, str, str]]:
    """(whether a picture, text, target) of every link."""
    return [(m[1] == "!", m[2], m[3]) for m in LINK.finditer(prose(page))]


def is_ignored(path: Path) -> bool:
    """Whether git leaves a file out: a page must not lean on it."""
    done = subprocess.run(["git", "check-ignore", "-q", str(path)], cwd=ROOT, check=False)
    return done.returncode == 0
