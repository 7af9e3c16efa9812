"""Fragments of changes have their form, and are joined into the changelog."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tools import changes


def test_every_fragment_is_named_by_kind_and_says_something() -> None:
    found = changes.fragments(ROOT / "changes")
    for paths in found.values():
        for path in paths:
            text = path.read_text("utf-8").strip()
            assert text.endswith("."), path.name
            assert not text.startswith(("#", "-")), path.name


def test_fragments_are_joined_under_a_version_by_kind_and_removed(tmp_path: Path) -> None:
    folder = tmp_path / "changes"
    folder.mkdir()
    (folder / "README.md").write_text("# Changes\n")
    (folder / "fixed-totals.md").write_text("Totals no longer mix currencies.\n")
    (folder / "added-board.md").write_text("A board of deals.\nIts columns are stages.\n")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\nNewest first.\n\n## 0.1.0 (2026-11-01)\n\n### Added\n\n- The first.\n")
    changes.join(tmp_path, "0.2.0", "2026-12-01")
    assert (tmp_path / "CHANGELOG.md").read_text() == (
        "# Changelog\n\nNewest first.\n\n## 0.2.0 (2026-12-01)\n\n### Added\n\n- A board of deals.\n  Its columns are stages.\n\n"
        "### Fixed\n\n- Totals no longer mix currencies.\n\n## 0.1.0 (2026-11-01)\n\n### Added\n\n- The first.\n"
    )
    assert [path.name for path in folder.iterdir()] == ["README.md"]
    with pytest.raises(ValueError, match="no fragments"):
        changes.join(tmp_path, "0.3.0", "2027-01-01")


def test_a_file_that_is_no_fragment_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("x\n")
    with pytest.raises(ValueError, match=r"notes\.md"):
        changes.fragments(tmp_path)
