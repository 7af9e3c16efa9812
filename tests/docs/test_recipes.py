"""The recipes for developers, followed word for word in a copy of the project; then what they promise is tried there."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.recipe import ROOT, Copy, pytest_of, steps

RECIPES = ROOT / "docs" / "developers"


@pytest.fixture
def copy() -> Iterator[Copy]:
    """A copy outside pytest's own folder: a PostgreSQL started by root runs as somebody else, who must get through to its programs."""
    with tempfile.TemporaryDirectory(prefix="brama-recipe-") as folder:
        made = Copy(Path(folder))
        yield made
        made.close()


@pytest.mark.slow
def test_an_entity_and_then_a_report_are_added(copy: Copy) -> None:
    copy.follow(RECIPES / "add-an-entity.md")
    copy.run(".venv/bin/python tools/migrations.py")
    assert len(list((copy.root / "migrations" / "versions").glob("*_equipment.py"))) == 1
    copy.follow(RECIPES / "add-a-report.md")
    copy.run(pytest_of("tests/docs/new_entity.py tests/docs/new_report.py"))
    copy.run(".venv/bin/ruff check crm tests migrations")
    copy.run(".venv/bin/lint-imports --no-cache")


def test_a_block_under_other_words_makes_a_recipe_unreadable(tmp_path: Path) -> None:
    page = tmp_path / "recipe.md"
    page.write_text("**Create `a.txt`:**\n\n```text\nx\n```\n")
    assert [(s.action, s.path, s.text) for s in steps(page)] == [("create", "a.txt", "x\n")]
    page.write_text("Perhaps also:\n\n```text\nx\n```\n")
    with pytest.raises(ValueError, match="nobody knows what to do"):
        steps(page)


def test_a_step_that_does_not_fit_its_file_fails(tmp_path: Path) -> None:
    page = tmp_path / "recipe.md"
    copy = Copy.__new__(Copy)
    copy.root = tmp_path
    (tmp_path / "a.txt").write_text("one\ntwo\ntwo\n")
    page.write_text("**In `a.txt`, instead of the line `two`:**\n\n```text\nx\n```\n")
    with pytest.raises(AssertionError, match="stands 2 times"):
        copy.write(steps(page)[0])
    page.write_text("**In `a.txt`, below the line `one`, add:**\n\n```text\nx\n```\n")
    copy.write(steps(page)[0])
    assert (tmp_path / "a.txt").read_text() == "one\nx\ntwo\ntwo\n"
