"""Joins the fragments of changes/ into CHANGELOG.md under a new version and removes them: `python tools/changes.py 0.2.0 2026-12-01`."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"added": "Added", "changed": "Changed", "fixed": "Fixed", "removed": "Removed", "security": "Security"}
NAME = re.compile(rf"({'|'.join(KINDS)})-[a-z0-9][a-z0-9-]*\.md")


def fragments(folder: Path) -> dict[str, list[Path]]:
    """Fragments by kind, in the order of their topics. Raises ValueError for a file whose name is none of a fragment."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*")):
        if path.name == "README.md":
            continue
        named = NAME.fullmatch(path.name)
        if named is None:
            raise ValueError(f"changes/{path.name}: a fragment is called <kind>-<topic>.md, of {', '.join(KINDS)}")
        found.setdefault(named[1], []).append(path)
    return found


def section(version: str, day: str, found: dict[str, list[Path]]) -> str:
    """The text of a version."""
    parts = [f"## {version} ({day})"]
    for kind, title in KINDS.items():
        if kind in found:
            parts.append(f"### {title}\n\n" + "\n".join("- " + "\n  ".join(path.read_text("utf-8").strip().splitlines()) for path in found[kind]))
    return "\n\n".join(parts) + "\n"


def join(root: Path, version: str, day: str) -> None:
    """Writes the version above the older ones. Raises ValueError when there is nothing to join."""
    found = fragments(root / "changes")
    if not found:
        raise ValueError("There are no fragments in changes/.")
    log = root / "CHANGELOG.md"
    head, rule, older = log.read_text("utf-8").partition("\n## ")
    log.write_text(f"{head.rstrip()}\n\n{section(version, day, found)}" + (f"{rule}{older}" if rule else ""), "utf-8")
    for paths in found.values():
        for path in paths:
            path.unlink()


if __name__ == "__main__":
    if not re.fullmatch(r"\d+\.\d+\.\d+", "".join(sys.argv[1:2])):
        sys.exit("usage: tools/changes.py VERSION [DAY]")
    try:
        join(ROOT, sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else datetime.now(UTC).date().isoformat())
    except ValueError as wrong:
        sys.exit(str(wrong))
